"""Removing rooms before their time: what was recorded in one, or all that there is of it."""

from __future__ import annotations

from collections.abc import Sequence

from rooms.presence import CODE_KEPT_MS
from rooms.store import PeopleStore, Record, RoomStore, TenantsStore, keys
from rooms.store.names_store import NamesStore
from rooms.store.room_store import UNCONFIRMED_MS
from rooms.tenants import LOCAL

AT_ONCE = 50
"""Rooms removed in one pipeline."""


class Removal:
    """Takes rooms out of the store. Every step may be repeated, and a repeat ends what was cut off."""

    def __init__(
        self, rooms: RoomStore, people: PeopleStore, names: NamesStore, tenants: TenantsStore
    ) -> None:
        self._rooms = rooms
        self._people = people
        self._names = names
        self._tenants = tenants

    async def forget_recorded(self, record: Record) -> bool:
        """Remove the events, people and requests of a room that has ended; false when it has not.

        For a day whoever knows the code or id is still told that the room has ended, and nobody else gets the
        code.
        """
        room = record.room
        await self._forget_waits([room.id])
        if await self._rooms.forget_recorded(room.id, CODE_KEPT_MS) == "active":
            return False
        await self.uncount(room.tenant, room.id)
        await self._names.look_again(room.tenant, room.id, self._names.now_ms + CODE_KEPT_MS + UNCONFIRMED_MS)
        if name_key := record.document["name_key"]:
            await self._names.give_back(keys.name(name_key), room.id)
        return True

    async def purge(self, tenant: str, room_ids: Sequence[str]) -> None:
        """Remove rooms with all their parts and whatever leads to them; their viewers see them gone."""
        for start in range(0, len(room_ids), AT_ONCE):
            part = room_ids[start : start + AT_ONCE]
            records = [record for record in await self._rooms.read_many(part) if record is not None]
            await self._forget_waits(part)
            for record in records:
                await self._give_names_back(record)
            await self._rooms.purge(part)
            for room_id in part:
                await self.uncount(tenant, room_id)
                await self._names.gone(tenant, room_id)

    async def settle(self, record: Record) -> None:
        """Take the names of a room back that was removed while somebody saw to it that it keeps them."""
        room = record.room
        if room.tenant != LOCAL and await self._rooms.read(room.id) is None:
            await self._give_names_back(record)

    async def _give_names_back(self, record: Record) -> None:
        await self._names.give_back(keys.code(record.room.code), record.room.id)
        if name_key := record.document["name_key"]:
            await self._names.give_back(keys.name(name_key), record.room.id)

    async def uncount(self, tenant: str, room_id: str) -> None:
        """Count a room that is gone no longer among what its tenant keeps."""
        if tenant != LOCAL:
            await self._tenants.note_stored(tenant, room_id, 0)

    async def _forget_waits(self, room_ids: Sequence[str]) -> None:
        """Whoever waits in these rooms waits there no longer: the note of it lies with the person."""
        for room_id, persons in (await self._people.askers(room_ids)).items():
            for person in persons:
                await self._people.waited_for_person(person, room_id)
