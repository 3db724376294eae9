"""Who did what to which room: noted at once in memory, written in batches, read a page at a time."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict, defaultdict
from dataclasses import replace

from rooms import codes
from rooms.audit import OK, AuditEntry, Buffer, Taken, actor_of, plain
from rooms.errors import InvalidRequest, RoomsError, StoreUnavailable
from rooms.manager.context import Context
from rooms.models import Caller, Room
from rooms.store import AuditStore, Batch, Place, keys
from rooms.tenants import LOCAL

TOGETHER = 250
"""Entries that one script writes; it keeps the store for about a millisecond."""

REFS = 100
"""Rooms, as they were typed, that are looked for at one writing."""

PAGE = 500
SCANNED = 2_000
"""Entries that one call reads at a time, and at most: what a filter leaves out is read too."""

KEYS = 1_024
ADDRESSES = 32
"""Keys, and addresses of each, that a node remembers to have seen."""

_log = logging.getLogger(__name__)


class Audit:
    """The audit of every tenant, and of the operator (``tenant`` None)."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = AuditStore(context.connection)
        self._node = secrets.token_hex(8)
        self._number = 0
        self._buffer = Buffer()
        self._waiting: list[Batch] = []
        self._writing = asyncio.Lock()
        self._seen: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    # ------------------------------------------------------------ noting

    def note(self, entry: AuditEntry, ref: str | None = None) -> None:
        """Note something that was done or refused. Never waits, never fails, never takes much room.

        ``ref`` is the room as it was typed, where ``entry.room`` is not known: it is looked for when the
        entry is written, and what leads nowhere is forgotten.
        """
        at_ms = entry.at_ms or self._context.now_ms
        self._buffer.add(replace(entry, at_ms=at_ms, subject=plain(entry.subject)), ref)

    def key_used(self, caller: Caller, client: str) -> None:
        """Note the first use of an API or operator key from an address. Costs a look into memory."""
        if caller.key_id is None:
            return
        seen = self._seen.get(caller.key_id)
        if seen is not None and client in seen:
            return
        now_ms = self._context.now_ms
        entry = AuditEntry("key_address", OK, actor_of(caller), caller.tenant, client=client, at_ms=now_ms)
        if self._buffer.mark(f"{caller.key_id} {client}", entry):
            self._remember(caller.key_id, client)

    def _remember(self, key_id: str, client: str) -> None:
        seen = self._seen.setdefault(key_id, OrderedDict())
        seen[client] = None
        while len(seen) > ADDRESSES:
            seen.popitem(last=False)
        self._seen.move_to_end(key_id)
        while len(self._seen) > KEYS:
            self._seen.popitem(last=False)

    # ------------------------------------------------------------ writing

    async def flush(self) -> None:
        """Write what was noted. While the store does not answer it is held, as much as fits."""
        async with self._writing:
            try:
                if not self._waiting and self._buffer:
                    self._waiting = await self._batches(self._buffer.take(self._context.now_ms))
                while self._waiting:
                    await self._write()
            except StoreUnavailable:
                _log.info("the audit cannot be written now and is held")

    async def _write(self) -> None:
        """Write the oldest batch of each tenant; raises when one of them was not."""
        first: dict[str | None, Batch] = {}
        for batch in self._waiting:
            first.setdefault(batch.tenant, batch)
        written = await self._store.write(self._node, list(first.values()))
        done = {id(batch) for batch, ok in zip(first.values(), written, strict=True) if ok}
        self._waiting = [batch for batch in self._waiting if id(batch) not in done]
        if not all(written):
            raise StoreUnavailable

    async def _batches(self, taken: Taken) -> list[Batch]:
        """The batches of what a buffer held, each entry in the audit of its room's tenant."""
        found = await self._rooms_of({ref for _, ref in taken.entries if ref})
        whole = Buffer()  # those that lead nowhere are alike now
        for entry, ref in taken.entries:
            room = found.get(ref) if ref and entry.room is None else None
            whole.add(entry if room is None else replace(entry, room=room.id, tenant=room.tenant))
        sorted_out: dict[str | None, list[tuple[str, AuditEntry]]] = defaultdict(list)
        for entry, _ in whole.take(self._context.now_ms).entries:
            sorted_out[entry.tenant].append(("", entry))
        for mark, entry in taken.marked.items():
            sorted_out[entry.tenant].append((mark, entry))
        batches = []
        for tenant, entries in sorted_out.items():
            if tenant is not None and not await self._is_there(tenant):
                continue  # it was deleted meanwhile: nothing of it may come back
            entries.sort(key=lambda one: one[1].at_ms)
            for start in range(0, len(entries), TOGETHER):
                self._number += 1
                batches.append(Batch(tenant, self._number, entries[start : start + TOGETHER]))
        return batches

    async def _is_there(self, tenant: str) -> bool:
        try:
            found = await self._context.tenants.tenant(tenant) if tenant != LOCAL else None
        except StoreUnavailable:
            return True  # nobody knows; what is written in vain goes after thirty days
        return tenant == LOCAL or (found is not None and found.status != "deleting")

    async def _rooms_of(self, refs: set[str]) -> dict[str, Room]:
        """The rooms that these ids and codes lead to, as far as they lead anywhere."""
        ids = {ref: ref for ref in refs if codes.is_room_id(ref)}
        typed = [ref for ref in refs if ref not in ids and codes.is_code(codes.normalise(ref))][:REFS]
        try:
            replies = await self._context.connection.command_many(
                [("GET", keys.code(codes.normalise(ref))) for ref in typed]
            )
            for ref, reply in zip(typed, replies, strict=True):
                if isinstance(reply, bytes):
                    ids[ref] = reply.decode()
            wanted = list(dict.fromkeys(ids.values()))[:REFS]
            records = await self._context.rooms.read_many(wanted)
        except RoomsError:
            return {}  # the entries are written without: better late, best not lost
        rooms = {record.room.id: record.room for record in records if record is not None}
        return {ref: rooms[room_id] for ref, room_id in ids.items() if room_id in rooms}

    # ------------------------------------------------------------ reading

    async def entries(
        self,
        tenant: str | None,
        *,
        room: str | None = None,
        what: str | None = None,
        since_ms: int = 0,
        before: str | None = None,
        limit: int = 100,
    ) -> tuple[list[AuditEntry], str | None]:
        """A page of a tenant's audit, newest first, and where the next one begins (None: there is none).

        A page may hold fewer than ``limit`` although there are more: only so many are looked at in one call.

        Args:
            tenant: whose; None: the operator's own.
            room: only of the room with this id.
            what: only of this kind.
            since_ms: only those that happened at this time or later.
            before: the ``next`` of the page before.
            limit: entries of a page.

        Raises:
            InvalidRequest: ``before`` is no such place.
            StoreUnavailable: the store does not answer.
        """
        place = None if before is None else Place.read(before)
        if before is not None and place is None:
            raise InvalidRequest("before: take what next said on the page before.", field="before")
        found: list[AuditEntry] = []
        for _ in range(SCANNED // PAGE):
            some = await self._store.newest(tenant, place, PAGE)
            for entry in some:
                place = Place.read(entry.id)
                if place is None or place.at_ms < since_ms:  # nothing is written before it happens
                    return found, None
                if room in {None, entry.room} and what in {None, entry.what} and entry.at_ms >= since_ms:
                    found.append(entry)
                if len(found) == limit:
                    return found, entry.id
            if len(some) < PAGE:
                return found, None
        return found, str(place)
