"""Rows as they lie in the store, read into models and written from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from rooms.models import AccessLevel, BlockedPerson, JoinRequest, Member, Parted, RequestStatus, Room

FIELDS = (
    "status", "version", "revision", "generation", "code", "max", "created_at", "expires_at", "absolute_at",
    "idle_ms", "publisher_until", "turned_away", "ended_at", "end_reason",
)  # fmt: skip
"""The plain fields of a room's hash, in the order in which scripts are asked for them."""


@dataclass(frozen=True, slots=True)
class Record:
    """A room and what never leaves the package: its document as stored, its password's hash, its marks."""

    room: Room
    document: Mapping[str, Any] = field(repr=False)
    version: str
    revision: str

    @property
    def password_hash(self) -> str | None:
        """The argon2id hash, or None for a room without a password."""
        return cast("str | None", self.document["password_hash"])


@dataclass(frozen=True, slots=True)
class Facts:
    """A room and what one person is to it, at one moment. All of it is empty for a stranger."""

    record: Record
    member: Member | None = None
    lease_end_ms: int | None = None
    refused_until_ms: int | None = None
    request_id: str | None = None
    waiting: int = 0
    barred_until_ms: int | None = None


def number(value: bytes | None) -> int | None:
    """A number as Lua may have written it; None for a missing or empty field."""
    return int(float(value)) if value else None


def text(value: bytes | None) -> str:
    """A text field; empty when missing."""
    return value.decode() if value else ""


def record(room_id: str, values: Sequence[bytes | None], document: Mapping[str, Any], seats: int) -> Record:
    """A room from the values of ``FIELDS``, its document and the count of its seats."""
    fields = dict(zip(FIELDS, values, strict=True))
    room = Room(
        id=room_id,
        code=text(fields["code"]),
        status=cast('Literal["active", "paused", "ended"]', text(fields["status"])),
        end_reason=cast('Literal["closed", "expired"] | None', text(fields["end_reason"]) or None),
        generation=number(fields["generation"]) or 0,
        max_spectators=number(fields["max"]) or 0,
        created_at_ms=number(fields["created_at"]) or 0,
        expires_at_ms=number(fields["expires_at"]) or 0,
        absolute_at_ms=number(fields["absolute_at"]),
        idle_ms=number(fields["idle_ms"]),
        ended_at_ms=number(fields["ended_at"]),
        publisher_until_ms=number(fields["publisher_until"]) or 0,
        turned_away=number(fields["turned_away"]) or 0,
        seats=seats,
        **_settings(document),
    )
    return Record(room, document, text(fields["version"]), text(fields["revision"]))


