"""What a large buffer leaves behind: nothing.

glibc keeps what was freed for the next time, and once a large block was freed it takes blocks of that size
from the same heap as small ones, which then lie scattered in between. Bodies of POSTs, pages of logs and
checkpoints come and go by the megabyte: a server through which a million points had gone held 108 to 121 MB,
and with large blocks apart 90 to 92 (``python -m tests.bench --only long-room``).
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

LARGE_BYTES: Final = 128 * 1024
"""Blocks from this size on are given back the moment they are freed. glibc begins with this size too."""

_M_TRIM_THRESHOLD: Final = -1  # malloc.h
_M_MMAP_THRESHOLD: Final = -3


def give_back_large_blocks() -> bool:
    """Tell the C library so, for this process; False where it is not glibc, which needs it and knows how."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    done = library.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES) and library.mallopt(_M_TRIM_THRESHOLD, LARGE_BYTES)
    return bool(done)
