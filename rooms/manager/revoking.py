"""What ends with an API key that is revoked: the keys of the rooms it made."""

from __future__ import annotations

import asyncio

from rooms.errors import Busy
from rooms.manager.context import RECENT_S, nonce
from rooms.manager.quotas import MOST_LISTED
from rooms.store import Record, RoomStore, keys
from rooms.store.names_store import NamesStore
from rooms.tenants import ApiKey

AT_ONCE = 50
"""Rooms that are read and changed together."""

TRIES = 8
"""How often a room is tried again that somebody else changed in between."""

MAKES_ROOMS = frozenset({"publish", "manage"})


class Revoking:
    """Rotates room keys. A script publishes by its room's key: without this it would go on for ever."""

    def __init__(self, rooms: RoomStore, names: NamesStore) -> None:
        self._rooms = rooms
        self._names = names

    async def end_room_keys(self, one: ApiKey) -> None:
        """Rotate the key of every room that this API key made, as its owner could; the rooms themselves stay.

        Twice: for a second other nodes remember the API key, and may have handed out fresh room keys for it.
        """
        if one.tenant is None or not one.scopes & MAKES_ROOMS:
            return
        await self._rotate_all(one.tenant, one.id)
        await asyncio.sleep(RECENT_S)
        await self._rotate_all(one.tenant, one.id)

    async def _rotate_all(self, tenant: str, key_id: str) -> None:
        listed = await self._names.newest(keys.tenant_rooms(tenant), MOST_LISTED)
        for start in range(0, len(listed), AT_ONCE):
            found = await self._rooms.read_many(listed[start : start + AT_ONCE])
            made = [one for one in found if one is not None and one.document["key_id"] == key_id]
            await asyncio.gather(*(self._rotate(record) for record in made))

    async def _rotate(self, record: Record) -> None:
        before: Record | None = record
        for _ in range(TRIES):
            if before is None:
                return  # removed meanwhile
            fields = {"generation": before.room.generation + 1}
            if await self._rooms.change(before, fields, nonce()) != "changed":
                return  # done, or the room is over: nobody publishes into it any more
            before = await self._rooms.read(before.room.id)
        raise Busy("Others keep changing a room of this key. Try again.")
