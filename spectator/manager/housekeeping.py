"""What must be done now and then by some node, whoever it is: sweep what time has changed."""

from __future__ import annotations

import asyncio
import logging
import secrets

from rooms import Connection, RoomManager, RoomsError
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.manager")

SWEEP_S = 5.0
LEASE_KEY = "sp:sweeper"


class Housekeeping:
    """The background work of one node that belongs to no room and no viewer."""

    def __init__(self, connection: Connection, rooms: RoomManager, *, every_s: float = SWEEP_S) -> None:
        self._connection = connection
        self._rooms = rooms
        self._every_s = every_s
        self._node = secrets.token_hex(8)
        self._tasks = Tasks("housekeeping")

    def start(self) -> None:
        """Begin."""
        self._tasks.repeat(self._round, "sweep")

    async def stop(self) -> None:
        """End; a sweep under way is cut off, the next node goes on where it was."""
        await self._tasks.stop()

    async def _round(self) -> None:
        await asyncio.sleep(self._every_s)
        try:
            if await self._is_my_turn():
                await self._rooms.sweep()
        except RoomsError as error:
            logger.info("nothing was swept this time: %s", error.code)

    async def _is_my_turn(self) -> bool:
        """One node at a time: who sets the lease first sweeps; it ends by itself before the next round."""
        lease_ms = int(self._every_s * 900)
        return await self._connection.command("SET", LEASE_KEY, self._node, "NX", "PX", lease_ms) is not None
