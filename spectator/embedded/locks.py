"""Locks on files in the data folder, by ``flock``: they end with their process, however it ends."""

import fcntl
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from spectator.embedded.errors import StoreFailed

PAUSE_S = 0.02


class FileLock:
    """A file that is open for locking. The descriptor is closed on exec and in a forked child."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Not truncated and not owned by one opener: what is written in it must outlive its holders.
        self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _open_locks.add(self)

    @property
    def fd(self) -> int:
        """The open descriptor."""
        assert self._fd is not None, "the lock is closed"
        return self._fd

    def share(self) -> None:
        """Take the lock beside others who share it; waits."""
        fcntl.flock(self.fd, fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Take the lock for this holder alone; False at once where somebody else holds it."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def read(self) -> bytes:
        """Return what stands in the file (at most 4 KB)."""
        return os.pread(self.fd, 4096, 0)

    def write(self, text: bytes) -> None:
        """Replace what stands in the file."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, text, 0)
        os.fsync(self.fd)

    def close(self) -> None:
        """Give the lock back. Closing twice is harmless."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def exclusive(path: Path, deadline_s: float) -> Iterator[None]:
    """Hold ``path`` for this process alone; wait for it up to ``deadline_s``.

    Raises:
        StoreFailed: somebody else held it all the time.
    """
    end = time.monotonic() + deadline_s
    with FileLock(path) as lock:
        while not lock.try_exclusive():
            if time.monotonic() > end:
                raise StoreFailed(
                    f"Another process has been starting or stopping the store for long: see {path}"
                )
            time.sleep(PAUSE_S)
        yield


_open_locks: "weakref.WeakSet[FileLock]" = weakref.WeakSet()


def _drop_in_child() -> None:
    # A forked child shares the parent's lock: unless it lets go, the parent could never be the last one out.
    for lock in list(_open_locks):
        lock.close()


os.register_at_fork(after_in_child=_drop_in_child)
