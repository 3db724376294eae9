"""The log of events of every room, in the store."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any

from rooms import Connection, RoomsError, Script, channel_of
from spectator.events import Decoded
from spectator.log import keys
from spectator.log.answers import appended, middle, producer_of, run_arguments
from spectator.log.chain import Chain, check, linked
from spectator.log.cursor import Cursor
from spectator.log.entry import Entry, read_entry
from spectator.log.head import FIELDS, Head, read_head
from spectator.log.names import Names
from spectator.log.results import Appended, Fence, Lease, Loaded, Retention, Tail, Wants


def _script(name: str, *shared: str) -> Script:
    """Read a script with the functions it shares with others put before it."""
    folder = resources.files("spectator.log").joinpath("scripts")
    parts = (folder.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in (*shared, name))
    return Script(name, "\n".join(parts))


_APPEND = _script("append", "publisher", "producers")
_ANNOUNCE = _script("announce")
_READ = _script("read", "range")
_LOAD = _script("load", "range")
_RAISE_EPOCH = _script("raise_epoch")
_LEASE = _script("lease")
_CHECKPOINT = _script("checkpoint")
_TRIM = _script("trim")

_TRIMMED_AT_ONCE = 1000
"""Entries that one run of the trim script drops at most."""


class Log:
    """The logs of all rooms.

    Every method may raise StoreUnavailable; nothing is then known to have been written.
    """

    def __init__(self, connection: Connection, retention: Retention | None = None) -> None:
        self.connection = connection
        self.retention = retention or Retention()
        self._names = Names(connection, self.retention.series)

    async def append(
        self,
        room_id: str,
        decoded: Decoded,
        *,
        producer: str | None = None,
        sequence: int | None = None,
        fence: Fence | None = None,
    ) -> Appended:
        """Append the events of one POST, all or none, and ring the room's bell.

        With ``producer`` and ``sequence`` repeats are harmless: n follows n - 1 (the first is 1); n once more
        is answered as it was; an older n is answered with ``duplicate``. Lines that would begin a series
        beyond those a room may have are left out with the code ``too_many_series``. ``fence``: what must
        still be so. Raises Unauthorized (another room key counts now), ClaimLost, SequenceGap,
        RoomNotFound, RoomClosed, RoomExpired, InvalidRequest (producer or sequence malformed), Busy
        (checkpoints do not keep up).
        """
        source = producer_of(producer, sequence)
        batch = await self._names.admit(room_id, decoded)
        arguments = (
            self.connection.clock.now_ms(),
            secrets.token_hex(4),
            len(batch.events),
            b"\n".join(batch.events),
            *source,
            middle(batch),
            *run_arguments(batch.run),
            channel_of(room_id),
            self.retention.most_after,
            self.retention.producers,
            *_fence(fence or Fence()),
        )
        named = (keys.room, keys.head, keys.log, keys.producers, keys.waiting, keys.crowd, keys.here)
        reply = await self.connection.run(_APPEND, [key(room_id) for key in named], arguments)
        return appended(reply, self.retention)

    async def heartbeat(self, room_id: str, fence: Fence | None = None) -> Appended:
        """Note that the publisher is alive; answers as append does, and raises what append raises."""
        return await self.append(room_id, Decoded(), fence=fence)

    async def last_sequence(self, room_id: str, producer: str) -> int:
        """The number of the last batch of a producer that is stored; 0 where none is known."""
        row = await self.connection.command("HGET", keys.producers(room_id), producer)
        return int(row.partition(b" ")[0]) if row else 0

    async def announce(self, room_id: str, node: str, watching: int, wants: Wants) -> int:
        """Tell the publisher, for the next 15 s, what the viewers on this node want.

        ``watching``: how many of them are keys. People are not told here: ``rooms`` counts each once, on all
        nodes. Nobody who wants anything takes it back. Returns how many keys watch on all nodes together.
        Hubs call this when it changes and every 5 s.
        """
        wanted = (wants.max_fps, int(wants.frames), int(wants.decisions), int(wants.episodes))
        arguments = (self.connection.clock.now_ms(), node, watching, *wanted)
        return int(await self.connection.run(_ANNOUNCE, [keys.crowd(room_id)], arguments))

    async def heads(self, room_ids: Iterable[str]) -> dict[str, Head]:
        """Return the heads of these rooms, in one pipeline, and set the node's clock by the store's.

        A room without events has an empty head.
        """
        wanted = list(room_ids)
        heads, _ = await asyncio.gather(self.heads_each(wanted), self.connection.tell_time())
        return {room_id: _sound(head) for room_id, head in zip(wanted, heads, strict=True)}

    async def heads_each(self, room_ids: Sequence[str]) -> list[Head | RoomsError]:
        """Return the heads of these rooms in order, in one pipeline.

        An error in the place of a head: the server of that room did not answer; in a cluster others did.
        """
        commands = [("HMGET", keys.head(room_id), *FIELDS) for room_id in room_ids]
        replies = await self.connection.command_many(commands)
        now = self.connection.clock.now_ms()
        return [reply if isinstance(reply, RoomsError) else read_head(reply, now) for reply in replies]

    async def read(self, cursors: Sequence[tuple[str, Cursor]]) -> list[Tail]:
        """Return what follows each cursor, of all of them or none; else as read_each."""
        return [_sound(tail) for tail in await self.read_each(cursors)]

    async def read_each(self, cursors: Sequence[tuple[str, Cursor]]) -> list[Tail | RoomsError]:
        """Return what follows each cursor, in one pipeline. For the hub's own cursors only.

        When a log turns out to have lost what the cursor stands on, the epoch is raised by compare-and-set,
        so that every node and every viewer learns it. An error in the place of a tail: the server of that
        room did not answer; in a cluster the others did.
        """
        calls = [
            (_READ, (keys.head(room_id), keys.log(room_id)), (cursor.seq, self.retention.page))
            for room_id, cursor in cursors
        ]
        replies = await self.connection.run_many(calls)
        tails: list[Tail | RoomsError] = []
        for (room_id, cursor), reply in zip(cursors, replies, strict=True):
            if isinstance(reply, RoomsError):
                tails.append(reply)
                continue
            tail = self._tail(cursor, reply)
            if tail.broken and tail.head.epoch == cursor.epoch:
                await self._raise_epoch(room_id, cursor.epoch)
            tails.append(tail)
        return tails

    async def resume(self, room_id: str, cursor: Cursor) -> Tail:
        """Return what follows a cursor that a viewer brought.

        As read, but never changes the epoch: the viewer may have made the cursor up.
        """
        named = (keys.head(room_id), keys.log(room_id))
        return self._tail(cursor, await self.connection.run(_READ, named, (cursor.seq, self.retention.page)))

    async def load(self, room_id: str, *, checkpoint: bool = True) -> Loaded:
        """Return the checkpoint and what follows it, of one moment; or, without it, all that is kept."""
        named = (keys.head(room_id), keys.checkpoint(room_id), keys.log(room_id))
        if checkpoint:
            values, blob, raw, more = await self.connection.run(_LOAD, named, (self.retention.page,))
            head, entries = read_head(values, self.connection.clock.now_ms()), _entries(raw)
            follows = linked(head.checkpoint_seq, head.checkpoint_tag, entries)
            at_head = not entries and (head.seq, head.tag) == (head.checkpoint_seq, head.checkpoint_tag)
            if blob is None or follows or at_head:
                return Loaded(blob, entries, head, bool(more))
        values, raw, more = await self.connection.run(_READ, (named[0], named[2]), (0, self.retention.page))
        head = read_head(values, self.connection.clock.now_ms())
        return Loaded(None, _entries(raw), head, bool(more))

    async def lease(self, room_id: str) -> Lease | None:
        """Ask for the right to write the next checkpoint. None: none is due, or another node is at it."""
        token = secrets.token_hex(8)
        keep = self.retention
        arguments = (
            self.connection.clock.now_ms(),
            token,
            keep.lease_ms,
            keep.checkpoint_after,
            keep.checkpoint_events,
        )
        granted = await self.connection.run(_LEASE, [keys.head(room_id)], arguments)
        return Lease(room_id, token) if granted else None

    async def write_checkpoint(self, lease: Lease, at: Cursor, checkpoint: bytes, covered: int) -> bool:
        """Store a checkpoint that stands at ``at`` and covers ``covered`` more bytes, then trim.

        False: the lease was lost, or the log no longer holds that place; nothing was written.
        """
        named = [keys.head(lease.room_id), keys.checkpoint(lease.room_id), keys.log(lease.room_id)]
        arguments = (lease.token, at.seq, at.tag, checkpoint, covered)
        if not await self.connection.run(_CHECKPOINT, named, arguments):
            return False
        await self.trim(lease.room_id)
        return True

    async def trim(self, room_id: str) -> int:
        """Drop entries that are covered by the checkpoint and beyond what is kept; return how many."""
        dropped = 0
        named = [keys.head(room_id), keys.log(room_id)]
        while True:
            oldest = self.connection.clock.now_ms() - self.retention.keep_ms
            count = int(await self.connection.run(_TRIM, named, (oldest, self.retention.keep_bytes)))
            dropped += count
            if count < _TRIMMED_AT_ONCE:
                return dropped

    def _tail(self, cursor: Cursor, reply: Sequence[Any]) -> Tail:
        values, raw, more = reply
        head, entries = read_head(values, self.connection.clock.now_ms()), _entries(raw)
        match check(cursor, head, entries):
            case Chain.INTACT:
                return Tail(entries, head, more=bool(more))
            case Chain.TRIMMED:
                return Tail([], head, trimmed=True)
            case Chain.BROKEN:
                return Tail([], head, broken=True)

    async def _raise_epoch(self, room_id: str, epoch: int) -> None:
        """Tell every node that the log is not what it was. Epochs are times, so none comes twice."""
        coming = max(self.connection.clock.now_ms(), epoch + 1)
        await self.connection.run(_RAISE_EPOCH, [keys.head(room_id)], (epoch, coming, channel_of(room_id)))


def _fence(fence: Fence) -> tuple[int | str, str]:
    return "" if fence.generation is None else fence.generation, fence.claim or ""


def _entries(raw: Sequence[Any]) -> list[Entry]:
    return [read_entry(identifier, fields) for identifier, fields in raw]


def _sound(reply: Any) -> Any:
    """Raise an error that a pipeline returned in place of a reply."""
    if isinstance(reply, RoomsError):
        raise reply
    return reply
