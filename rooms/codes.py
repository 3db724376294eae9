"""Ids, which programs use, and codes, which people type. All randomness comes from ``secrets``."""

from __future__ import annotations

import re
import secrets

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What codes are made of: no 0 and O, no 1 and I, which look alike on a wall or sound alike on a phone."""

SHORTEST = 6
LONGEST = 12

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_ROOM_ID = re.compile(r"r_[a-z0-9]{16}")
_CODE = re.compile(f"[{ALPHABET}]{{{SHORTEST},{LONGEST}}}")
_DROPPED = str.maketrans("", "", " -\t\u00a0\u2010\u2011\u2012\u2013\u2014")


def new_id(prefix: str) -> str:
    """A fresh id: the prefix, ``_`` and 16 characters (82 bits); ``r`` room, ``v`` visitor, ``q`` request."""
    return f"{prefix}_{_draw(_ID_ALPHABET, 16)}"


def new_code(length: int = SHORTEST) -> str:
    """A fresh code of so many characters."""
    return _draw(ALPHABET, length)


def new_password() -> str:
    """A password to read out aloud: three groups of four characters, 59 bits."""
    return "-".join(_draw(_PASSWORD_ALPHABET, 4) for _ in range(3))


def normalise(text: str) -> str:
    """A code as it is stored, from what was typed: any case, spaces and hyphens dropped."""
    return text.translate(_DROPPED).upper()


def is_code(text: str) -> bool:
    """Whether this is a code as it is stored."""
    return _CODE.fullmatch(text) is not None


def is_room_id(text: str) -> bool:
    """Whether this is a room's id."""
    return _ROOM_ID.fullmatch(text) is not None


def _draw(alphabet: str, length: int) -> str:
    """Characters of the alphabet, each as likely as any other.

    Bytes are asked of the system in one call, and those beyond the last multiple of the alphabet dropped: a
    call for each character (``secrets.choice``) was a twentieth of what it costs to let somebody in.
    """
    size = len(alphabet)
    fair = 256 - 256 % size
    drawn = ""
    while len(drawn) < length:
        drawn += "".join(alphabet[byte % size] for byte in secrets.token_bytes(2 * length) if byte < fair)
    return drawn[:length]
