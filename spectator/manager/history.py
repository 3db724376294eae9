"""Looking back: few at a time, because each reads the whole kept log of a room."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection

import msgspec

from rooms import Busy
from spectator.log import Log
from spectator.state import Span, history, restore

AT_ONCE = 2
MOST_QUEUED = 50
MOST_OF_ROOM = 10
"""Of these, for one room: whoever may watch one cannot keep the others from looking back."""


class Historian:
    """Answers ``GET /history``, a few at a time and a bounded number waiting."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._queued = Counter[str]()

    async def history(self, room_id: str, names: Collection[str], span: Span, max_points: int) -> bytes:
        """The answer as JSON bytes. Raises ``Busy`` when too many are under way, and ``StoreUnavailable``."""
        if self._queued.total() >= MOST_QUEUED or self._queued[room_id] >= MOST_OF_ROOM:
            raise Busy(retry_after=2.0)
        self._queued[room_id] += 1
        try:
            async with self._turns:
                state, _ = await restore(self._log, room_id)
                found = await history(
                    self._log, room_id, state, names=names, span=span, max_points=max_points
                )
                return msgspec.json.encode(found)
        finally:
            self._queued[room_id] -= 1
            if not self._queued[room_id]:
                del self._queued[room_id]
