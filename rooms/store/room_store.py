"""Rooms as a whole: read, made, changed, ended. One method, one operation; the rules are elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rooms.bells import channel_of
from rooms.connection import Call, Connection
from rooms.errors import RoomsError
from rooms.models import Glance, Parted
from rooms.presence import CLAIM_MS, MEMBERSHIP_MS, ROOM_KEPT_MS
from rooms.store import keys, rows, scripts
from rooms.store.lately import Kept, Lately, same
from rooms.store.rows import Facts, Listed, Record

UNCONFIRMED_MS = 60_000
"""How long a room that was not confirmed, or a name that was not made permanent, stays."""

TENDED_AT_ONCE = 200
"""Requests and members that one look at a room forgets at most."""

_KEPT = 512

Outcome = Literal["gone", "over", "changed", "ok"]

Belonging = tuple[Listed, Mapping[str, Parted]]
"""Who is a member of a room, and who was put out of it lately."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A call that reads a room, and what the caller already had of it."""

    room_id: str
    call: Call
    document: Kept[Mapping[str, Any]]
    members: Kept[Belonging]


@dataclass(frozen=True, slots=True)
class Tended:
    """How a room stands after it was looked at. ``permanent`` is false for one that was not confirmed yet."""

    ended: bool
    expires_at_ms: int
    next_wait_ms: int | None
    permanent: bool


