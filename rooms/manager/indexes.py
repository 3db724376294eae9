"""The names and lists that lead to rooms: they lie in other slots than the rooms, and are kept in step here.

A room is written first so that it vanishes by itself, then its indexes, then it is made to stay, then its
names: whatever a node leaves half done when it dies lapses within a minute, or is mended by the first look at
the room.
"""

from __future__ import annotations

import logging

from rooms import codes
from rooms.errors import Busy, CodeTaken
from rooms.manager.context import Context
from rooms.manager.quotas import FULL_S, exceeded
from rooms.models import AccessLevel, Room
from rooms.presence import CODE_KEPT_MS, ROOM_KEPT_MS
from rooms.store import UNCONFIRMED_MS, Record, keys

FIRST_LOOK_MS = UNCONFIRMED_MS // 2
"""When a new room is looked at first: before what was not made permanent has lapsed."""

DRAWS = 20
"""How many codes are drawn before it is said that they are running out."""

UNBOUNDED = 2**53
"""Places of a set that is not limited."""

_log = logging.getLogger(__name__)


class Indexes:
    """Codes, names, lists and quotas of rooms."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def reserve_code(self, tenant: str, room_id: str, custom: str | None) -> str:
        """Take a code for a minute. Raises ``CodeTaken`` for a custom one, ``Busy`` when all draws fail."""
        for _ in range(DRAWS):
            code = custom or codes.new_code(self._context.limits.code_length)
            await self.note(tenant, keys.code(code), UNCONFIRMED_MS)
            holder, _ = await self._context.names.hold(keys.code(code), room_id, UNCONFIRMED_MS)
            if holder == room_id:
                return code
            if custom is not None:
                raise CodeTaken(field="custom_code")
        raise Busy("No free code was found. Try again, or set a longer code length.")

    async def reserve_place(self, tenant: str, room_id: str) -> None:
        """Count a room that is about to be made against the tenant's quota. Raises ``QuotaExceeded``."""
        most = await self._context.tenancy.most_rooms(tenant)
        ends_ms = self._context.now_ms + UNCONFIRMED_MS
        if not await self._context.names.quota(tenant, room_id, ends_ms, _places(most)):
            raise exceeded("rooms", most, FULL_S["rooms"])

    async def establish(self, record: Record) -> None:
        """Write a new room into its lists, make it stay, make its names permanent. Repeats are harmless."""
        room, names = record.room, self._context.names
        await names.enlist(room.tenant, room.id, room.created_at_ms, self._context.now_ms + FIRST_LOOK_MS)
        await names.quota(room.tenant, room.id, float("inf"), UNBOUNDED)  # the place was taken before
        await self.relist(room)
        await self._context.rooms.confirm(room.id)
        await self.keep_names(record)

    async def keep_names(self, record: Record) -> None:
        """Make the code and the name of an active room permanent."""
        room = record.room
        holder, _ = await self._context.names.hold(keys.code(room.code), room.id, 0)
        if holder != room.id:
            _log.error("the code of room %s leads to another room", room.id)
        name_key = record.document["name_key"]
        if name_key:
            await self._context.names.hold(keys.name(name_key), room.id, 0)

    async def relist(self, room: Room) -> None:
        """Put a room into the lobby or take it out, as its settings say."""
        shown = room.listed and room.access_level is AccessLevel.PUBLIC
        await self._context.names.list_in_lobby(room.id, room.created_at_ms, shown)

    async def retire(self, record: Record) -> None:
        """Take an ended room out of what leads to it: its code after 24 hours, its row after 7 days."""
        room, names, now_ms = record.room, self._context.names, self._context.now_ms
        ended_ms = room.ended_at_ms or now_ms
        await names.ended(room.tenant, room.id)
        await self._lapse(keys.code(room.code), room.id, ended_ms + CODE_KEPT_MS - now_ms)
        name_key = record.document["name_key"]
        if name_key:
            await self._lapse(keys.name(name_key), room.id, ended_ms + ROOM_KEPT_MS - now_ms)
        await names.look_again(room.tenant, room.id, ended_ms + ROOM_KEPT_MS + UNCONFIRMED_MS)

    async def replace_code(self, room: Room) -> None:
        """Let a room's code be free again after 24 hours, as another one is about to take its place.

        Should that not come to pass, the next look at the room, within the minute, makes the code stay.
        """
        at_ms = self._context.now_ms + FIRST_LOOK_MS
        await self._context.names.look_again(room.tenant, room.id, at_ms, sooner=True)
        await self.let_lapse(room)

    async def let_lapse(self, before: Room) -> None:
        """Let the code that a room went by before be free again after 24 hours."""
        await self.note(before.tenant, keys.code(before.code), CODE_KEPT_MS)
        await self._lapse(keys.code(before.code), before.id, CODE_KEPT_MS)

    async def note(self, tenant: str, name: str, kept_ms: int) -> None:
        """Note a name of the store that the tenant is about to take: its deletion must find it."""
        await self._context.tenants.note_names(tenant, [(name, self._context.now_ms + kept_ms)])

    async def _lapse(self, key: str, room_id: str, left_ms: int) -> None:
        if left_ms > 0:
            await self._context.names.hold(key, room_id, left_ms)


def _places(most: int | None) -> int:
    return UNBOUNDED if most is None else most
