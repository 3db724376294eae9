"""What an owner does to people, in the store. One method, one operation; the rules are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rooms.bells import channel_of
from rooms.connection import Connection
from rooms.errors import RoomsError
from rooms.models import BlockedPerson, JoinRequest, Member, Parted
from rooms.presence import BARRED_MS, PARTED_KEPT_MS, REFUSED_MS, SEAT_MS
from rooms.script import Script
from rooms.store import keys, rows, scripts
from rooms.store.room_store import Outcome
from rooms.store.rows import Record

PARTED_MOST = 500
"""So many people who were put out are remembered in a room; the oldest go first."""

_PLACES = ("room", "members", "seats", "here", "arrived", "ties")
"""Where a member is found."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a room knows of one person. ``row`` is the member row as it lies in the store; empty for none."""

    member: Member | None = None
    row: bytes = field(default=b"", repr=False)
    parted: Parted | None = None
    blocked: BlockedPerson | None = None
    request: JoinRequest | None = None


class PowersStore:
    """Members put out, blocked, given another role; rooms whose code, password or key is rotated."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def now_ms(self) -> int:
        """The store's time."""
        return self._connection.clock.now_ms()

    async def known(self, room_id: str, person: str) -> Known:
        """What the room knows of a person; every field is empty for a stranger."""
        names = keys.of_room(room_id, "members", "parted", "blocked", "askers", "requests")
        row, out, listed, asked = await self._connection.run(scripts.KNOWN, names, [person])
        request = rows.request(room_id, asked, self.now_ms) if asked else None
        return Known(
            rows.member(person, row) if row else None,
            row or b"",
            rows.parted_one(person, out) if out else None,
            rows.blocked_one(person, listed) if listed else None,
            request if request is not None and request.status == "pending_approval" else None,
        )

    async def blocked(self, room_id: str) -> dict[str, BlockedPerson]:
        """Who was blocked while the room knew them, by person."""
        found = await self._connection.command("HGETALL", *keys.of_room(room_id, "blocked"))
        return {person.decode(): rows.blocked_one(person.decode(), row) for person, row in found.items()}

    # ------------------------------------------------------------ people

    async def part(self, room_id: str, row: bytes, parted: Parted, *, refused: bool) -> bool:
        """End a membership whose row is still ``row``; false when it is not.

        ``refused``: the person may not come back for a minute.
        """
        now_ms = self.now_ms
        args: list[Any] = [now_ms, parted.person, row, rows.parted_row(parted), now_ms + PARTED_KEPT_MS]
        args += [now_ms + REFUSED_MS if refused else "", parted.mark, PARTED_MOST]
        parts = (*_PLACES, "refused", "parted", "parting")
        return await self._run(scripts.PART, room_id, parts, args) == "ok"

    async def block(
        self, record: Record, document: Mapping[str, Any], known: Known, blocked: BlockedPerson, mark: str
    ) -> Outcome:
        """Write the document that blocks a person, and put them out, if all is still as it was read."""
        now_ms, request = self.now_ms, known.request
        why = Parted(blocked.id, blocked.name, "blocked", now_ms, blocked.user_id, blocked.source, mark)
        args: list[Any] = [now_ms, record.version, mark, rows.write(document), blocked.id, known.row]
        args += [rows.blocked_row(blocked), rows.parted_row(why), now_ms + PARTED_KEPT_MS]
        args += [blocked.source or "", now_ms + BARRED_MS]
        args += ["", ""] if request is None else [request.id, rows.denied_row(request)]
        parts = (*_PLACES, "parted", "parting", "blocked", "barred", "requests", "waiting", "askers")
        return await self._run(scripts.BLOCK, record.room.id, parts, args)

    async def unblock(
        self, record: Record, document: Mapping[str, Any], one: BlockedPerson, source: str | None, mark: str
    ) -> Outcome:
        """Write the document that no longer blocks a person; strangers from ``source`` may come again."""
        now_ms = self.now_ms
        said = Parted(one.id, one.name, "unblocked", now_ms, one.user_id, one.source, mark)
        args: list[Any] = [now_ms, record.version, mark, rows.write(document), one.id]
        args += [rows.parted_row(said), now_ms + PARTED_KEPT_MS, source or ""]
        parts = ("room", "blocked", "barred", "parted", "parting")
        return await self._run(scripts.UNBLOCK, record.room.id, parts, args)

    async def forget_blocked(self, room_id: str, people: Sequence[BlockedPerson]) -> None:
        """Forget what was known of people whom a change of the room took off the list."""
        blocked, barred = keys.of_room(room_id, "blocked", "barred")
        sources = [one.source for one in people if one.source]
        await self._many(("HDEL", blocked, *(one.id for one in people)))
        if sources:
            await self._many(("ZREM", barred, *sources))

    async def set_role(self, room_id: str, row: bytes, one: Member, nonce: str) -> Outcome:
        """Write a member's row with another role, if it still is ``row``.

        A spectator takes a seat with it if there is one, a moderator gives it back.
        """
        now_ms = self.now_ms
        lease_end = "" if one.role == "moderator" else now_ms + SEAT_MS
        args = [now_ms, one.person, row, rows.member_row(one), lease_end, nonce]
        return await self._run(scripts.SET_ROLE, room_id, ("room", "members", "seats"), args)

    # ------------------------------------------------------------ rooms

    async def rotate(self, record: Record, fields: Mapping[str, Any], version: str) -> Outcome:
        """Write fields if the room still is as ``record`` says, and end every spectator's membership."""
        args = [self.now_ms, record.version, version, *rows.pairs(fields)]
        return await self._run(scripts.ROTATE, record.room.id, _PLACES, args)

    # ------------------------------------------------------------ parts

    async def _run(self, script: Script, room_id: str, parts: Sequence[str], args: Sequence[Any]) -> Outcome:
        names = [*keys.of_room(room_id, *parts), channel_of(room_id)]
        reply = await self._connection.run(script, names, args)
        found: Outcome = reply.decode()
        return found

    async def _many(self, *commands: Sequence[Any]) -> list[Any]:
        replies = await self._connection.command_many(commands)
        for reply in replies:
            if isinstance(reply, RoomsError):
                raise reply
        return replies
