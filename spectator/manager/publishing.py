"""Ingest: decode, append, ring, and see to it that checkpoints are written."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection

from rooms import Room, RoomManager, RoomsError
from spectator.events import Decoded, decode
from spectator.hub import Hub
from spectator.log import Appended, Fence, Log, producer_of
from spectator.manager.metering import Meter
from spectator.spans import Mark, unmarked
from spectator.state import compact
from spectator.stats import Stats
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.manager")

DECODE_ASIDE_BYTES = 256 * 1024
"""Bodies above this are decoded in a thread: the loop that feeds the viewers must not wait for them."""

COMPACTED_AT_ONCE = 2
"""Checkpoints made on this node at the same time: each holds a room's state and a page of its log."""

Readers = Callable[[], Awaitable[Collection[int]]]
"""Tells the newest version of checkpoints that each living node reads (see ``compact``)."""


class Publisher:
    """What this node does with published events; ``last_at`` (monotonic clock): when it last had some.

    Args:
        log: where they go.
        hub: who is told.
        rooms: whose quotas count.
        stats: where it is counted.
        readers: for whom checkpoints are written.
        span: marks stretches of work for traces.
    """

    def __init__(
        self,
        log: Log,
        hub: Hub,
        rooms: RoomManager,
        stats: Stats,
        readers: Readers,
        span: Mark = unmarked,
    ) -> None:
        self._log = log
        self._span = span
        self._stats = stats
        self._hub = hub
        self._tasks = Tasks("publisher")
        self._readers = readers
        self._meter = Meter(rooms, log, self._tasks)
        self._compacting: set[str] = set()
        self._turns = asyncio.Semaphore(COMPACTED_AT_ONCE)
        self.last_at = time.monotonic()

    async def publish(
        self,
        room: Room,
        body: bytes,
        now_ms: int,
        *,
        ndjson: bool,
        producer: str | None,
        sequence: int | None,
        fence: Fence | None,
    ) -> bytes:
        """See ``Manager.publish``; raises ``BodyRefused`` for the body as a whole."""
        self.last_at = time.monotonic()
        if sequence is None and not body.strip():
            beaten = await self._log.heartbeat(room.id, fence)
            self._stats.posts["heartbeat"] += 1
            return beaten.body
        source = producer_of(producer, sequence)
        due = await self._meter.is_due(room, *source)
        if due:
            await self._meter.admit(room)
        decoded = await _decode(body, now_ms, ndjson)
        if due:
            await self._meter.charge(room, *source, len(decoded.events), len(body))
        appended = await self._log.append(room.id, decoded, producer=producer, sequence=sequence, fence=fence)
        if due:
            self._meter.stored(room, source[0], sum(map(len, decoded.events)))
        self._hub.ring(room.id)
        self._count(appended, len(decoded.events), len(body))
        if appended.compact and room.id not in self._compacting:
            self._compacting.add(room.id)
            self._tasks.start(self._compact(room.id), f"checkpoint of {room.id}")
        return appended.body

    def _count(self, appended: Appended, events: int, size: int) -> None:
        self._stats.posts["repeat" if appended.duplicate else "stored"] += 1
        if not appended.duplicate:
            self._stats.events += events
            self._stats.event_bytes += size

    async def stop(self) -> None:
        """End what runs in the background. A checkpoint that was cut off is asked for at the next append."""
        await self._tasks.stop()

    async def _compact(self, room_id: str) -> None:
        try:
            while await self._compact_once(room_id):
                # Publishers that are faster than the fold have gone on: the next one may be due, in its turn.
                self._stats.checkpoints["written"] += 1
        except RoomsError as error:
            self._stats.checkpoints["failed"] += 1
            logger.info(
                "the checkpoint of %s was not written (%s); the next append asks again", room_id, error.code
            )
        finally:
            self._compacting.discard(room_id)

    async def _compact_once(self, room_id: str) -> bool:
        async with self._turns:
            with self._span("checkpoint", {"spectator.room": room_id}):
                return await compact(self._log, room_id, await self._readers())


async def _decode(body: bytes, now_ms: int, ndjson: bool) -> Decoded:
    if len(body) <= DECODE_ASIDE_BYTES:
        return decode(body, now_ms, ndjson=ndjson)
    return await asyncio.to_thread(decode, body, now_ms, ndjson=ndjson)
