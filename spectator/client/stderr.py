"""What the client says to the person at the terminal: single lines on stderr, not the same all the time."""

from __future__ import annotations

import sys
import time
from typing import Callable, Dict, TextIO

AGAIN_AFTER = 60.0  # seconds until a line of the same kind may be said again


class Speaker:
    """Says lines that begin with ``spectator:``; quiet when told so, and where there is no stderr."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        stream: Callable[[], TextIO] = lambda: sys.stderr,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Speak to what ``stream`` returns at that moment: programs replace ``sys.stderr``."""
        self._quiet = quiet
        self._stream = stream
        self._now = now
        self._said: Dict[str, float] = {}

    def say(self, line: str, below: str = "") -> None:
        """Say one line, with the lines of ``below`` under it: a traceback of the user's own.

        What a server sent stands in it: it can neither forge a line nor move the terminal's cursor.
        """
        if self._quiet:
            return
        text = "\n".join(_printable(part) for part in [f"spectator: {line}", *below.splitlines()])
        stream = self._stream()
        try:
            stream.write(f"{text}\n")
            stream.flush()
        except (AttributeError, OSError, ValueError):
            return  # no stderr, or a closed one: nobody to tell

    def complain(self, kind: str, line: str, *, again: float = AGAIN_AFTER) -> None:
        """Say what is wrong, for each ``kind`` at most once in ``again`` seconds."""
        now = self._now()
        if kind in self._said and now - self._said[kind] < again:
            return
        self._said[kind] = now
        self.say(line)

    def over(self, kind: str) -> bool:
        """Return whether ``kind`` had been said; if it comes again, it is news."""
        return self._said.pop(kind, None) is not None


def _printable(line: str) -> str:
    """The line without what a terminal would act on, direction marks among it."""
    return "".join(char if char.isprintable() else "?" for char in line)
