"""Connections that have not said what they want: each has ten seconds for it, and an address only so many."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final, Protocol

HEAD_S: Final = 10.0
"""How long the head of a request may take: from the connection on, or from its first byte on an idle one."""

OF_ONE: Final = 1_000
"""Connections of one address that have not sent a whole head yet."""


class Newcomer(Protocol):
    """A connection whose head has not come."""

    def hang_up(self) -> None:
        """End it; nobody is there to be answered."""


class Heads:
    """Counts who has not asked for anything yet, and ends who takes too long: one timer for all of them.

    Without it one address could keep any number of connections open by sending half a request to each.

    Args:
        of_one: how many one address may have; None: as many as it likes.
        seconds: how long each has.
    """

    def __init__(self, of_one: int | None = OF_ONE, seconds: float = HEAD_S) -> None:
        self._of_one = of_one
        self._seconds = seconds
        self._waiting: dict[Newcomer, tuple[float, str]] = {}  # in the order of their ends
        self._by_address: Counter[str] = Counter()
        self._alarm: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def begin(self, one: Newcomer, address: str) -> bool:
        """A head is due from now on; False (and not counted) where its address has too many of them.

        Args:
            one: the connection.
            address: where it comes from; empty for one that is not counted by address.
        """
        if address and self._of_one is not None and self._by_address[address] >= self._of_one:
            return False
        loop = asyncio.get_running_loop()
        self._waiting[one] = (loop.time() + self._seconds, address)
        self._by_address[address] += 1
        if self._alarm is None:
            self._alarm = loop.call_later(self._seconds, self._ring)
        return True

    def end(self, one: Newcomer) -> None:
        """It has come, or the connection is gone; others are fine."""
        found = self._waiting.pop(one, None)
        if found is None:
            return
        self._by_address[found[1]] -= 1
        if not self._by_address[found[1]]:
            del self._by_address[found[1]]

    def _ring(self) -> None:
        """End who has taken too long, and set the alarm for who comes next."""
        self._alarm = None
        loop = asyncio.get_running_loop()
        for one, (end, _) in list(self._waiting.items()):
            if end > loop.time():
                self._alarm = loop.call_at(end, self._ring)
                return
            self.end(one)
            one.hang_up()
