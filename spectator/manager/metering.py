"""What publishing costs a tenant: events and bytes over time, and the bytes its rooms keep."""

from __future__ import annotations

import asyncio
import logging

from rooms import LOCAL_TENANT, Room, RoomManager, RoomsError
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.manager")

MEASURED_S = 3.0
"""What a room keeps is counted so long after something was published into it, however much it was."""


class Meter:
    """Asked before anything is stored. Tenant ``local`` has no such quotas: for it nothing is done here.

    Args:
        rooms: whose quotas count.
        tasks: where what runs beside the calls belongs to.
    """

    def __init__(self, rooms: RoomManager, tasks: Tasks) -> None:
        self._rooms = rooms
        self._tasks = tasks
        self._measuring: set[str] = set()

    async def admit(self, room: Room) -> None:
        """Return when the room's tenant may go on publishing; asked before a body is decoded.

        Raises:
            QuotaExceeded: it was refused a moment ago and has not waited, or its rooms keep too much.
            StoreUnavailable: its quotas could not be read.
        """
        if room.tenant == LOCAL_TENANT:
            return
        self._rooms.quotas.check_rate(room.tenant)
        if await self._rooms.quotas.check_stored(room.tenant):
            self._measure_soon(room)

    async def charge(self, room: Room, events: int, size: int) -> None:
        """Charge a batch that is about to be stored, all of it or nothing.

        Raises:
            QuotaExceeded: nothing of the batch may be stored; the same batch may come again later.
            StoreUnavailable: it is not known whether it was charged.
        """
        if room.tenant != LOCAL_TENANT:
            await self._rooms.quotas.spend(room.tenant, events_per_second=events, bytes_per_second=size)

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
            await self._rooms.quotas.note_stored(room.tenant, room.id)
        except RoomsError as error:
            logger.info("what %s keeps was not counted (%s); the next batch asks again", room.id, error.code)
