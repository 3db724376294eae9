"""Turns: how many calls this node works on at once, in the order they came.

Five thousand people who join in one instant would otherwise all be half-way at the same time: single turns
of the loop take seconds, the store's answers lie unread until they count as lost, and everybody's picture
stands still. With turns the same five thousand are let in one after the other, and nobody notices.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from rooms import Busy, StoreUnavailable

AT_ONCE: Final = 64
GUESSES_AT_ONCE: Final = 16
"""Of calls that try a password. An event on its way passes the loop some seven times, and each time whoever
is inside may be before it: with 64 of two hundred guesses inside it took 230 ms, with 16 it takes 80."""
GUESS_WAITS_S: Final = 2.0
"""Whoever waits longer to have a password checked is told to come again: the line has an end."""

LISTS_AT_ONCE: Final = 2
"""Of calls of one tenant that list all of its rooms: a thousand of them are eight megabytes of answer, and
forty such calls at once held up everybody else for six seconds."""

LONGEST_WAIT_S: Final = 10.0

_Waiter = tuple[float, asyncio.Future[None]]
"""Until when somebody waits, by the loop's clock, and what is set when their turn has come."""


class Turns:
    """A gate that lets a bounded number through, first come, first served.

    Args:
        at_once: how many may be inside.
        longest_wait_s: whoever waits longer is told to come back later.
    """

    def __init__(self, at_once: int = AT_ONCE, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self.entered = 0  # turns taken so far
        self._free = at_once
        self._waiting: deque[_Waiter] = deque()
        self._longest_wait_s = longest_wait_s
        self._alarm: asyncio.TimerHandle | None = None  # one for all: it is set for who has waited longest

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a turn for work on this node and its store; never while waiting for the other end.

        Raises:
            Busy: there was none for ten seconds.
            StoreUnavailable: the store did not answer somebody inside while this call waited: it would wait
                as long once more, and longer than is promised.
        """
        await self._wait()
        self.entered += 1
        try:
            yield
        except StoreUnavailable:
            self._fail_who_waits()
            raise
        finally:
            self._pass_on()

    async def _wait(self) -> None:
        if self._free > 0:  # then nobody waits
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        self._waiting.append((loop.time() + self._longest_wait_s, mine))
        if self._alarm is None:
            self._alarm = loop.call_later(self._longest_wait_s, self._ring)
        try:
            await mine
        except asyncio.CancelledError:
            self._give_back(mine)
            raise

    def _ring(self) -> None:
        """Send away who has waited too long, and set the alarm for who comes next."""
        self._alarm = None
        loop = asyncio.get_running_loop()
        while self._waiting:
            end, following = self._waiting[0]
            if not following.done() and end > loop.time():
                self._alarm = loop.call_at(end, self._ring)
                return
            self._waiting.popleft()
            if not following.done():
                following.set_exception(Busy(retry_after=2.0))

    def _give_back(self, mine: asyncio.Future[None]) -> None:
        """Whoever gives up may have been given a turn in that very moment."""
        if not mine.cancelled() and mine.done() and mine.exception() is None:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            _, following = self._waiting.popleft()
            if not following.done():
                following.set_result(None)
                return
        self._free += 1

    def _fail_who_waits(self) -> None:
        while self._waiting:
            _, following = self._waiting.popleft()
            if not following.done():
                following.set_exception(StoreUnavailable(retry_after=2.0))


class Lanes:
    """Turns for each of many callers apart, made when they are asked for and kept while somebody uses them.

    Args:
        at_once: how many of each may be inside.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._of: WeakValueDictionary[str, Turns] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._of)

    def of(self, name: str) -> Turns:
        """The turns of one caller; whoever uses them keeps them until the end of the turn."""
        found = self._of.get(name)
        if found is None:
            found = self._of[name] = Turns(self._at_once)
        return found
