"""What time changes: rooms expire, requests lapse, names and lists are put right."""

from __future__ import annotations

import time

from rooms.manager.context import Context, nonce
from rooms.manager.indexes import Indexes
from rooms.manager.quotas import Quotas
from rooms.manager.removal import Removal
from rooms.manager.tenants import Tenants
from rooms.store import UNCONFIRMED_MS
from rooms.terms import HOUR_MS

AT_ONCE = 100
"""Rooms looked at in one sweep; what is left over is first in the next."""

KEYS_EVERY_S = 3600.0
"""How often a node looks for keys whose time was over long ago."""


class Upkeep:
    """The sweep. Every node does it; whatever two of them do at once is harmless."""

    def __init__(
        self, context: Context, indexes: Indexes, removal: Removal, tenants: Tenants, quotas: Quotas
    ) -> None:
        self._context = context
        self._quotas = quotas
        self._indexes = indexes
        self._removal = removal
        self._tenants = tenants
        self._keys_at = -KEYS_EVERY_S

    async def sweep(self) -> int:
        """Look at the rooms that are due; returns how many there were."""
        await self._context.connection.tell_time()
        if self._context.connection.clock.jumped():
            return 0
        await self._tenants.sweep()
        await self._forget_keys()
        due = await self._context.names.due(AT_ONCE)
        for tenant, room_id in due:
            await self._tend(tenant, room_id)
        return len(due)

    async def _forget_keys(self) -> None:
        """Look now and then for keys whose time was over long ago."""
        if time.monotonic() - self._keys_at >= KEYS_EVERY_S:
            self._keys_at = time.monotonic()
            await self._tenants.forget_old_keys()

    async def _tend(self, tenant: str, room_id: str) -> None:
        tended = await self._context.rooms.tend(room_id, nonce())
        if tended is None:
            await self._context.names.gone(tenant, room_id)
            await self._context.rooms.erase(room_id)
            await self._removal.uncount(tenant, room_id)
            return
        now_ms = self._context.now_ms
        if not tended.permanent and not tended.ended:
            await self._context.names.look_again(tenant, room_id, now_ms + UNCONFIRMED_MS)
            return
        if not tended.ended and tended.expires_at_ms <= now_ms:
            await self._context.rooms.end(room_id, "expired", nonce())
        record = await self._context.rooms.read(room_id)
        if record is None:
            return  # gone this very moment: it is still due, so the next sweep clears it
        await self._quotas.note_stored(tenant, room_id)
        if record.room.status == "ended":
            await self._indexes.retire(record)
            return
        await self._indexes.keep_names(record)
        await self._indexes.relist(record.room)
        next_ms = min(tended.expires_at_ms, tended.next_wait_ms or tended.expires_at_ms, now_ms + HOUR_MS)
        await self._context.names.look_again(tenant, room_id, max(next_ms, now_ms + 1000))
        await self._removal.settle(record)
