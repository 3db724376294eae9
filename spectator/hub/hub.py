"""The hub of one node: brings rooms to the head of their log and viewers to the head of their room."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from spectator.hub import frames, packets, speech
from spectator.hub.access_watch import AccessWatch
from spectator.hub.census import Census, census
from spectator.hub.codes import Close
from spectator.hub.delivery import acknowledge, owes
from spectator.hub.doorway import Doorway
from spectator.hub.gatekeeper import Gatekeeper
from spectator.hub.heartbeat import Heartbeat
from spectator.hub.lookout import Lookout
from spectator.hub.node import Node
from spectator.hub.outage import Outage, Weather
from spectator.hub.policy import Policy
from spectator.hub.presence import Presence
from spectator.hub.pump import Pump
from spectator.hub.punctuality import Punctuality
from spectator.hub.reader import Reader
from spectator.hub.revocations import Revocations
from spectator.hub.room import Describe, RoomHub
from spectator.hub.seats import Lease, Seats
from spectator.hub.slowness import Slowness
from spectator.hub.turnstile import Turnstile
from spectator.hub.viewer import Pass, Stage, Variant, Viewer
from spectator.log import Wants
from spectator.spans import Mark, unmarked
from spectator.stats import Stats
from spectator.tasks import Tasks

if TYPE_CHECKING:
    from rooms import RoomManager
    from spectator.log import Cursor, Head, Log

AFTER_MS: dict[Close, tuple[int, int]] = {
    Close.TOO_SLOW: (1000, 5000),
    Close.RESTARTING: (500, 3000),
    Close.GRANT_ENDED: (0, 1000),
    Close.STORE_UNAVAILABLE: (2000, 10_000),
    Close.BUSY: (5000, 30_000),
}
"""Between these a viewer draws its delay before it comes back."""

logger = logging.getLogger("spectator.hub")

RETURN_MS = 2
"""A stopping node spreads the return of its viewers over so much time for each: thousands must not come back
within the same second, and one that returns costs whoever takes it up 1 to 2 ms of a core."""

STOP_S = 3.0
"""How long a stopping node waits for its viewers to have taken their ``bye``."""


class Hub:
    """All rooms that somebody watches on this node.

    Everything a viewer gets comes from the log's stream; a bell, a wake-up or a poll only says that there is
    news.

    Args:
        log: the events of all rooms.
        rooms: who may watch them.
        policy: the numbers it works by.
        clock: seconds, monotonic.
        stats: where it counts; its own where none is given.
        span: marks stretches of work for traces.
    """

    def __init__(
        self,
        log: Log,
        rooms: RoomManager,
        *,
        policy: Policy | None = None,
        clock: Callable[[], float] = time.monotonic,
        stats: Stats | None = None,
        span: Mark = unmarked,
    ) -> None:
        self.stats = stats or Stats()
        self.policy = policy or Policy()
        self._node = node = Node(secrets.token_hex(8), log, rooms, self.policy, clock, self.stats, span)
        self._tasks = Tasks("hub")
        self._outage = Outage(self._weather_changed, divided=log.connection.is_cluster)
        self._pump = Pump(self.policy, clock)
        self._seats = Seats(rooms, self._tasks)
        self._presence = Presence(node, self._pump)
        self._reader = Reader(node, self._pump, self._outage, self._tasks)
        self._gatekeeper = Gatekeeper(node, self._pump, self._outage, self._seats, self._presence, self.end)
        self._lookout = Lookout(
            node,
            self._reader,
            self._gatekeeper,
            self._pump,
            self._seats,
            self._presence,
            self._outage,
            self.end,
            self._lost,
        )
        self._revocations = Revocations(node, self._outage, self.end)
        self._doorway = Doorway(node, self._reader, self._gatekeeper, self._pump, self._seats, self._presence)
        self._heartbeat = Heartbeat(self.policy, clock, self._lost)
        self._slowness = Slowness(self.policy, clock)
        self.turnstile = Turnstile(self.policy)
        self._connections: set[Viewer] = set()
        self.ended = 0  # connections that were kept here and have ended
        self._empty = asyncio.Event()
        self._stopping = False

    async def start(self) -> None:
        """Begin to listen and to beat."""
        self._doorway.bells = self._node.log.connection.bells(self._heard, self._missed)
        for round_, name in (
            (self._reader.round, "beat"),
            (self._pump.round, "catch up"),
            (self._gatekeeper.round, "read members"),
            (self._lookout.round, "look each second"),
            (self._revocations.round, "ask of keys and tenants"),
            (self._doorway.tidy, "put rooms away"),
            (self._heartbeat.round, "heartbeats"),
            (Punctuality(self._node.clock, self.stats.loop_lag).round, "look how late the loop is"),
        ):
            self._tasks.repeat(round_, name)

    async def stop(self) -> None:
        """Say ``bye 4002`` to everybody, with a spread, and end all connections within a few seconds."""
        self._stopping = True
        leaving = list(self._connections)
        low, high = AFTER_MS[Close.RESTARTING]
        after_ms = (low, max(high, low + RETURN_MS * len(leaving)))
        for room in list(self._node.rooms.values()):
            for listener in list(
                room.listeners
            ):  # calls that wait for an answer are answered as things stand
                listener()
        for number, viewer in enumerate(leaving, 1):
            self.end(viewer, Close.RESTARTING, after_ms=after_ms)
            if number % self.policy.burst == 0:
                await asyncio.sleep(0)
        await self._emptied(STOP_S)
        for viewer in list(self._connections):
            viewer.sink.abort()
        await self._tasks.stop()
        if self._doorway.bells is not None:
            await self._doorway.bells.close()

    @property
    def available(self) -> bool:
        """Whether new connections can be served: the store answers, and the node is not stopping."""
        return self._outage.over and not self._stopping

    @property
    def stopping(self) -> bool:
        """Whether the node is on its way out."""
        return self._stopping

    @property
    def store_up(self) -> bool:
        """Whether the store answers, as this node sees it."""
        return self._outage.over

    @property
    def store_full(self) -> bool:
        """Whether the store answers and takes nothing new."""
        return self._outage.full

    def tenant_of(self, room_id: str) -> str | None:
        """Whose a room is, as far as this node has to do with it."""
        room = self._node.rooms.get(room_id)
        return room.glance.room.tenant if room is not None and room.glance is not None else None

    def census(self) -> Census:
        """Who is here at this moment."""
        return census(self._node.rooms.values())

    @property
    def connections(self) -> int:
        """Viewers and lobby sockets on this node."""
        return len(self._connections)

    def view(self, room_id: str) -> RoomHub | None:
        """What this node knows of a room; None while nobody here has to do with it."""
        return self._node.rooms.get(room_id)

    def head(self, room_id: str) -> Head | None:
        """The head of a room's log as read last, a second ago at most; None where nobody here watches."""
        room = self._node.rooms.get(room_id)
        watched = room is not None and room.feed is not None and room.viewers and self._outage.over
        return room.head if room is not None and watched else None

    async def attach(
        self, room_id: str, viewer: Viewer, right: Pass, describe: Describe, since: Cursor | None = None
    ) -> None:
        """Let ``viewer`` watch: welcome, then the snapshot or what it missed, then everything as it happens.

        The first viewer of a room loads it; all that come meanwhile share that load. A viewer from the lobby
        goes on over the same connection.

        Args:
            room_id: the room.
            viewer: the connection.
            right: by what it watches; it was found good just now.
            describe: makes ``room`` of the welcome for its role.
            since: where it stood when it was last here.

        Raises:
            Ended: it may not watch; the code says why.
            RoomsError: there is no such room, too many connections, or the store does not answer.
        """
        await self._doorway.attach(room_id, viewer, right, describe, since)
        self._keep(viewer)

    async def wait_in_lobby(
        self, room_id: str, viewer: Viewer, right: Pass, describe: Describe, answered: Callable[[], None]
    ) -> None:
        """Keep ``viewer`` alive in the lobby; ``answered`` is called when its request no longer waits.

        Args:
            room_id: the room.
            viewer: the connection.
            right: carries the request's id.
            describe: makes ``room`` of the welcome as a stranger may see it.
            answered: must not block; may be called more than once.

        Raises:
            RoomsError: there is no such room, or the store does not answer.
        """
        await self._doorway.wait_in_lobby(room_id, viewer, right, describe, answered)
        self._keep(viewer)

    def refresh(self, viewer: Viewer, right: Pass, describe: Describe) -> None:
        """Let a live connection go on by a fresh credential. Raises ``Ended`` when it is somebody else's."""
        self._doorway.refresh(viewer, right, describe)

    def heard(self, viewer: Viewer) -> None:
        """Something came from the viewer: it is alive."""
        viewer.heard_at = self._node.clock()

    def acknowledge(self, viewer: Viewer, seq: int) -> None:
        """The viewer has everything up to event ``seq``."""
        room = self._node.rooms.get(viewer.room_id)
        if room is None or room.feed is None or viewer.stage is not Stage.LIVE:
            return
        now = self._node.clock()
        viewer.acked = seq
        viewer.late = 0.0
        if not viewer.hidden:  # one that nobody looks at gets nothing, and owes nothing
            viewer.late = owes(room.feed, seq, now)
            self.stats.viewer_lag.add(viewer.late)
        acknowledge(room.feed, viewer, now)
        if not viewer.idle and viewer.place != room.feed.ring.end:
            self._pump.attend(room, [viewer])

    def show(self, viewer: Viewer, *, hidden: bool) -> None:
        """Nobody looks at the viewer's page, or somebody does again: then it gets what it missed."""
        if viewer.hidden == hidden:
            return
        viewer.hidden = hidden
        viewer.settle()
        room = self._node.rooms.get(viewer.room_id)
        if not viewer.idle and room is not None:
            self._presence.tell_one(room, viewer)
            self._pump.serve(room, viewer)

    def say(self, viewer: Viewer, kind: str, message: packets.Message) -> None:
        """Send a message to one viewer, now or as soon as its buffer is empty."""
        room = self._node.rooms.get(viewer.room_id)
        if not viewer.say(kind, message) and room is not None:
            self._pump.attend(room, [viewer])

    def end(
        self,
        viewer: Viewer,
        code: Close,
        reason: str | None = None,
        *,
        after_ms: tuple[int, int] | None = None,
    ) -> None:
        """Say ``bye`` and close; the connection is gone at the latest two seconds later, read or not.

        A viewer that is too slow for the third time within five minutes is not ended but conflated from then
        on.
        """
        if viewer.stage is Stage.ENDED:
            return
        if code is Close.TOO_SLOW and self._slowness.spares(viewer):
            self.stats.slow["spared"] += 1
            return
        self.stats.closes[str(int(code))] += 1
        if code is Close.TOO_SLOW:
            self.stats.slow["ended"] += 1
        delay = after_ms or AFTER_MS.get(code, (0, 0))
        last = packets.farewell(viewer.variant, code, reason or code.reason, delay)
        if code is Close.TOO_SLOW:  # what is under way would only wait behind what it does not take
            last = b"" if viewer.variant is Variant.SSE else frames.close(code, reason or code.reason)
            viewer.rest = ()
        viewer.write(b"".join(viewer.rest) + last)
        self._forget(viewer)
        if viewer.variant is Variant.SSE:
            viewer.sink.finish()
        self._heartbeat.bury(viewer.sink)

    def bury(self, viewer: Viewer) -> None:
        """See to it that a connection whose last bytes were written is gone in two seconds, read or not."""
        self._heartbeat.bury(viewer.sink)

    def detach(self, viewer: Viewer) -> None:
        """Forget a connection that ended; the person is gone, and the seat free, unless back in time."""
        self.ended += viewer in self._connections
        self._connections.discard(viewer)
        if not self._connections:
            self._empty.set()
        self._forget(viewer)
        if viewer.right.visiting:
            self._part(viewer)
        elif viewer.room_id and viewer.right.person is not None and not self._stopping:
            lease = (viewer.room_id, viewer.right.person)
            self._heartbeat.later(self.policy.return_s, self._give_back, lease)

    def ring(self, room_id: str) -> None:
        """Say that the log of a room has news, as an ingest node does after an append. Never waits."""
        self._reader.ring(room_id)

    @asynccontextmanager
    async def watch_access(self, room_id: str) -> AsyncIterator[AccessWatch]:
        """Learn of changes to who may watch a room: ask the store, wait for a change, ask again."""
        watch = AccessWatch()
        async with self._doorway.listening(room_id, watch.ring):
            yield watch

    def wants(self, room_id: str) -> Wants:
        """What the viewers on this node would look at."""
        room = self._node.rooms.get(room_id)
        return room.wants() if room is not None else Wants()

    async def _emptied(self, seconds: float) -> None:
        """Wait until every connection has ended, but not longer than that."""
        if not self._connections:
            return
        self._empty.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return

    def lags(self, room_id: str) -> dict[str, int]:
        """How far behind the people are who watch on this node, in milliseconds; of several tabs the best.

        Of people on other nodes it is known from their last renewal (``RoomManager.people``).
        """
        room = self._node.rooms.get(room_id)
        return self._presence.lags(room) if room is not None else {}

    def _keep(self, viewer: Viewer) -> None:
        if viewer not in self._connections and viewer.stage is not Stage.ENDED:
            self._connections.add(viewer)
            self._heartbeat.watch(viewer)
        if self._stopping:
            self.end(viewer, Close.RESTARTING)

    def _forget(self, viewer: Viewer) -> None:
        viewer.stage = Stage.ENDED
        viewer.rest = ()
        viewer.notes.clear()
        viewer.settle()
        self._pump.forget(viewer)
        room = self._node.rooms.get(viewer.room_id)
        if room is not None:
            room.dismiss(viewer)

    def _part(self, viewer: Viewer) -> None:
        """Its person is gone now, and one that cannot come back is no member either."""
        if viewer.right.person is None or self._stopping:
            return
        if viewer.right.visiting:
            self._seats.end_visit(viewer.room_id, viewer.right.person)
        else:
            self._give_back((viewer.room_id, viewer.right.person))

    def _give_back(self, lease: Lease) -> None:
        room = self._node.rooms.get(lease[0])
        if room is None or not room.has(lease[1]):
            self._seats.give_back(*lease)

    def _lost(self, viewer: Viewer) -> None:
        """Its other end is gone: the seat is free at once."""
        self._forget(viewer)
        self._part(viewer)
        viewer.sink.abort()

    def _heard(self, room_id: str, kind: str) -> None:
        if kind == "access":
            self._gatekeeper.ring(room_id)
        else:
            self._reader.ring(room_id)

    def _missed(self) -> None:
        for room_id in list(self._node.rooms):
            self._reader.ring(room_id)
            self._gatekeeper.ring(room_id)

    def _weather_changed(self, weather: Weather) -> None:
        level = logging.INFO if weather is Weather.FAIR else logging.WARNING
        logger.log(level, "%s", weather.value, extra={"event": weather.value})
        message = speech.notice(weather.value)
        for room in list(self._node.rooms.values()):
            room.renewed_at = float("-inf")
            modern = [v for v in room.everybody() if not v.variant.flat]
            self._pump.attend(room, [v for v in modern if not v.say("store", message)])
        if weather is Weather.FAIR:
            self._missed()
