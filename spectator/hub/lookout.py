"""What a hub does each second, bell or no bell: look at its rooms' heads, tell what changed beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from rooms import RoomsError, StoreFull, StoreUnavailable
from spectator.hub import speech
from spectator.hub.codes import Close
from spectator.hub.crowd import audience
from spectator.hub.delivery import acknowledge
from spectator.hub.gatekeeper import Gatekeeper
from spectator.hub.node import Node
from spectator.hub.outage import Outage
from spectator.hub.packets import Message
from spectator.hub.presence import AUDIENCES, Presence
from spectator.hub.pump import Pump
from spectator.hub.reader import Reader
from spectator.hub.room import RoomHub
from spectator.hub.seats import Lease, Seats
from spectator.hub.viewer import Variant, Viewer
from spectator.log import run_status

SILENT = frozenset({"stalled", "crashed"})

End = Callable[[Viewer, Close], None]


class Lookout:
    """One look a second: lost bells, the store's clock, silent publishers, the crowd, seats, who is stuck."""

    def __init__(
        self,
        node: Node,
        reader: Reader,
        gatekeeper: Gatekeeper,
        pump: Pump,
        seats: Seats,
        presence: Presence,
        outage: Outage,
        end: End,
        lost: Callable[[Viewer], None],
    ) -> None:
        self._node = node
        self._reader = reader
        self._gatekeeper = gatekeeper
        self._pump = pump
        self._seats = seats
        self._presence = presence
        self._outage = outage
        self._end = end
        self._lost = lost
        self._jumps = 0  # of the store's clock, after which the seats were renewed

    async def round(self) -> None:
        """Wait a second, then look."""
        await asyncio.sleep(self._node.policy.look_s)
        self._find_stuck()
        looked = False
        try:
            if await self._look():
                self._outage.answered()
            else:
                self._outage.answered_in_part()
            looked = True
            await self._keep()
            self._outage.took()
        except StoreFull:
            self._outage.refused()
        except StoreUnavailable:
            if looked:
                self._outage.failed()
            else:
                self._outage.vanished()
        self._gatekeeper.ring_old()
        for room in self._watched():
            self._tell(room)
            await asyncio.sleep(0)

    def _find_stuck(self) -> None:
        """End who takes nothing, hold back whose acks stay away, forget streams that nobody listens to."""
        now, patience = self._node.clock(), self._node.policy.ack_s / 2
        for room in self._watched():
            assert room.feed is not None, "a room that is watched has a feed"
            last = room.feed.cursor.seq
            for viewer in room.viewers:
                silent = viewer.acked is not None and viewer.acked < last and not viewer.idle
                if silent and (viewer.mark is None or now - viewer.mark[1] > patience):
                    acknowledge(room.feed, viewer, now)
                    if viewer.held:
                        self._pump.attend(room, [viewer])
                if viewer.variant is Variant.SSE and viewer.sink.closed():
                    self._lost(viewer)
                elif viewer.buffered():  # the last packet may have found the buffer empty and filled it
                    self._pump.attend(room, [viewer])
        for viewer in self._pump.stuck():
            self._end(viewer, Close.TOO_SLOW)

    def _watched(self) -> list[RoomHub]:
        return [room for room in self._node.rooms.values() if room.viewers and room.feed is not None]

    async def _look(self) -> bool:
        """The heads of all rooms in one pipeline; where one moved on and nobody rang, that is made up for.

        Those that everybody has left for the moment are looked at too: who comes next is served from memory,
        and must not be shown what a store that lost its tail does not know any more. Returns whether
        everything was answered; raises StoreUnavailable where nothing was. In a cluster one server may be
        silent, and the rooms of the others go on.
        """
        connection, asked = self._node.log.connection, self._node.clock()
        answers: list[BaseException | None] = [None]
        try:
            await connection.tell_time()
            self._node.stats.store_trip.add(self._node.clock() - asked)
        except StoreUnavailable as error:
            if not connection.is_cluster:
                raise
            answers = [error]
        kept = [room for room in self._node.rooms.values() if room.feed is not None]
        if kept:
            looks = (self._compare(kept), self._presence.look(self._watched()))
            answers += await asyncio.gather(*looks, return_exceptions=True)
        failures = [answer for answer in answers if answer is not None]
        in_part = connection.is_cluster and len(failures) < len(answers)
        for failure in failures:
            if not in_part or not isinstance(failure, StoreUnavailable):
                raise failure
        return not failures

    async def _compare(self, kept: Sequence[RoomHub]) -> None:
        """Ring for rooms whose log has moved on; raises when one of them did not answer, after the others."""
        heads = await self._node.log.heads_each([room.id for room in kept])
        sick: RoomsError | None = None
        for room, head in zip(kept, heads, strict=True):
            if isinstance(head, RoomsError):
                sick = head
            elif room.feed is not None:
                room.head = head
                if head.cursor != room.feed.cursor:
                    self._reader.ring(room.id)
        if sick is not None:
            raise sick

    async def _keep(self) -> None:
        """Renew what viewers hold, and tell publishers of them, also where the first failed in part."""
        try:
            await self._renew()
        except StoreUnavailable:
            if self._node.log.connection.is_cluster:
                await self._announce()
            raise
        await self._announce()

    async def _renew(self) -> None:
        """Renew the seats and ties of rooms whose turn it is; who lost theirs is told why."""
        now = self._node.clock()
        jumps = self._node.log.connection.clock.jumps
        # What a full store refused is tried again each second: that is how its end is noticed. After a jump
        # of the store's clock every lease looks as if it had run out: renewed before others take the seats.
        every = 0.0 if self._outage.full or jumps != self._jumps else self._node.policy.renew_s
        due = [room for room in self._watched() if now - room.renewed_at >= every]
        lags: dict[Lease, int] = {}
        for room in due:
            behind = self._presence.lags(room)
            lags |= {(room.id, person): behind.get(person, 0) for person in room.people()}
        for room in due:  # also where one server of a cluster is silent: the others did renew theirs
            room.renewed_at = now
        lost = await self._seats.renew(lags)
        self._jumps = jumps
        for room_id in {room_id for room_id, _ in lost}:
            await self._gatekeeper.look(room_id)  # ends those who may not watch any more, by its reason
        for room_id, person in lost:
            found = self._node.rooms.get(room_id)
            for viewer in found.of(person) if found is not None else ():
                self._end(viewer, Close.ROOM_FULL)

    async def _announce(self) -> None:
        """Tell publishers what viewers would look at; learn how many keys watch elsewhere.

        Raises StoreUnavailable when one of them cannot be told; in a cluster the others are told first.
        """
        now = self._node.clock()
        sick: StoreUnavailable | None = None
        for room in list(self._node.rooms.values()):
            told = (room.keys, room.wants())
            every = 0.0 if self._outage.full else self._node.policy.poll_s
            stale = bool(room.viewers) and now - room.announced_at >= every
            if stale or (told != room.announced and (room.viewers or room.announced)):
                try:
                    total = await self._node.log.announce(room.id, self._node.name, *told)
                except StoreUnavailable as error:
                    if not self._node.log.connection.is_cluster:
                        raise
                    sick = error
                    continue
                room.keys_elsewhere = max(0, total - told[0])
                room.announced, room.announced_at = told if room.viewers else None, now
        if sick is not None:
            raise sick

    def _tell(self, room: RoomHub) -> None:
        now_ms = self._node.now_ms()
        run = run_status(room.head, now_ms)
        if run != room.run:
            self._tell_run(room, run)
        self._presence.tell(room)
        flat = [viewer for viewer in room.viewers if viewer.variant.flat and not viewer.idle]
        if flat:
            status = {to: speech.training_status(room, now_ms, to) for to in AUDIENCES}
            told = [v for v in flat if not v.say("status", status[audience(v.right.role)])]
            self._pump.attend(room, told)

    def _tell_run(self, room: RoomHub, run: str | None) -> None:
        before, room.run = room.run, run
        if (run in SILENT) == (before in SILENT):
            return
        code = "publisher_silent" if run in SILENT else "publisher_back"
        message = speech.notice(code, status=run, last_seen_at=speech.timestamp(room.head.seen_at))
        self._say(room, "publisher", message, room.viewers)

    def _say(self, room: RoomHub, kind: str, message: Message, to: Iterable[Viewer]) -> None:
        late = [v for v in to if not v.variant.flat and not v.say(kind, message)]
        self._pump.attend(room, late)
