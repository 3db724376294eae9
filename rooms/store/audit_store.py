"""The audit as it lies in the store: two bounded streams a tenant, one of doings and one of visits."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rooms.audit import Actor, AuditEntry
from rooms.connection import Call, Connection
from rooms.errors import RoomsError
from rooms.store import keys, rows, scripts

KEPT = 5_000
"""Entries of each of the two sorts that a tenant's audit keeps at most."""

KEPT_MS = 30 * 24 * 3_600_000
"""How long an entry is kept at most."""

ADDRESSES = 1_000
"""Addresses of a tenant's keys that are remembered, those seen last."""

_PLACE = re.compile(r"([0-9]{1,15})-([0-9]{1,15})([dv])")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry lies, in the one order of both streams."""

    at_ms: int
    number: int
    sort: str

    def __str__(self) -> str:
        return f"{self.at_ms}-{self.number}{self.sort}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place that an entry's id names; None for what is no id."""
        found = _PLACE.fullmatch(text)
        return cls(int(found[1]), int(found[2]), found[3]) if found is not None else None


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one tenant that are written together: (mark or empty, entry), in the order they happened."""

    tenant: str | None
    number: int
    entries: Sequence[tuple[str, AuditEntry]]


class AuditStore:
    """Appends to and reads from the audits; ``kept`` entries of each sort."""

    def __init__(self, connection: Connection, kept: int = KEPT) -> None:
        self._connection = connection
        self._kept = kept

    async def write(self, node: str, batches: Sequence[Batch]) -> list[bool]:
        """Write batches in one pipeline; says of each whether it was written. Repeats are harmless."""
        now_ms = self._connection.clock.now_ms()
        replies = await self._connection.run_many([self._call(node, batch, now_ms) for batch in batches])
        return [not isinstance(reply, RoomsError) for reply in replies]

    async def newest(self, tenant: str | None, before: Place | None, most: int) -> list[AuditEntry]:
        """The newest entries of a tenant's audit that lie before a place, newest first."""
        doings, visits, *_ = keys.of_audit(tenant)
        replies = await self._connection.command_many(
            [
                ("XREVRANGE", key, _end(before, sort), "-", "COUNT", most)
                for key, sort in ((doings, "d"), (visits, "v"))
            ]
        )
        oldest_ms = self._connection.clock.now_ms() - KEPT_MS
        found: list[tuple[Place, AuditEntry]] = []
        for reply, sort in zip(replies, "dv", strict=True):
            if isinstance(reply, RoomsError):
                raise reply
            found += [_entry(one, fields, sort, tenant) for one, fields in reply]
        found.sort(key=lambda one: one[0], reverse=True)
        return [entry for place, entry in found[:most] if place.at_ms >= oldest_ms]

    def _call(self, node: str, batch: Batch, now_ms: int) -> Call:
        args: list[Any] = [
            node,
            batch.number,
            self._kept,
            max(0, now_ms - KEPT_MS),
            KEPT_MS,
            ADDRESSES,
            now_ms,
        ]
        for mark, entry in batch.entries:
            args += ["d" if entry.lasting else "v", mark, _row(entry)]
        return (scripts.NOTE, keys.of_audit(batch.tenant), args)


def _end(before: Place | None, sort: str) -> str:
    """Where one of the streams is read from, backwards: before a place that may lie in the other one."""
    if before is None:
        return "+"
    whole = sort < before.sort  # at the same time and number a doing lies before a visit
    return f"{'' if whole else '('}{before.at_ms}-{before.number}"


def _row(entry: AuditEntry) -> str:
    actor = [entry.actor.kind, entry.actor.id, entry.actor.name]
    return rows.write(
        {
            "at": entry.at_ms,
            "what": entry.what,
            "outcome": entry.outcome,
            "room": entry.room,
            "actor": actor,
            "subject": entry.subject,
            "client": entry.client,
            "count": entry.count,
        }
    )


def _entry(
    place: bytes, fields: Mapping[bytes, bytes], sort: str, tenant: str | None
) -> tuple[Place, AuditEntry]:
    at_ms, _, number = place.decode().partition("-")
    found = Place(int(at_ms), int(number), sort)
    row = json.loads(fields[b"e"])
    entry = AuditEntry(
        what=row["what"],
        outcome=row["outcome"],
        actor=Actor(*row["actor"]),
        tenant=tenant,
        room=row["room"],
        subject=row["subject"],
        client=row["client"],
        count=row["count"],
        at_ms=row["at"],
        id=str(found),
    )
    return found, entry
