"""What must be done now and then by some node, whoever it is: sweep what time has changed."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

from rooms import Connection, RoomManager, RoomsError
from spectator.settings import SettingsError
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.manager")

SWEEP_S = 5.0
AUDIT_S = 0.5
"""How long what was noted for the audit lies on this node before it is written."""

LEASE_KEY = "sp:sweeper"

KEEP_KEY_ROUNDS = 6
"""So often the key of the data folder is made known again: a store without a disk forgets it."""


class Housekeeping:
    """The background work of one node that belongs to no room and no viewer.

    Args:
        connection: the store.
        rooms: whose time passes.
        keep_key: sees to it that the key of the data folder is known; repeats are harmless.
        every_s: seconds between two rounds.
    """

    def __init__(
        self,
        connection: Connection,
        rooms: RoomManager,
        keep_key: Callable[[], Awaitable[None]],
        *,
        every_s: float = SWEEP_S,
    ) -> None:
        self._connection = connection
        self._rooms = rooms
        self._keep_key = keep_key
        self._rounds = 0
        self._every_s = every_s
        self._node = secrets.token_hex(8)
        self._tasks = Tasks("housekeeping")

    def start(self) -> None:
        """Begin."""
        self._tasks.repeat(self._round, "sweep")
        self._tasks.repeat(self._write_audit, "audit")

    async def stop(self) -> None:
        """End; a sweep under way is cut off, the next node goes on where it was."""
        await self._tasks.stop()

    async def _round(self) -> None:
        await asyncio.sleep(self._every_s)
        self._rounds += 1
        try:
            if self._rounds % KEEP_KEY_ROUNDS == 0:
                await self._keep_key()
            if await self._is_my_turn():
                await self._rooms.sweep()
        except SettingsError as error:
            logger.warning("%s", error)  # the folder's key was revoked while this server runs
        except RoomsError as error:
            logger.info("nothing was swept this time: %s", error.code)

    async def _write_audit(self) -> None:
        await asyncio.sleep(AUDIT_S)
        await self._rooms.audit.flush()

    async def _is_my_turn(self) -> bool:
        """One node at a time: who sets the lease first sweeps; it ends by itself before the next round."""
        lease_ms = int(self._every_s * 900)
        return await self._connection.command("SET", LEASE_KEY, self._node, "NX", "PX", lease_ms) is not None
