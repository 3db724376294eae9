"""The two files of a data folder that make a server its owner's own: the API key and the signing secrets.

Both are made once, mode 0600. Two servers that start at the same moment on one folder end with the same
files: whoever creates a file first wins, by a hard link that cannot overwrite. The secrets may be several,
one a line: the first signs, all verify; ``spectator secret rotate`` changes them while servers run.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from spectator.settings import SHORTEST_SECRET, SettingsError

LOCAL_TENANT = "local"
KEY_FILE = "key"
SECRET_FILE = "secret"

MOST_SECRETS = 8
"""Lines of the file of secrets: a token is tried against each."""

_LONGEST_FILE = 4096


class UnsafeFileError(SettingsError):
    """A file that holds a credential is open to others or not a file; the message says what to do."""


def local_key(data_dir: Path) -> str:
    """The API key of tenant ``local``, ``sk_local_<secret>``; made at the first start on this folder.

    Raises:
        UnsafeFileError: the file is open to others, empty, or not a regular file.
    """
    return _read_or_make(data_dir / KEY_FILE, f"sk_{LOCAL_TENANT}_{secrets.token_urlsafe(32)}")


def local_secrets(data_dir: Path) -> tuple[bytes, ...]:
    """The secrets of this folder's servers, the one that signs first; made at the first start on this folder.

    Raises:
        UnsafeFileError: the file is open to others, empty, or not a regular file; a line of it is too short.
    """
    try:
        return read_secrets(data_dir)
    except FileNotFoundError:
        _create(data_dir / SECRET_FILE, fresh_secret())
        return read_secrets(data_dir)


def read_secrets(data_dir: Path) -> tuple[bytes, ...]:
    """As ``local_secrets``, for a folder that has them. Raises ``FileNotFoundError`` too."""
    path = data_dir / SECRET_FILE
    lines = [line.strip() for line in _read(path).splitlines()]
    found = [line.encode() for line in lines if line]
    short = next((line for line, one in enumerate(lines, 1) if one and len(one) < SHORTEST_SECRET), None)
    if short is not None:
        raise UnsafeFileError(f"line {short} of {path} is shorter than {SHORTEST_SECRET} characters")
    if len(found) > MOST_SECRETS:
        raise UnsafeFileError(f"{path} holds more than {MOST_SECRETS} secrets; remove the last ones")
    return tuple(found)


def fresh_secret() -> str:
    """A new signing secret, 64 characters of a URL's alphabet."""
    return secrets.token_urlsafe(48)


def write_secrets(data_dir: Path, found: Sequence[bytes]) -> None:
    """Put these in the place of the folder's secrets, at once or not at all."""
    path = data_dir / SECRET_FILE
    draft = _draft(path, "\n".join(one.decode() for one in found))
    try:
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def add_secret(data_dir: Path, until_seen: Callable[[], None]) -> int:
    """Let a new secret sign, and those before it go on verifying; return how many these are.

    Every server of the folder knows it before the first of them signs by it: ``until_seen`` returns when all
    have looked at the file once.

    Raises:
        SettingsError: the folder has no secrets yet, or too many; its file cannot be used; somebody else
            changes it.
    """
    with changing_secrets(data_dir):
        before = _present(data_dir)
        if len(before) >= MOST_SECRETS:
            raise SettingsError(f"there are {len(before)} secrets already; drop the old ones first")
        fresh = fresh_secret().encode()
        write_secrets(data_dir, [*before, fresh])
        until_seen()
        write_secrets(data_dir, [fresh, *before])
    return len(before)


def drop_old_secrets(data_dir: Path) -> int:
    """Keep only the secret that signs; return how many were dropped. Raises as ``add_secret``."""
    with changing_secrets(data_dir):
        newest, *old = _present(data_dir)
        if old:
            write_secrets(data_dir, [newest])
    return len(old)


def _present(data_dir: Path) -> tuple[bytes, ...]:
    try:
        return read_secrets(data_dir)
    except FileNotFoundError:
        raise SettingsError(f"no server has been started on {data_dir} yet: there is no secret") from None


@contextmanager
def changing_secrets(data_dir: Path) -> Iterator[None]:
    """Be the only one who changes the folder's secrets. Raises ``SettingsError``: somebody else does."""
    if not data_dir.is_dir():
        raise SettingsError(f"there is no folder {data_dir}")
    with (data_dir / f"{SECRET_FILE}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError("the secrets of this folder are being changed already; try again") from None
        yield


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
        text = file.read(_LONGEST_FILE).strip()
    if not text:
        raise UnsafeFileError(f"{path} is empty; remove it and start again")
    return text


def _create(path: Path, text: str) -> None:
    draft = _draft(path, text)
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another server was first: its file counts
    finally:
        draft.unlink()


def _draft(path: Path, text: str) -> Path:
    """A file beside ``path`` with this text, on the disk, which only its owner may read."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink()
        raise
    return draft
