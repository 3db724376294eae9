"""Finding rooms by id or code, and listing them."""

from __future__ import annotations

from rooms import codes
from rooms.manager.admission import Admission
from rooms.manager.context import Context
from rooms.models import AccessLevel, Caller, Room
from rooms.store import keys

TENANT_ROOMS = 1000
LOBBY_ROOMS = 200
"""The most rooms that one list shows."""


class Directory:
    """Lookups that decide nothing. A row that leads nowhere is taken out when it is found."""

    def __init__(self, context: Context, admission: Admission) -> None:
        self._context = context
        self._admission = admission

    async def find(self, ref: str, *, fresh: bool, caller: Caller | None) -> Room | None:
        """The room of an id or a code, or None."""
        mark = ref if codes.is_room_id(ref) else codes.normalise(ref)
        recent = None if fresh else self._context.recent_rooms.get(mark)
        record = recent if recent is not None and _is_own(recent.room, caller) else None
        if record is None:
            record = await self._context.rooms.read(await self._admission.room_id(ref))
            if record is None or mark not in {record.room.id, record.room.code}:
                return None
            self._context.recent_rooms.keep(mark, record)
        return None if await self._context.tenancy.is_halted(record.room.tenant) else record.room

    async def of_tenant(self, tenant: str) -> list[Room]:
        """A tenant's rooms, newest first."""
        key = keys.tenant_rooms(tenant)
        ids = await self._context.names.newest(key, TENANT_ROOMS)
        found = await self._context.rooms.read_many(ids)
        await self._context.names.unlist(
            key, [room_id for room_id, record in zip(ids, found, strict=True) if record is None]
        )
        return [record.room for record in found if record is not None]

    async def lobby(self) -> list[Room]:
        """The rooms everybody may see, newest first."""
        ids = await self._context.names.newest(keys.LISTED, LOBBY_ROOMS)
        found = await self._context.rooms.read_many(ids)
        rooms = {record.room.id: record.room for record in found if record is not None}
        now_ms, halted = self._context.now_ms, await self._context.tenancy.halted()
        shown = [room for room in rooms.values() if _is_shown(room, now_ms) and room.tenant not in halted]
        ended = [room_id for room_id in ids if room_id not in rooms or rooms[room_id].status == "ended"]
        await self._context.names.unlist(keys.LISTED, ended)
        return shown


def _is_own(room: Room, caller: Caller | None) -> bool:
    """Whether the memory may answer: by its speed it would tell others which rooms there are."""
    if caller is None:
        return True
    return caller.room_id == room.id or (caller.tenant is not None and caller.tenant == room.tenant)


def _is_shown(room: Room, now_ms: int) -> bool:
    return room.listed and room.access_level is AccessLevel.PUBLIC and room.is_active(now_ms)