def _settings(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the owner set, as fields of ``Room``; the hash stays behind."""
    plain = (
        "name", "tenant", "owner_id", "key_id", "training_session_id", "mode", "require_approval",
        "approval_timeout", "listed", "enable_metrics_overlay", "enable_performance_graphs",
        "enable_decision_visualization", "config", "metadata",
    )  # fmt: skip
    graphs = document["graphs"]
    return {
        **{name: document[name] for name in plain},
        "access_level": AccessLevel(document["access_level"]),
        "has_password": document["password_hash"] is not None,
        "allowed_users": frozenset(document["allowed_users"]),
        "blocked_users": frozenset(document["blocked_users"]),
        "presence": document.get("presence", "count"),  # rooms from before there was a choice
        "webhook": document.get("webhook"),
        "graphs": None if graphs is None else tuple(graphs),
    }


def write(row: Mapping[str, Any]) -> str:
    """A row or document as stored."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def member(person: str, row: bytes) -> Member:
    """A member from the row under ``person``."""
    data = json.loads(row.decode())  # of bytes it would guess the encoding first
    return Member(
        person,
        data["role"],
        data["grant"],
        data["name"],
        data["joined_at"],
        data.get("user"),
        data.get("by", "code"),
        data.get("source"),
    )


def member_row(one: Member) -> str:
    """The row of a member."""
    data: dict[str, Any] = {
        "role": one.role,
        "grant": one.grant_id,
        "name": one.name,
        "joined_at": one.joined_at_ms,
        "by": one.by,
    }
    more = {"user": one.user_id, "source": one.source}
    return write(data | {name: value for name, value in more.items() if value})


def least_lag(ties: bytes, now_ms: int) -> int | None:
    """The lowest lag of the ties that count still; None when all have lapsed.

    A row of ties names for each node until when it counts and how far behind: ``<node> <ms> <lag ms> ...``.
    """
    parts = ties.split()
    lags = [int(parts[at + 2]) for at in range(0, len(parts), 3) if int(parts[at + 1]) > now_ms]
    return min(lags, default=None)


def members(pairs: Sequence[bytes]) -> dict[str, Member]:
    """Members from the reply of HGETALL, in the order they joined."""
    return listed(pairs).members


@dataclass(frozen=True, slots=True)
class Listed:
    """The members of a room in the order they joined, and the rows they were read from."""

    members: dict[str, Member]
    rows: dict[bytes, bytes] = field(repr=False)


def listed(pairs: Sequence[bytes], before: Listed | None = None) -> Listed:
    """Members from the reply of HGETALL; only rows that are new since ``before``, or others now, are parsed.

    While five thousand people join a room it is read several times a second, and nearly all of it is as it
    was: to parse it all took 21 ms each time. Who did not change is the same object as before.
    """
    known = before or Listed({}, {})
    rows_now = dict(zip(pairs[::2], pairs[1::2], strict=True))
    others = [person for person, row in rows_now.items() if known.rows.get(person) != row]
    fresh = [member(person.decode(), rows_now[person]) for person in others]
    if len(known.rows) + len(fresh) == len(rows_now):  # nobody left, nobody changed
        kept = dict(known.members)
    else:
        changed = {one.person for one in fresh}
        kept = {
            person: one
            for person, one in known.members.items()
            if person.encode() in rows_now and person not in changed
        }
    fresh.sort(key=_joined)
    newest = next(reversed(kept.values()), None)
    if not fresh or newest is None or _joined(newest) <= _joined(fresh[0]):
        return Listed(kept | {one.person: one for one in fresh}, rows_now)
    everybody = sorted([*kept.values(), *fresh], key=_joined)
    return Listed({one.person: one for one in everybody}, rows_now)


def _joined(one: Member) -> tuple[int, str]:
    return one.joined_at_ms, one.person


def parted(pairs: Sequence[bytes]) -> dict[str, Parted]:
    """Who was put out lately, from the reply of HGETALL."""
    found = (parted_one(pairs[index].decode(), pairs[index + 1]) for index in range(0, len(pairs), 2))
    return {one.person: one for one in found}


def parted_one(person: str, row: bytes) -> Parted:
    """Somebody who was put out, from the row under ``person``."""
    data = json.loads(row)
    return Parted(
        person, data["name"], data["cause"], data["at"], data.get("user"), data.get("source"), data["mark"]
    )


def parted_row(one: Parted) -> str:
    """The row of somebody who was put out."""
    data: dict[str, Any] = {"name": one.name, "cause": one.cause, "at": one.at_ms, "mark": one.mark}
    more = {"user": one.user_id, "source": one.source}
    return write(data | {name: value for name, value in more.items() if value})


def blocked_one(person: str, row: bytes) -> BlockedPerson:
    """Somebody on the list of the blocked, from the row under ``person``."""
    data = json.loads(row)
    return BlockedPerson(person, data["name"], data.get("user"), data["at"], data.get("source"))


def blocked_row(one: BlockedPerson) -> str:
    """The row of somebody on the list of the blocked."""
    data: dict[str, Any] = {"name": one.name, "at": one.blocked_at_ms}
    more = {"user": one.user_id, "source": one.source}
    return write(data | {name: value for name, value in more.items() if value})


def request(room_id: str, row: bytes, now_ms: int) -> JoinRequest:
    """A request from its row; one that nobody answered in time is ``expired``, whatever the row says."""
    data = json.loads(row)
    status: RequestStatus = data["status"]
    if status == "pending_approval" and data["expires_at"] <= now_ms:
        status = "expired"
    return JoinRequest(
        id=data["id"],
        room_id=room_id,
        person=data["person"],
        name=data["name"],
        user_id=data["user"],
        requested_at_ms=data["requested_at"],
        expires_at_ms=data["expires_at"],
        status=status,
        source=data.get("source") or None,
    )


def request_row(one: JoinRequest) -> str:
    """The row of a request."""
    return write(
        {
            "id": one.id,
            "person": one.person,
            "name": one.name,
            "user": one.user_id,
            "requested_at": one.requested_at_ms,
            "expires_at": one.expires_at_ms,
            "status": one.status,
            "source": one.source or "",
        }
    )


def source_in_row(one: JoinRequest) -> str:
    """How a request's source stands in its row: quotes cannot be written into any other field unescaped."""
    return f'"source":"{one.source or ""}"'


def denied_row(one: JoinRequest) -> str:
    """The row of a request once it is denied."""
    return request_row(replace(one, status="denied"))


def pairs(fields: Mapping[str, Any]) -> Iterable[Any]:
    """Fields and values in turn, as HSET wants them; None is written as an empty field."""
    for name, value in fields.items():
        yield name
        yield "" if value is None else value
