"""Connections that ask for nothing: how many an address may have, and how many are kept between two requests.

What has not said what it wants has ten seconds for it, and an address only so many of these.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from typing import Final, Protocol

HEAD_S: Final = 10.0
"""How long the head of a request may take: from the connection on, or from its first byte on an idle one."""

OF_ONE: Final = 1_000
"""Connections of one address that have not sent a whole head yet."""

ALL_OF_ONE: Final = 8_000
"""Connections of one address, whatever they do: a thousand who watch from one place load the page by six."""

IDLE: Final = 4_096
"""Connections of all addresses together that are kept between two requests: the longest idle makes way."""


class Newcomer(Protocol):
    """A connection whose head has not come, or the next one's."""

    def hang_up(self) -> None:
        """End it; nobody is there to be answered."""

    def part(self) -> None:
        """Close it between two requests, as its other end may expect at any time."""


class Heads:
    """Counts who has not asked for anything yet, and ends who takes too long: one timer for all of them.

    Without it one address could keep any number of connections open by sending half a request to each, or a
    whole one to each and then nothing.

    Args:
        of_one: how many one address may have whose head has not come; None: as many as it likes, of any kind.
        seconds: how long each has.
        all_of_one: how many one address may have of all kinds.
        idle: how many may be kept between two requests.
    """

    def __init__(
        self,
        of_one: int | None = OF_ONE,
        seconds: float = HEAD_S,
        *,
        all_of_one: int = ALL_OF_ONE,
        idle: int = IDLE,
    ) -> None:
        self._of_one = of_one
        self._seconds = seconds
        self._all_of_one = all_of_one
        self._all: Counter[str] = Counter()
        self._most_idle = idle
        self._idle: OrderedDict[Newcomer, None] = OrderedDict()  # the longest idle first
        self._waiting: dict[Newcomer, tuple[float, str]] = {}  # in the order of their ends
        self._by_address: Counter[str] = Counter()
        self._alarm: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, address: str) -> bool:
        """A connection has come; False (and not counted) where its address has too many.

        Args:
            address: where it comes from; empty for one that is not counted by address.
        """
        if address and self._of_one is not None and self._all[address] >= self._all_of_one:
            return False
        self._all[address] += 1
        return True

    def leave(self, address: str) -> None:
        """One that has entered is gone."""
        self._all[address] -= 1
        if not self._all[address]:
            del self._all[address]

    def rest(self, one: Newcomer) -> None:
        """It was answered and may ask again; where too many are kept for that, the longest idle is closed."""
        self._idle[one] = None
        if len(self._idle) > self._most_idle:
            longest, _ = self._idle.popitem(last=False)
            longest.part()

    def stir(self, one: Newcomer) -> None:
        """It is idle no longer, or gone; others are fine."""
        self._idle.pop(one, None)

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
