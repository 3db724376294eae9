"""People in rooms: members, seats, requests. One method, one operation; the rules are elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rooms.bells import channel_of
from rooms.connection import Call, Connection
from rooms.errors import RoomsError
from rooms.models import JoinRequest, Member
from rooms.presence import ANSWER_KEPT_MS, REFUSED_MS, RESERVED_MS, WAIT_KEPT_MS
from rooms.store import keys, rows, scripts
from rooms.store.invitations_store import Invited
from rooms.store.rows import Record


class PeopleStore:
    """Who is in a room and who waits. Results of scripts are a word, and a row where there is one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def now_ms(self) -> int:
        """The store's time."""
        return self._connection.clock.now_ms()

    # ------------------------------------------------------------ members and seats

    async def admit(
        self,
        record: Record,
        one: Member,
        *,
        as_member: bool,
        lease_end_ms: int | None,
        nonce: str,
        invited: Invited | None = None,
        charge: Sequence[Call] = (),
    ) -> tuple[str, Member]:
        """Write the member row and take a seat (unless ``lease_end_ms`` is None), if nothing has changed.

        ``invited`` loses a use with it. ``charge``: budgets that are charged in the same breath. Returns
        ``in`` with the row that stands (an older one stays), ``full``, ``over`` or ``changed``.
        """
        room_id = record.room.id
        parts = ("room", "members", "seats", "refused", "turned", "invitations", "invited")
        args: list[Any] = [
            self.now_ms,
            record.version,
            "member" if as_member else "stranger",
            one.person,
            rows.member_row(one),
            "" if lease_end_ms is None else lease_end_ms,
            nonce,
        ]
        args += ["", "", 0] if invited is None else [*invited.terms]
        names = [*keys.of_room(room_id, *parts), channel_of(room_id)]
        reply = await self._charged((scripts.ADMIT, names, args), charge)
        word = rows.text(reply[0])
        return word, rows.member(one.person, reply[1]) if word == "in" else one

    async def turn_away(self, room_id: str, person: str) -> None:
        """Count a person who found the room full."""
        names = [*keys.of_room(room_id, "room", "turned"), channel_of(room_id)]
        await self._connection.run(scripts.TURN_AWAY, names, [person])

    async def leave(self, room_id: str, person: str, nonce: str) -> None:
        """Remove a member, the seat, and the place among those who are here."""
        parts = ("room", "members", "seats", "here", "arrived", "ties")
        names = [*keys.of_room(room_id, *parts), channel_of(room_id)]
        await self._connection.run(scripts.LEAVE, names, [person, nonce])

    async def member(self, room_id: str, person: str) -> Member | None:
        """One member's row, or None."""
        row = await self._connection.command("HGET", *keys.of_room(room_id, "members"), person)
        return rows.member(person, row) if row else None

    async def members(self, room_id: str) -> tuple[dict[str, Member], set[str]]:
        """All members in the order they joined, and who of them holds a seat."""
        members, seats = keys.of_room(room_id, "members", "seats")
        all_rows, seated = await self._many(
            ("HGETALL", members), ("ZRANGE", seats, f"({self.now_ms}", "+inf", "BYSCORE")
        )
        return rows.members([part for pair in all_rows.items() for part in pair]), {
            person.decode() for person in seated
        }

    # ------------------------------------------------------------ requests

    async def ask(
        self,
        record: Record,
        one: JoinRequest,
        most: int,
        *,
        most_from_source: int | None = None,
        charge: Sequence[Call] = (),
    ) -> tuple[str, JoinRequest]:
        """Let somebody wait, of at most ``most`` in the room and ``most_from_source`` from one address.

        ``charge``: budgets that are charged in the same breath.
        Returns ``waits`` with the request that waits (an older one goes on), ``many``, ``over``, ``changed``.
        """
        room_id = record.room.id
        parts = ("room", "requests", "waiting", "askers", "asked", "refused", "members")
        ends_ms = one.expires_at_ms
        names = [*keys.of_room(room_id, *parts), channel_of(room_id)]
        args: list[Any] = [
            self.now_ms,
            record.version,
            one.person,
            one.id,
            rows.request_row(one),
            ends_ms,
            ends_ms + ANSWER_KEPT_MS,
            most,
            rows.source_in_row(one),
            most if most_from_source is None else most_from_source,
        ]
        reply = await self._charged((scripts.ASK, names, args), charge)
        word = rows.text(reply[0])
        return word, rows.request(room_id, reply[1], self.now_ms) if word == "waits" else one

    async def approve(
        self, request: JoinRequest, one: Member, approved: JoinRequest, nonce: str
    ) -> tuple[str, JoinRequest | None]:
        """Make the asker a member with a seat held.

        Returns ``ok`` or ``settled`` (with the request as it is now, None when gone), ``full``, ``over``.
        """
        room_id = request.room_id
        parts = ("room", "members", "seats", "requests", "waiting", "askers", "refused")
        now_ms = self.now_ms
        args: list[Any] = [now_ms, request.id, request.person, rows.member_row(one)]
        args += [rows.request_row(approved), now_ms + RESERVED_MS, nonce]
        names = [*keys.of_room(room_id, *parts), channel_of(room_id)]
        return self._answered(room_id, await self._connection.run(scripts.APPROVE, names, args))

    async def deny(self, request: JoinRequest, denied: JoinRequest) -> tuple[str, JoinRequest | None]:
        """Say no. Returns ``ok`` or ``settled``, as ``approve`` does."""
        room_id, now_ms = request.room_id, self.now_ms
        parts = ("room", "requests", "waiting", "askers", "refused")
        args = [now_ms, request.id, request.person, rows.request_row(denied), now_ms + REFUSED_MS]
        names = [*keys.of_room(room_id, *parts), channel_of(room_id)]
        return self._answered(room_id, await self._connection.run(scripts.DENY, names, args))

    async def withdraw(self, request: JoinRequest) -> bool:
        """Take back a request that nobody has answered; false when there is none."""
        parts = ("requests", "waiting", "askers", "asked")
        names = [*keys.of_room(request.room_id, *parts), channel_of(request.room_id)]
        return bool(await self._connection.run(scripts.WITHDRAW, names, [request.id, request.person]))

    async def settle(self, room_id: str, person: str) -> None:
        """Let the request of somebody who is a member by now wait no longer."""
        names = [*keys.of_room(room_id, "members", "requests", "waiting", "askers"), channel_of(room_id)]
        await self._connection.run(scripts.SETTLE, names, [person])

    async def requests(self, room_id: str, request_ids: Sequence[str]) -> dict[str, JoinRequest]:
        """Requests by their ids, waiting or not; those that are gone are missing."""
        if not request_ids:
            return {}
        found = await self._connection.command("HMGET", *keys.of_room(room_id, "requests"), *request_ids)
        return {
            request_id: rows.request(room_id, row, self.now_ms)
            for request_id, row in zip(request_ids, found, strict=True)
            if row
        }

    async def askers(self, room_ids: Sequence[str]) -> dict[str, set[str]]:
        """Whoever waits in these rooms, or did until lately, by room."""
        names = [keys.of_room(room_id, "askers", "requests") for room_id in room_ids]
        asked = [("HKEYS", askers) for askers, _ in names] + [("HVALS", requests) for _, requests in names]
        replies = await self._many(*asked) if asked else []
        found = {}
        for room_id, waiting, settled in zip(
            room_ids, replies[: len(names)], replies[len(names) :], strict=True
        ):
            persons = {rows.request(room_id, row, 0).person for row in settled}
            found[room_id] = persons | {person.decode() for person in waiting}
        return found

    async def wait_for_person(self, person: str, room_id: str, ends_ms: int, most: int) -> bool:
        """Count a wait against the person's quota; false when it is used up."""
        args = [self.now_ms, room_id, ends_ms, most, WAIT_KEPT_MS]
        return bool(await self._connection.run(scripts.RESERVE, [keys.person_waiting(person)], args))

    async def waited_for_person(self, person: str, room_id: str) -> None:
        """Give a wait back to the person's quota."""
        await self._connection.command("ZREM", keys.person_waiting(person), room_id)

    async def _charged(self, call: Call, charge: Sequence[Call]) -> Any:
        """Run a script, and charge budgets on the same way; the budgets lie in slots of their own."""
        if not charge:
            return await self._connection.run(*call)
        replies = await self._connection.run_many([call, *charge])
        for reply in replies:
            if isinstance(reply, RoomsError):
                raise reply
        return replies[0]

    def _answered(self, room_id: str, reply: Any) -> tuple[str, JoinRequest | None]:
        row = reply[1] if len(reply) > 1 else None
        return rows.text(reply[0]), rows.request(room_id, row, self.now_ms) if row else None

    async def _many(self, *commands: Sequence[Any]) -> list[Any]:
        replies = await self._connection.command_many(commands)
        for reply in replies:
            if isinstance(reply, RoomsError):
                raise reply
        return replies
