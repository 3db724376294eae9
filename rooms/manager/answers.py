"""Join requests after they were made: read, answered, taken back, redeemed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rooms import codes, joins
from rooms.access import stands
from rooms.errors import (
    QuotaExceeded,
    RequestNotFound,
    RequestSettled,
    RoomFull,
    RoomNotFound,
    Unauthorized,
)
from rooms.manager.context import Context, nonce
from rooms.manager.credentials import Credentials
from rooms.models import Admitted, Caller, JoinRequest, Member
from rooms.presence import RESERVED_MS


class Answers:
    """What owner and asker do with a request."""

    def __init__(self, context: Context, credentials: Credentials) -> None:
        self._context = context
        self._credentials = credentials

    async def waiting(self, room_id: str) -> list[JoinRequest]:
        """Who waits, oldest first; nobody waits for a room that is over."""
        glance = (await self._context.rooms.glances([room_id])).get(room_id)
        if glance is None or not glance.room.is_active(self._context.now_ms):
            return []
        return list(glance.waiting)

    async def get(self, room_id: str, request_id: str) -> JoinRequest:
        """One request."""
        found = (await self._context.people.requests(room_id, [request_id])).get(request_id)
        if found is None:
            raise RequestNotFound
        return found

    async def get_many(self, room_id: str, request_ids: Sequence[str]) -> dict[str, JoinRequest]:
        """Several requests."""
        return await self._context.people.requests(room_id, request_ids)

    async def answer(self, room_id: str, request_id: str, *, approve: bool) -> JoinRequest:
        """Approve or deny."""
        request = await self.get(room_id, request_id)
        if joins.step(request.status, "approve" if approve else "deny") == request.status:
            return request
        word, settled = await (self._approve(request) if approve else self._deny(request))
        if word == "full":
            raise RoomFull(
                "Every seat is taken. The request goes on waiting; approve it when somebody has left."
            )
        if word == "over":
            raise await self._context.over(room_id)
        if settled is None:
            raise RequestNotFound
        joins.step(settled.status, "approve" if approve else "deny")
        await self._context.people.waited_for_person(request.person, room_id)
        return settled

    async def answer_all(self, room_id: str, *, approve: bool) -> list[JoinRequest]:
        """Answer everyone who waits, until the room is full."""
        answered = []
        for request in await self.waiting(room_id):
            try:
                answered.append(await self.answer(room_id, request.id, approve=approve))
            except (RoomFull, QuotaExceeded):
                break
            except (RequestNotFound, RequestSettled):
                continue  # withdrawn, or answered by somebody else, since the list was read
        return answered

    async def withdraw(self, room_id: str, request_id: str) -> None:
        """The asker waits no longer."""
        people = self._context.people
        request = (await people.requests(room_id, [request_id])).get(request_id)
        if request is None:
            return
        if await people.withdraw(request):
            await people.waited_for_person(request.person, room_id)
            return
        settled = (await people.requests(room_id, [request_id])).get(request_id)
        if settled is not None and settled.status != "expired":
            joins.step(settled.status, "withdraw")

    async def redeem(self, caller: Caller) -> Admitted | JoinRequest:
        """The asker's grant once approved, else the request as it stands."""
        if caller.kind != "lobby" or caller.room_id is None or caller.request_id is None:
            raise Unauthorized("This takes the lobby token that the waiting join was answered with.")
        request = await self.get(caller.room_id, caller.request_id)
        if request.status in {"denied", "expired"}:
            return request
        record = await self._context.rooms.read(request.room_id)
        if record is None:
            raise RoomNotFound
        if not record.room.is_active(self._context.now_ms):
            raise await self._context.over(request.room_id)
        if request.status == "pending_approval":
            return request
        member = await self._context.people.member(request.room_id, request.person)
        if member is None or not stands(record.room, member):
            raise Unauthorized("The membership has ended since. Join the room again.")
        token, expires_at_ms = self._credentials.grant(record.room, member)
        return Admitted(record.room, member.person, member.role, member.name, token, expires_at_ms)

    async def _approve(self, request: JoinRequest) -> tuple[str, JoinRequest | None]:
        member = Member(
            request.person,
            "spectator",
            codes.new_id("g"),
            request.name,
            self._context.now_ms,
            request.user_id,
            "approval",
            request.source,
        )
        approved = replace(request, status="approved")
        places, people = self._context.places, self._context.people
        await places.take(request.room_id, request.person, self._context.now_ms + RESERVED_MS)
        word, settled = await people.approve(request, member, approved, nonce())
        if word in {"full", "over"}:  # settled: another answer may have seated the person
            await places.give(request.room_id, request.person)
        return word, settled

    async def _deny(self, request: JoinRequest) -> tuple[str, JoinRequest | None]:
        return await self._context.people.deny(request, replace(request, status="denied"))