class RoomStore:
    """The rooms of a store. Documents and member lists are kept here while their marks do not change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._documents: Lately[Mapping[str, Any]] = Lately(_KEPT)
        self._members: Lately[Belonging] = Lately(_KEPT)

    @property
    def now_ms(self) -> int:
        """The store's time."""
        return self._connection.clock.now_ms()

    # ------------------------------------------------------------ reading

    def reading(self, room_id: str, person: str | None = None, source: str | None = None) -> Reading:
        """The call that reads a room and what a person is to it, to be sent alone or in a pipeline.

        ``source`` is the hash of the address the person comes from, where it matters.
        """
        known = self._documents.get(room_id)
        names = keys.of_room(room_id, "room", "seats", "members", "refused", "askers", "waiting", "barred")
        args = [self.now_ms, known.mark, person or "", source or "", *rows.FIELDS]
        return Reading(room_id, (scripts.FACTS, names, args), known, Kept("", None))

    def facts(self, reading: Reading, person: str | None, reply: Any) -> Facts | None:
        """What such a call answered; None when there is no such room. Raises what the call failed with."""
        if isinstance(reply, RoomsError):
            raise reply
        if not reply:
            return None
        record = self._record(reading, reply[0], reply[1], reply[2])
        barred = rows.number(reply[3])
        if len(reply) == 4:
            return Facts(record, barred_until_ms=barred)
        row, lease, refused, request, waiting = reply[4:]
        return Facts(
            record,
            rows.member(person or "", row) if row else None,
            rows.number(lease),
            rows.number(refused),
            rows.text(request) or None,
            waiting,
            barred,
        )

    async def read(self, room_id: str) -> Record | None:
        """A room, or None."""
        reading = self.reading(room_id)
        found = self.facts(reading, None, await self._connection.run(*reading.call))
        return found.record if found is not None else None

    async def read_many(self, room_ids: Sequence[str]) -> list[Record | None]:
        """Rooms in one pipeline. Raises ``StoreUnavailable`` when one of them cannot be read."""
        readings = [self.reading(room_id) for room_id in room_ids]
        replies = await self._connection.run_many([reading.call for reading in readings])
        found = [self.facts(reading, None, reply) for reading, reply in zip(readings, replies, strict=True)]
        return [facts.record if facts is not None else None for facts in found]

    async def glances(self, room_ids: Sequence[str]) -> dict[str, Glance | None]:
        """Rooms with their members and whoever waits. A room that could not be read is missing."""
        now_ms = self.now_ms
        readings = [self._glancing(room_id, now_ms) for room_id in room_ids]
        replies = await self._connection.run_many([reading.call for reading in readings])
        return {
            reading.room_id: self._glance(reading, reply, now_ms)
            for reading, reply in zip(readings, replies, strict=True)
            if not isinstance(reply, RoomsError)
        }

    def _glancing(self, room_id: str, now_ms: int) -> Reading:
        document, members = self._documents.get(room_id), self._members.get(room_id)
        names = keys.of_room(room_id, "room", "seats", "members", "waiting", "requests", "parted")
        args = [now_ms, document.mark, members.mark, *rows.FIELDS]
        return Reading(room_id, (scripts.GLANCE, names, args), document, members)

    def _glance(self, reading: Reading, reply: Any, now_ms: int) -> Glance | None:
        if not reply:
            return None
        fields, document, seats, listed, waiting, out = reply
        record = self._record(reading, fields, document, seats)
        if listed is None:
            people, parted = same(reading.members)
        else:
            before = reading.members.value
            belonging = (rows.listed(listed, before[0] if before is not None else None), rows.parted(out))
            people, parted = self._members.keep(reading.room_id, record.revision, belonging)
        requests = [rows.request(reading.room_id, row, now_ms) for row in waiting if row]
        requests.sort(key=lambda one: (one.requested_at_ms, one.id))
        turned_away = record.room.turned_away
        return Glance(record.room, people.members, seats, tuple(requests), turned_away, now_ms, parted)

    def _record(self, reading: Reading, fields: Sequence[Any], document: bytes | None, seats: int) -> Record:
        if document is None:
            settings = same(reading.document)
        else:
            mark = rows.text(fields[rows.FIELDS.index("version")])
            settings = self._documents.keep(reading.room_id, mark, json.loads(document))
        return rows.record(reading.room_id, fields, settings, seats)

    # ------------------------------------------------------------ writing

    async def create(self, room_id: str, fields: Mapping[str, Any], nonce: str) -> bool:
        """Write a room that must be confirmed within a minute; false when the id is another's."""
        args = [UNCONFIRMED_MS, nonce, *rows.pairs(fields)]
        return bool(await self._connection.run(scripts.CREATE, keys.of_room(room_id, "room"), args))

    async def confirm(self, room_id: str) -> None:
        """Make a new room stay."""
        await self._connection.command("PERSIST", *keys.of_room(room_id, "room"))

    async def change(self, record: Record, fields: Mapping[str, Any], version: str) -> Outcome:
        """Write fields if the room still is as ``record`` says, and tell whoever watches."""
        names = [*keys.of_room(record.room.id, "room"), channel_of(record.room.id)]
        args = [self.now_ms, record.version, version, *rows.pairs(fields)]
        return self._outcome(await self._connection.run(scripts.CHANGE, names, args))

    async def extend(self, room_id: str, more_ms: int, latest_ms: int, nonce: str) -> Outcome:
        """Let a room live so much longer, at most until ``latest_ms``."""
        names = [*keys.of_room(room_id, "room"), channel_of(room_id)]
        args = [self.now_ms, more_ms, nonce, latest_ms]
        return self._outcome(await self._connection.run(scripts.EXTEND, names, args))

    async def claim_publisher(self, room_id: str, nonce: str) -> Literal["gone", "over", "live", "yours"]:
        """Claim a room for a publisher that is about to start; ``live`` when another one is alive."""
        now_ms = self.now_ms
        reply = await self._connection.run(
            scripts.CLAIM_PUBLISHER, keys.of_room(room_id, "room"), [now_ms, now_ms + CLAIM_MS, nonce]
        )
        found: Literal["gone", "over", "live", "yours"] = reply.decode()
        return found

    async def end(
        self, room_id: str, reason: Literal["closed", "expired"], nonce: str
    ) -> Literal["gone", "active", "ended"]:
        """End a room; with reason ``expired`` only if its time is over (``active``: it is not)."""
        room, *others = keys.every_part(room_id)
        args = [self.now_ms, reason, ROOM_KEPT_MS, nonce]
        reply = await self._connection.run(scripts.END_ROOM, [room, channel_of(room_id), *others], args)
        found: Literal["gone", "active", "ended"] = reply.decode()
        return found

    async def tend(self, room_id: str, nonce: str) -> Tended | None:
        """Forget what time has overtaken, and say how the room stands; None: there is no such room."""
        now_ms = self.now_ms
        parts = ("room", "waiting", "requests", "askers", "asked", "members", "seats", "refused")
        names = keys.of_room(room_id, *parts, "parted", "parting", "barred")
        names.append(channel_of(room_id))
        args = [now_ms, now_ms - MEMBERSHIP_MS, TENDED_AT_ONCE, nonce]
        reply = await self._connection.run(scripts.TEND, names, args)
        if not reply:
            return None
        status, expires, wait, left = reply
        return Tended(rows.text(status) == "ended", rows.number(expires) or 0, rows.number(wait), left == -1)

    async def forget_recorded(self, room_id: str, known_ms: int) -> Literal["gone", "active", "ok"]:
        """Remove all but the row of a room that has ended, which is known so much longer at most."""
        room, *others = keys.every_part(room_id)
        names = [room, channel_of(room_id), *others]
        reply = await self._connection.run(scripts.FORGET_RECORDED, names, [known_ms])
        found: Literal["gone", "active", "ok"] = reply.decode()
        return found

    async def purge(self, room_ids: Sequence[str]) -> None:
        """Remove every part of rooms, ended or not, in one pipeline."""
        calls: list[Call] = [
            (scripts.PURGE, [channel_of(room_id), *keys.every_part(room_id)], []) for room_id in room_ids
        ]
        for reply in await self._connection.run_many(calls):
            if isinstance(reply, RoomsError):
                raise reply

    async def erase(self, room_id: str) -> None:
        """Remove every part of a room that the store itself has forgotten: this clears what came later."""
        await self._connection.command("UNLINK", *keys.every_part(room_id))

    @staticmethod
    def _outcome(reply: bytes) -> Outcome:
        found: Outcome = reply.decode()  # type: ignore[assignment]  # the script returns one of these words
        return found
