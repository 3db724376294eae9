"""Seats of a tenant in all: leases beside those of its rooms, where the tenant's seats are bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence

from rooms.errors import RoomsError
from rooms.manager.quotas import FULL_S, exceeded
from rooms.manager.tenancy import Tenancy
from rooms.models import Room
from rooms.store import RoomStore, TenantsStore
from rooms.tenants import LOCAL

Lease = tuple[str, str]
"""Room id and person."""

_KNOWN = 20_000
"""Rooms whose tenant is remembered; it never changes."""


class Places:
    """Taken before the room's own seat, renewed and given back with it.

    A place is a lease, so one that nobody gives back is free again after as long as the seat would be. For
    tenants without a limit, ``local`` among them, no command is sent.
    """

    def __init__(self, rooms: RoomStore, store: TenantsStore, tenancy: Tenancy) -> None:
        self._rooms = rooms
        self._store = store
        self._tenancy = tenancy
        self._tenants: OrderedDict[str, str] = OrderedDict()

    def learn(self, room: Room) -> None:
        """Remember whose room this is."""
        self._tenants[room.id] = room.tenant
        self._tenants.move_to_end(room.id)
        while len(self._tenants) > _KNOWN:
            self._tenants.popitem(last=False)

    async def take(self, room_id: str, person: str, ends_ms: int) -> None:
        """Count a person who is about to be seated until ``ends_ms``. Raises ``QuotaExceeded``."""
        tenant = (await self._tenants_of([room_id])).get(room_id, LOCAL)
        most = await self._most(tenant)
        if most is None:
            return
        [taken] = await self._store.take_seats([(tenant, room_id, person, ends_ms, most)])
        if isinstance(taken, RoomsError):
            raise taken
        if not taken:
            raise exceeded("seats", most, FULL_S["seats"])

    async def give(self, room_id: str, person: str) -> None:
        """Give a place back."""
        tenant = (await self._tenants_of([room_id])).get(room_id, LOCAL)
        if await self._most(tenant) is not None:
            await self._store.give_seat(tenant, room_id, person)

    async def renew(self, leases: Sequence[Lease], ends_ms: int) -> set[Lease]:
        """Count those who are seated until ``ends_ms``, in one pipeline; returns whose place is lost.

        Raises ``StoreUnavailable`` when that is not known of all.
        """
        tenants = await self._tenants_of({room_id for room_id, _ in leases})
        counted = []
        for room_id, person in leases:
            tenant = tenants.get(room_id, LOCAL)
            if (most := await self._most(tenant)) is not None:
                counted.append((tenant, room_id, person, ends_ms, most))
        lost = set()
        for (_, room_id, person, _, _), taken in zip(
            counted, await self._store.take_seats(counted), strict=True
        ):
            if isinstance(taken, RoomsError):
                raise taken
            if not taken:
                lost.add((room_id, person))
        return lost

    async def _most(self, tenant: str) -> int | None:
        return None if tenant == LOCAL else (await self._tenancy.limits_of(tenant))["seats"]

    async def _tenants_of(self, room_ids: Collection[str]) -> dict[str, str]:
        """Whose rooms these are; one that is gone is missing."""
        unknown = [room_id for room_id in room_ids if room_id not in self._tenants]
        for record in await self._rooms.read_many(unknown):
            if record is not None:
                self.learn(record.room)
        return {room_id: self._tenants[room_id] for room_id in room_ids if room_id in self._tenants}
