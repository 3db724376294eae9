"""Who is in: members, seats, and what a node renews for the people connected to it."""

from __future__ import annotations

from collections.abc import Sequence

from rooms.errors import RoomsError
from rooms.manager.context import Context, nonce
from rooms.models import Glance, Person


class Watching:
    """Leases of this node, and the lists of who is in."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._leases: dict[tuple[str, str], int] = {}

    async def glances(self, room_ids: Sequence[str]) -> dict[str, Glance | None]:
        """Rooms and who is in them."""
        return await self._context.rooms.glances(room_ids)

    async def people(self, room_id: str) -> list[Person]:
        """The members, in the order they joined."""
        members, seated = await self._context.people.members(room_id)
        return [
            Person(one.person, one.name, one.role, one.joined_at_ms, one.person in seated)
            for one in members.values()
        ]

    async def renew(self, leases: Sequence[tuple[str, str]]) -> list[bool]:
        """Renew seats; raises when one of them is not known to be renewed or lost."""
        answers = await self._context.people.renew(leases)
        unknown: RoomsError | None = None
        stays = []
        for lease, answer in zip(leases, answers, strict=True):
            if isinstance(answer, RoomsError):
                unknown = answer
                continue
            may_stay, ends_ms = answer
            stays.append(may_stay)
            if may_stay:
                self._leases[lease] = ends_ms
            else:
                self._leases.pop(lease, None)
        if unknown is not None:
            raise unknown
        return stays

    async def release(self, room_id: str, person: str) -> None:
        """Give a seat back that this node renewed last."""
        ends_ms = self._leases.pop((room_id, person), None)
        if ends_ms is not None:
            await self._context.people.release(room_id, person, ends_ms)

    async def leave(self, room_id: str, person: str) -> None:
        """End a membership."""
        self._leases.pop((room_id, person), None)
        await self._context.people.leave(room_id, person, nonce())
