"""The ends of a process: what rooms do when it exits, and in a child after a fork."""

from __future__ import annotations

import atexit
import os
import sys
import time
import weakref
from typing import List, MutableSet, Optional, Protocol

FLUSH_SECONDS = 2.0  # that all rooms of a process together may hold up its end


class Living(Protocol):
    """What takes part: a room."""

    def end_run(self, error: Optional[str]) -> None:
        """Queue the end of the run, failed if ``error`` (an exception's name) is given; do not wait."""

    def wait_sent(self, seconds: float) -> None:
        """Wait until everything is sent."""

    def in_child(self) -> None:
        """Forget what is the parent's."""


class _Process:
    """The rooms of this process."""

    def __init__(self) -> None:
        self.rooms: MutableSet[Living] = weakref.WeakSet()
        self.registered = False

    def add(self, room: Living) -> None:
        self.rooms.add(room)
        if not self.registered:
            self.registered = True
            atexit.register(self.exit)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=self.in_child)

    def exit(self) -> None:
        error = uncaught()
        rooms: List[Living] = list(self.rooms)
        for room in rooms:
            room.end_run(error)
        deadline = time.monotonic() + FLUSH_SECONDS
        for room in rooms:
            room.wait_sent(max(0.0, deadline - time.monotonic()))

    def in_child(self) -> None:
        for room in list(self.rooms):
            room.in_child()


_process = _Process()


def watch_over(room: Living) -> None:
    """Have ``room`` flushed when this process ends, and made new in its forked children."""
    _process.add(room)


def flush_child_at_exit() -> None:
    """In a child of `multiprocessing`, which ends without `atexit`: flush there too."""
    children = sys.modules.get("multiprocessing.util")
    if children is not None:
        children.Finalize(None, _process.exit, exitpriority=10)


def interactive() -> bool:
    """Return whether this is a session of questions and answers: a notebook, IPython, Python's own."""
    return hasattr(sys, "ps1")


def uncaught() -> Optional[str]:
    """Return the name of the exception that is ending this process; None when it ends well.

    The interpreter keeps what it reports; nothing is hooked, so whoever set `sys.excepthook` keeps it. In an
    interactive session a reported exception ends nothing.
    """
    if interactive():
        return None
    reported = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return type(reported).__name__ if reported is not None else None
