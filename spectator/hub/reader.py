"""Bringing rooms to the head of their log, one pipeline a beat, and what is new to their viewers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from rooms import Room, RoomsError, StoreUnavailable
from spectator.hub.beat import Beat
from spectator.hub.delivery import deliver
from spectator.hub.feed import Feed
from spectator.hub.node import Node
from spectator.hub.outage import Outage
from spectator.hub.packets import Packet
from spectator.hub.pump import Pump
from spectator.hub.room import RoomHub
from spectator.hub.viewer import NOWHERE
from spectator.log import Cursor, Entry, Tail
from spectator.overlay import DEFAULT_GRAPHS, Completed, Graph, InvalidGraphs, read_graphs
from spectator.state import restore
from spectator.tasks import Tasks

FOLD = 256
"""Events folded between two yields to the loop: about two milliseconds."""

LOADS = 4
"""Rooms that begin anew at the same time: each holds a page of its log beside its state."""

logger = logging.getLogger("spectator.hub")


class Reader:
    """Cold start, bell, gap and failover are one thing here: bring a room from its cursor to the head.

    Only this class moves a feed forward, each by one task at a time.
    """

    def __init__(self, node: Node, pump: Pump, outage: Outage, tasks: Tasks) -> None:
        self._node = node
        self._pump = pump
        self._outage = outage
        self._tasks = tasks
        self._anew: set[str] = set()  # rooms that are being read from their beginning
        self._loads = asyncio.Semaphore(LOADS)
        self._beat = Beat(node.policy.beat_s)
        self._rung = asyncio.Event()

    def ring(self, room_id: str) -> None:
        """The log of a room has news, or may have; nothing happens for a room nobody watches here."""
        room = self._node.rooms.get(room_id)
        if room is not None and room.feed is not None:
            self._beat.ring(room_id, self._node.clock())
            self._rung.set()

    def forget(self, room_id: str) -> None:
        """Nobody watches that room any more."""
        self._beat.forget(room_id)

    async def load(self, room: RoomHub) -> None:
        """Cold start: checkpoint and tail; what the tail holds is ready to be sent again.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        passed: deque[tuple[Entry, list[Completed]]] = deque()
        size = 0

        def remember(entry: Entry, events: list[Completed]) -> None:
            nonlocal size
            if passed and entry.first != passed[-1][0].last + 1:  # it began again
                passed.clear()
                size = 0
            passed.append((entry, events))
            size += entry.size
            while size > self._node.policy.ring_bytes and len(passed) > 1:
                size -= passed.popleft()[0].size

        state, head = await restore(self._node.log, room.id, passed=remember)
        graphs = graphs_of(room.glance.room) if room.glance is not None else DEFAULT_GRAPHS
        room.feed = Feed(
            state,
            self._node.policy,
            self._node.clock(),
            passed=list(passed),
            graphs=graphs,
            stats=self._node.stats,
        )
        room.head = head
        self.ring(room.id)

    async def reach_back(self, room: RoomHub, since: Cursor) -> None:
        """Put what follows ``since`` into the ring, where it is older than the ring and still kept.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        feed = room.feed
        if feed is None or since.epoch != feed.cursor.epoch or since.seq >= feed.ring.base[0]:
            return
        tail = await self._node.log.resume(room.id, since)
        if room.feed is feed and tail.entries:
            feed.extend_back(tail.entries, (since.seq, since.tag), self._node.clock())

    async def round(self) -> None:
        """Wait until rooms are due, read what is new in all of them, and send it out."""
        wait = self._beat.wait(self._node.clock())
        if wait is None or wait > 0:
            await self._sleep(wait)
            return
        rooms = [
            self._node.rooms[room_id]
            for room_id in self._beat.take(self._node.clock())
            if room_id in self._node.rooms and room_id not in self._anew
        ]
        cursors = [(room.id, room.feed.cursor) for room in rooms if room.feed is not None]
        began = self._node.clock()
        try:
            with self._node.span("hub read", {"spectator.rooms": len(cursors)}):
                await self._read(cursors)
            self._node.stats.beat.add(self._node.clock() - began)
        except StoreUnavailable:
            self._outage.failed()
            if self._node.log.connection.is_cluster:
                return  # rooms of other servers go on; when all are back, every room is read
            await self._outage.wait()
            for room in rooms:
                self.ring(room.id)

    async def _read(self, cursors: Sequence[tuple[str, Cursor]]) -> None:
        """One pipeline for all of them, then what is new to their viewers.

        Rooms on a server of the store that does not answer are left out, and read when the store is back as a
        whole; the others go on. Raises StoreUnavailable when none answers.
        """
        tails = await self._node.log.read_each(cursors) if cursors else []
        lost = [tail for tail in tails if isinstance(tail, RoomsError)]
        if lost and len(lost) == len(tails):
            raise lost[0]
        if lost:
            self._outage.failed()
        for (room_id, _), tail in zip(cursors, tails, strict=True):
            if room_id in self._node.rooms and isinstance(tail, Tail):
                began = self._node.clock()
                await self._advance(self._node.rooms[room_id], tail)
                self._beat.took(room_id, self._node.clock() - began)

    async def _sleep(self, seconds: float | None) -> None:
        """Until somebody rings or the time is over."""
        self._rung.clear()
        timer = None
        if seconds is not None:
            timer = asyncio.get_running_loop().call_later(seconds, self._rung.set)
        try:
            await self._rung.wait()
        finally:
            if timer is not None:
                timer.cancel()

    async def _advance(self, room: RoomHub, tail: Tail) -> None:
        if tail.broken or tail.trimmed:
            self._begin_anew(room, tail)
            return
        room.head = tail.head
        if tail.entries:
            waited_ms = self._node.now_ms() - tail.entries[0].time_ms
            self._node.stats.store_lag.add(waited_ms / 1000)
        for part in _parts(tail.entries):
            if room.feed is None:
                return
            packets = room.feed.extend(part, tail.head.epoch, self._node.clock())
            for place, packet in enumerate(packets, room.feed.ring.end - len(packets)):
                await self._send(room, place, packet)
            if len(tail.entries) > len(part):
                await asyncio.sleep(0)
        if tail.more:
            self.ring(room.id)

    async def _send(self, room: RoomHub, place: int, packet: Packet) -> None:
        viewers, burst = room.viewers, self._node.policy.burst
        for start in range(0, len(viewers), burst):
            if start:
                await asyncio.sleep(0)
            self._pump.attend(room, deliver(viewers[start : start + burst], place, packet, self._node.stats))

    def _begin_anew(self, room: RoomHub, tail: Tail) -> None:
        """The log is not what it was, or this node fell behind what is kept: all get the whole picture.

        Read beside the beat: after a failover there may be hundreds of such rooms, and the others go on.
        """
        self._anew.add(room.id)
        self._tasks.start(self._load_anew(room, tail), f"{room.id} begins anew")

    async def _load_anew(self, room: RoomHub, tail: Tail) -> None:
        epoch = room.feed.cursor.epoch if room.feed is not None else 0
        try:
            async with self._loads:
                if await self._is_removed(room, tail):
                    return  # its viewers are told so; the look at each second asks again while it is here
                self._tell_anew(room, tail)
                await self.load(room)
        except StoreUnavailable:
            self._outage.failed()  # when it is back, every room is read
            return
        finally:
            self._anew.discard(room.id)
        self.ring(room.id)
        if room.feed is not None and room.feed.cursor.epoch != epoch:
            self._node.stats.epochs += 1
        for viewer in room.viewers:
            viewer.place = viewer.exact_to = NOWHERE
            viewer.mark = viewer.acked = None
            viewer.held = False
            viewer.settle()
        self._pump.attend(room, room.viewers)

    async def _is_removed(self, room: RoomHub, tail: Tail) -> bool:
        """Whether there is no log because somebody removed the room, or what was recorded in it."""
        if tail.head.epoch:
            return False
        glance = await self._node.manager.glance(room.id)
        return glance is None or glance.room.status == "ended"

    def _tell_anew(self, room: RoomHub, tail: Tail) -> None:
        reason = "lost" if tail.broken else "trimmed"
        self._node.stats.gaps[reason] += 1
        why = "its log lost events" if tail.broken else "what follows is no longer kept"
        told = {"event": "began_anew", "fields": {"room": room.id, "reason": reason}}
        logger.warning("%s: %s; its viewers begin anew", room.id, why, extra=told)


def graphs_of(room: Room) -> Sequence[Graph]:
    """The graphs its owner configured, else the default ones; they were checked before they were stored."""
    if room.graphs is None:
        return DEFAULT_GRAPHS
    try:
        return read_graphs([dict(graph) for graph in room.graphs])
    except InvalidGraphs as error:
        logger.warning("%s: stored graphs are not valid (%s); showing the default ones", room.id, error.field)
        return DEFAULT_GRAPHS


def _parts(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The entries in lists of about FOLD events."""
    parts: list[list[Entry]] = []
    count = FOLD
    for entry in entries:
        if count >= FOLD:
            parts.append([])
            count = 0
        parts[-1].append(entry)
        count += len(entry.events)
    return parts
