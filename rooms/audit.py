"""What the audit speaks of: who did what to which room, when, and what became of it. Pure.

An entry holds no credential, no password, no text of an invitation and no code that was typed wrong. Names in
it are what strangers call themselves: short and of one line, and to be escaped wherever they are shown.

A storm must neither cost those it is made of nor wash out what matters: what repeats within a second becomes
one entry with a count, what a crowd does beyond that one entry for all of it; and what owners did is kept
apart from who knocked, so that no amount of knocking pushes it out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from rooms.models import Caller

OK: Final = "ok"
WAITING: Final = "waiting"
"""The outcome of a join that waits for the owner; every other one is ``ok`` or the code of an error."""

PASSING: Final = frozenset({"join", "watch", "withdraw", "identity", "key_address"})
"""What visitors do, and what programs do by the thousand: it makes way for nothing but itself."""

NOWHERE: Final = frozenset({"room_not_found", "too_many_attempts"})
"""Outcomes that say nothing of a room: what was typed is not kept."""

TEXT: Final = 128
"""Characters of a text in an entry."""

HELD: Final = 1000
"""Entries of each of the two sorts that a node holds at most until they are written."""

CROWD: Final = 200
"""Entries of one kind about one room in one second; what comes beyond becomes one entry without names."""

MARKS: Final = 500
"""Keys at addresses, not written yet, that a node holds at most."""

TENANTS: Final = 256
"""Tenants for which it is counted apart what could not be held."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: ``kind`` as of ``Caller``, or ``server``; ``id`` a person or the public name of a key."""

    kind: str
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done or refused, or ``count`` alike within one second.

    Args:
        what: what was asked for, as routes name it: ``create``, ``join``, ``kick``, …
        outcome: ``ok``, ``waiting``, or the code of the error it was refused with.
        actor: who asked.
        tenant: whose audit it belongs to; None: the operator's own.
        room: the room's id.
        subject: what it was done to or with: a person, a request, the names of fields.
        client: the address (IPv4) or network (IPv6, /64) it came from.
        count: how many times.
        at_ms: when, by the store's clock; 0 until it was noted.
        id: its place in the audit; empty until it was written.
    """

    what: str
    outcome: str
    actor: Actor
    tenant: str | None = None
    room: str | None = None
    subject: str | None = None
    client: str | None = None
    count: int = 1
    at_ms: int = 0
    id: str = ""

    @property
    def lasting(self) -> bool:
        """Whether it was a doing of somebody with a right to it, which visitors must not push out."""
        return self.outcome == OK and self.what not in PASSING


def actor_of(caller: Caller) -> Actor:
    """Who calls, as far as a credential proves it."""
    if caller.kind in {"api_key", "operator"}:
        return Actor(caller.kind, caller.key_id, plain(caller.name))
    return Actor(caller.kind, caller.person, plain(caller.name))


def plain(text: str | None) -> str | None:
    """A stranger's text as an entry holds it: short, of one line, nothing in it that acts on a screen."""
    if not text:
        return None
    return "".join(char if char.isprintable() else "?" for char in text[:TEXT])


@dataclass(slots=True)
class _Alike:
    """Entries that are one, and the room as it was typed, while it is not known which one that is."""

    entry: AuditEntry
    ref: str | None
    count: int


@dataclass(slots=True)
class Taken:
    """What a buffer held: entries (with the room as typed, where it is to be found yet) and marked ones."""

    entries: list[tuple[AuditEntry, str | None]] = field(default_factory=list)
    marked: dict[str, AuditEntry] = field(default_factory=dict)


class Buffer:
    """What a node noted and has not written yet: bounded, alike folded into one, the rest counted."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._alike: dict[tuple[object, ...], _Alike] = {}
        self._groups: Counter[tuple[object, ...]] = Counter()
        self._sorts: Counter[bool] = Counter()
        self._missed: Counter[str | None] = Counter()
        self._marked: dict[str, AuditEntry] = {}

    def __len__(self) -> int:
        return len(self._alike) + len(self._marked) + len(self._missed)

    def add(self, entry: AuditEntry, ref: str | None = None) -> None:
        """Hold an entry, or count it with one that is alike. ``ref``: the room as it was typed."""
        if entry.outcome in NOWHERE:
            ref = None
        group = (entry.at_ms // 1000, entry.what, entry.outcome, entry.tenant, entry.room or ref)
        done = entry.outcome in {OK, WAITING}
        whose = (entry.actor.kind, entry.actor.id, entry.subject) if done else ()
        key: tuple[object, ...] = (*group, entry.client, *whose)
        if key not in self._alike and self._groups[group] >= CROWD:
            key, entry = group, replace(entry, actor=Actor("several"), subject=None, client=None)
        alike = self._alike.get(key)
        if alike is not None:
            alike.count += entry.count
        elif self._sorts[entry.lasting] >= HELD:
            self._miss(entry)
        else:
            self._alike[key] = _Alike(entry, ref, entry.count)
            self._groups[group] += 1
            self._sorts[entry.lasting] += 1

    def mark(self, mark: str, entry: AuditEntry) -> bool:
        """Hold an entry that is written only if its mark is new to the store; false when there is no room."""
        if mark not in self._marked and len(self._marked) >= MARKS:
            return False
        self._marked.setdefault(mark, entry)
        return True

    def take(self, now_ms: int) -> Taken:
        """Everything that is held, and of what could not be held, how many; the buffer is empty then."""
        entries = [(replace(one.entry, count=one.count), one.ref) for one in self._alike.values()]
        for tenant, count in self._missed.items():
            missed = AuditEntry("missed", "busy", Actor("server"), tenant, count=count, at_ms=now_ms)
            entries.append((missed, None))
        taken = Taken(entries, self._marked)
        self._begin()
        return taken

    def _miss(self, entry: AuditEntry) -> None:
        told = entry.tenant in self._missed or len(self._missed) < TENANTS
        self._missed[entry.tenant if told else None] += entry.count
