"""The store's clock, as this node knows it between two looks.

Every time that is compared in a script is an argument, and all nodes must mean the same by it. So nobody
uses the wall clock of the machine: a node remembers what the store's clock said last and adds its own
monotonic time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

JUMP_MS = 5_000
"""A difference beyond this is a jump (a clock set by hand, a store restored on another machine)."""

SETTLING_S = 60.0
"""For so long after a jump nothing is swept: what looks expired may only look so."""


class Clock:
    """Milliseconds since 1970 by the store's clock, extrapolated by ``monotonic`` (seconds)."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.jumps = 0  # seen so far
        self._monotonic = monotonic
        self._offset_ms: float | None = None
        self._latest_ms = 0
        self._jumped_at: float | None = None

    def now_ms(self) -> int:
        """The store's time now. It never runs backwards, except at a jump."""
        if self._offset_ms is None:
            raise RuntimeError("the clock has not been set: connect() does it")
        self._latest_ms = max(self._latest_ms, int(self._offset_ms + self._monotonic() * 1000))
        return self._latest_ms

    def observe(self, store_ms: int) -> None:
        """Take over what the store's clock said just now."""
        here = self._monotonic()
        if self._offset_ms is not None:
            difference = store_ms - (self._offset_ms + here * 1000)
            if abs(difference) > JUMP_MS:
                self.jumps += 1
                self._jumped_at = here
                self._latest_ms = store_ms
        self._offset_ms = store_ms - here * 1000

    def jumped(self) -> bool:
        """Whether the clock jumped less than a minute ago: renew, but do not sweep."""
        return self._jumped_at is not None and self._monotonic() - self._jumped_at < SETTLING_S
