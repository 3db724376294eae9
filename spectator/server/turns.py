"""Turns: how many calls this node works on at once, in the order they came.

Five thousand people who join in one instant would otherwise all be half-way at the same time: single turns
of the loop take seconds, the store's answers lie unread until they count as lost, and everybody's picture
stands still. With turns the same five thousand are let in one after the other, and nobody notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from rooms import Busy

AT_ONCE: Final = 64
LONGEST_WAIT_S: Final = 10.0


class Turns:
    """A gate that lets a bounded number through, first come, first served.

    Args:
        at_once: how many may be inside.
        longest_wait_s: whoever waits longer is told to come back later.
    """

    def __init__(self, at_once: int = AT_ONCE, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self._gate = asyncio.Semaphore(at_once)
        self._longest_wait_s = longest_wait_s

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a turn for work on this node and its store; never while waiting for the other end.

        Raises:
            Busy: there was none for ten seconds.
        """
        await self._wait()
        try:
            yield
        finally:
            self._gate.release()

    async def _wait(self) -> None:
        if not self._gate.locked():
            await self._gate.acquire()  # at once, without a timer
            return
        try:
            async with asyncio.timeout(self._longest_wait_s):
                await self._gate.acquire()
        except TimeoutError:
            raise Busy(retry_after=2.0) from None
