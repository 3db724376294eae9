"""Ingest: decode, append, ring, and see to it that checkpoints are written."""

from __future__ import annotations

import asyncio
import logging
import time

from rooms import Room, RoomManager, RoomsError
from spectator.events import Decoded, decode
from spectator.hub import Hub
from spectator.log import Appended, Fence, Log
from spectator.manager.metering import Meter
from spectator.state import compact
from spectator.stats import Stats
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.manager")

DECODE_ASIDE_BYTES = 256 * 1024
"""Bodies above this are decoded in a thread: the loop that feeds the viewers must not wait for them."""


class Publisher:
    """What this node does with published events; ``last_at`` (monotonic clock): when it last had some."""

    def __init__(self, log: Log, hub: Hub, rooms: RoomManager, stats: Stats) -> None:
        self._log = log
        self._stats = stats
        self._hub = hub
        self._tasks = Tasks("publisher")
        self._meter = Meter(rooms, self._tasks)
        self._compacting: set[str] = set()
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
        await self._meter.admit(room)
        decoded = await _decode(body, now_ms, ndjson)
        await self._meter.charge(room, len(decoded.events), len(body))
        appended = await self._log.append(room.id, decoded, producer=producer, sequence=sequence, fence=fence)
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
            await compact(self._log, room_id)
        except RoomsError as error:
            logger.info(
                "the checkpoint of %s was not written (%s); the next append asks again", room_id, error.code
            )
        finally:
            self._compacting.discard(room_id)


async def _decode(body: bytes, now_ms: int, ndjson: bool) -> Decoded:
    if len(body) <= DECODE_ASIDE_BYTES:
        return decode(body, now_ms, ndjson=ndjson)
    return await asyncio.to_thread(decode, body, now_ms, ndjson=ndjson)
