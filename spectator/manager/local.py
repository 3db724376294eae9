"""The two files of a data folder that make a server its owner's own: the API key and the signing secret.

Both are written once, mode 0600, and only read afterwards. Two servers that start at the same moment on one
folder end with the same files: whoever creates a file first wins, by a hard link that cannot overwrite.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from spectator.settings import SettingsError

LOCAL_TENANT = "local"
KEY_FILE = "key"
SECRET_FILE = "secret"


class UnsafeFileError(SettingsError):
    """A file that holds a credential is open to others or not a file; the message says what to do."""


def local_key(data_dir: Path) -> str:
    """The API key of tenant ``local``, ``sk_local_<secret>``; made at the first start on this folder.

    Raises:
        UnsafeFileError: the file is open to others, empty, or not a regular file.
    """
    return _read_or_make(data_dir / KEY_FILE, f"sk_{LOCAL_TENANT}_{secrets.token_urlsafe(32)}")


def local_secret(data_dir: Path) -> str:
    """The secret with which this folder's servers sign their tokens; made at the first start on this folder.

    Raises:
        UnsafeFileError: the file is open to others, empty, or not a regular file.
    """
    return _read_or_make(data_dir / SECRET_FILE, secrets.token_urlsafe(48))


def _read_or_make(path: Path, fresh: str) -> str:
    try:
        return _read(path)
    except FileNotFoundError:
        _create(path, fresh)
        return _read(path)


def _read(path: Path) -> str:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFileError(f"{path} is not a regular file; remove it and start again")
    # A link put in its place since then is not followed, and what counts is what was opened.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, encoding="utf-8") as file:
        status = os.fstat(file.fileno())
        if status.st_mode & 0o077:
            raise UnsafeFileError(f"{path} can be read by others on this machine; run: chmod 600 {path}")
        text = file.read(4096).strip()
    if not text:
        raise UnsafeFileError(f"{path} is empty; remove it and start again")
    return text


def _create(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another server was first: its file counts
    finally:
        draft.unlink()
