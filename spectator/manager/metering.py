"""What publishing costs a tenant: events and bytes over time, and the bytes its rooms keep."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from typing import Final

from rooms import LOCAL_TENANT, QuotaExceeded, Room, RoomManager, RoomsError
from spectator.log import Log
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.manager")

MEASURED_S: Final = 3.0
"""What a room keeps is written down for the other nodes so long after something was published into it. What
this node published itself counts at once."""

_PAID: Final = 4_096
"""Batches that were charged and are not known to be stored, remembered here at most."""


class Meter:
    """Asked before anything is stored. Tenant ``local`` has no such quotas: for it nothing is done here.

    A batch that comes again under its number (its answer was lost, or the store did not answer) is charged
    once.

    Args:
        rooms: whose quotas count.
        log: what was stored already.
        tasks: where what runs beside the calls belongs to.
    """

    def __init__(self, rooms: RoomManager, log: Log, tasks: Tasks) -> None:
        self._rooms = rooms
        self._log = log
        self._tasks = tasks
        self._measuring: set[str] = set()
        self._counting = asyncio.Lock()
        self._since: dict[str, Counter[str]] = {}  # bytes stored since they were counted, by tenant and room
        self._paid: OrderedDict[tuple[str, str], tuple[int, int, int]] = OrderedDict()

    async def is_due(self, room: Room, producer: str, sequence: int) -> bool:
        """Tell whether a batch has to be charged for: not one that is stored already, nor one after a hole.

        ``producer`` is '' for a batch without a number. Raises StoreUnavailable.
        """
        if room.tenant == LOCAL_TENANT:
            return False
        return not producer or await self._log.last_sequence(room.id, producer) == sequence - 1

    async def admit(self, room: Room) -> None:
        """Return when the room's tenant may go on publishing; asked before a body is decoded.

        Raises:
            QuotaExceeded: it was refused a moment ago and has not waited, or its rooms keep too much.
            StoreUnavailable: its quotas could not be read.
        """
        self._rooms.quotas.check_rate(room.tenant)
        try:
            bounded = await self._rooms.quotas.check_stored(room.tenant, self._uncounted(room.tenant))
        except QuotaExceeded:
            if not self._uncounted(room.tenant):
                raise
            await self._count_all(room.tenant)  # some of it may have been trimmed since
            bounded = await self._rooms.quotas.check_stored(room.tenant, self._uncounted(room.tenant))
        if bounded:
            self._measure_soon(room)

    async def charge(self, room: Room, producer: str, sequence: int, events: int, size: int) -> None:
        """Charge a batch that is about to be stored, all of it or nothing; once, if it comes again.

        Raises:
            QuotaExceeded: nothing of the batch may be stored; the same batch may come again later.
            StoreUnavailable: it is not known whether it was charged.
        """
        paid = (sequence, events, size)
        if producer and self._paid.get((room.id, producer)) == paid:
            return
        await self._rooms.quotas.spend(room.tenant, events_per_second=events, bytes_per_second=size)
        if producer:
            self._paid[room.id, producer] = paid
            self._paid.move_to_end((room.id, producer))
            if len(self._paid) > _PAID:
                self._paid.popitem(last=False)

    def stored(self, room: Room, producer: str, size: int) -> None:
        """Note that a batch of so many bytes was stored."""
        self._paid.pop((room.id, producer), None)
        if room.id in self._measuring:
            self._since.setdefault(room.tenant, Counter())[room.id] += size

    def _uncounted(self, tenant: str) -> int:
        since = self._since.get(tenant)
        return since.total() if since else 0

    def _measure_soon(self, room: Room) -> None:
        if room.id not in self._measuring:
            self._measuring.add(room.id)
            self._tasks.start(self._measure(room), f"bytes of {room.id}")

    async def _measure(self, room: Room) -> None:
        try:
            await asyncio.sleep(MEASURED_S)
        finally:
            self._measuring.discard(room.id)
        try:
            await self._count(room.tenant, room.id)
        except RoomsError as error:
            logger.info("what %s keeps was not counted (%s); the next batch asks again", room.id, error.code)

    async def _count_all(self, tenant: str) -> None:
        """Count what was published here since; many who come at the same moment wait for one of them."""
        async with self._counting:
            for room_id in list(self._since.get(tenant, ())):
                await self._count(tenant, room_id)

    async def _count(self, tenant: str, room_id: str) -> None:
        since = self._since.get(tenant, Counter())
        counted = since[room_id]
        await self._rooms.quotas.note_stored(tenant, room_id)
        since[room_id] -= counted  # what came meanwhile may be counted twice until the next time
        if since[room_id] <= 0:
            del since[room_id]
        if not since:
            self._since.pop(tenant, None)
