"""Who is in: members, seats, and what a node renews for the people connected to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rooms import codes
from rooms.errors import RoomsError
from rooms.manager.context import Context, nonce
from rooms.models import Glance, Person, Present
from rooms.presence import NAMED, SEAT_MS
from rooms.store import Held, PresenceStore

Lease = tuple[str, str]
"""Room id and person."""


class Watching:
    """Leases and ties of this node, and the lists of who is in."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._presence = PresenceStore(context.connection, codes.new_id("n"))
        self._held: dict[Lease, Held] = {}

    async def glances(self, room_ids: Sequence[str]) -> dict[str, Glance | None]:
        """Rooms and who is in them."""
        found = await self._context.rooms.glances(room_ids)
        for glance in found.values():
            if glance is not None:
                self._context.places.learn(glance.room)
        return found

    async def people(self, room_id: str) -> list[Person]:
        """The members, in the order they joined."""
        members, seated = await self._context.people.members(room_id)
        lags = await self._presence.lags(room_id)
        return [
            Person(
                one.person,
                one.name,
                one.role,
                one.joined_at_ms,
                seated=one.person in seated,
                here=one.person in lags,
                lag_ms=lags.get(one.person),
                user_id=one.user_id,
            )
            for one in members.values()
        ]

    async def present(self, room_ids: Sequence[str]) -> dict[str, Present]:
        """Who is here, on all nodes together."""
        return await self._presence.present(room_ids, NAMED)

    async def renew(self, leases: Sequence[Lease], lags_ms: Mapping[Lease, int]) -> list[bool]:
        """Renew seats and ties; raises when one of them is not known to be renewed or lost."""
        answers = await self._presence.renew([(*lease, lags_ms.get(lease, 0)) for lease in leases])
        unknown: RoomsError | None = None
        stays = []
        for lease, answer in zip(leases, answers, strict=True):
            if isinstance(answer, RoomsError):
                unknown = answer
                continue
            may_stay, held = answer
            stays.append(may_stay)
            if may_stay:
                self._held[lease] = held
            else:
                self._held.pop(lease, None)
        if unknown is not None:
            raise unknown
        lost = await self._renew_places([lease for lease, stay in zip(leases, stays, strict=True) if stay])
        return [stay and lease not in lost for lease, stay in zip(leases, stays, strict=True)]

    async def _renew_places(self, leases: Sequence[Lease]) -> set[Lease]:
        """Renew the seats among the tenant's too; who has none there any more gives the room's back."""
        seated = [lease for lease in leases if self._held[lease].seated]
        lost = await self._context.places.renew(seated, self._context.now_ms + SEAT_MS)
        for room_id, person in lost:
            await self.release(room_id, person)
        return lost

    async def release(self, room_id: str, person: str) -> None:
        """Give back what this node renewed last."""
        held = self._held.pop((room_id, person), None)
        if held is not None:
            gone = await self._presence.release(room_id, person, held)
            if gone and held.seated:
                await self._context.places.give(room_id, person)

    async def leave(self, room_id: str, person: str) -> None:
        """End a membership."""
        self._held.pop((room_id, person), None)
        await self._context.people.leave(room_id, person, nonce())
        await self._context.places.give(room_id, person)
