"""A file's name made of what a stranger called something: safe in every folder, on any system."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

LONGEST = 100
"""Bytes of a name in UTF-8, without its ending: file systems take 255 for both."""

_NEVER = frozenset('<>:"/\\|?*')
"""What separates folders, or what one system or another takes for more than a character."""

_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"))
"""Control, direction-changing, private, broken, unassigned and line-separating characters."""

_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
"""What is a device on Windows, with any ending."""

_PLAIN = re.compile(r"[^A-Za-z0-9 ._()+,=@~^-]")


def safe_stem(name: str, otherwise: str) -> str:
    """Return ``name`` as a file may be called, without an ending; ``otherwise`` where nothing is left of it.

    It holds no separator of folders, nothing invisible and nothing that reverses what follows; it begins
    neither with a dot (hidden) nor with a hyphen (an option of a command), ends neither with a dot nor with a
    space, is no device of Windows, and has at most ``LONGEST`` bytes.
    """
    text = unicodedata.normalize("NFC", name[: 4 * LONGEST])
    kept = "".join(
        "_" if char in _NEVER else char for char in text if unicodedata.category(char) not in _UNSEEN
    )
    kept = " ".join(kept.split()).lstrip(".-~ ")
    kept = kept.encode("utf-8")[:LONGEST].decode("utf-8", "ignore").rstrip(". ")
    if not any(char.isalnum() or unicodedata.category(char).startswith("S") for char in kept):
        return otherwise
    return f"_{kept}" if _DEVICES.fullmatch(kept) else kept


def attachment(filename: str) -> str:
    """Return the value of ``Content-Disposition`` for a download under this name (RFC 6266, RFC 5987).

    The name is said twice: in ASCII for old programs, with what ASCII lacks as ``_``; and in UTF-8.
    """
    plain = _PLAIN.sub("_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
