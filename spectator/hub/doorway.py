"""How connections come into a room of this node: its first visitor loads it, all others find it ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from rooms import Busy, RoomNotFound, StoreUnavailable
from spectator.hub import delivery, packets, speech
from spectator.hub.codes import Close
from spectator.hub.crowd import audience
from spectator.hub.gate import verdict
from spectator.hub.gatekeeper import Gatekeeper
from spectator.hub.node import Node
from spectator.hub.presence import Presence
from spectator.hub.pump import Pump
from spectator.hub.reader import Reader
from spectator.hub.room import Describe, RoomHub
from spectator.hub.seats import Seats
from spectator.hub.viewer import Pass, Stage, Viewer
from spectator.log import Cursor

if TYPE_CHECKING:
    from rooms import Bells


class Ended(Exception):
    """A connection may not watch (any more); ``code`` says why."""

    def __init__(self, code: Close) -> None:
        self.code = code
        super().__init__(code.reason)


class Doorway:
    """Opens rooms, lets connections in, and puts rooms away that nobody has needed for a while."""

    def __init__(
        self,
        node: Node,
        reader: Reader,
        gatekeeper: Gatekeeper,
        pump: Pump,
        seats: Seats,
        presence: Presence,
    ) -> None:
        self._node = node
        self._reader = reader
        self._gatekeeper = gatekeeper
        self._pump = pump
        self._seats = seats
        self._presence = presence
        self.bells: Bells | None = None

    async def attach(
        self, room_id: str, viewer: Viewer, right: Pass, describe: Describe, since: Cursor | None
    ) -> None:
        """See ``Hub.attach``."""
        viewer.admitted_at = self._node.clock()
        async with self._inside(room_id) as room:
            await self._watched(room)
            self._check_room_for_one_more(room, right)
            async with self._tied(room, right):
                if since is not None:
                    await self._reader.reach_back(room, since)
                if viewer.stage is not Stage.ENDED:  # it may have left while the store was asked
                    self._check_still_right(room, viewer, right)
                    self._settle_in(room, viewer, right, describe, since)
        self._gatekeeper.ring(room_id)

    async def wait_in_lobby(
        self, room_id: str, viewer: Viewer, right: Pass, describe: Describe, answered: Callable[[], None]
    ) -> None:
        """See ``Hub.wait_in_lobby``."""
        viewer.admitted_at = self._node.clock()
        async with self._inside(room_id) as room:
            async with room.loading:
                await self._known(room)
            if viewer.stage is Stage.ENDED:
                return
            assert room.glance is not None, "it was read just now"
            viewer.room_id, viewer.right, viewer.stage = room_id, right, Stage.LOBBY
            room.lobby[viewer] = answered
            shown = msgspec.Raw(
                packets.encode(describe(None, room.glance.room, room.head, len(room.glance.waiting)))
            )
            if not viewer.variant.flat:
                viewer.say(
                    "welcome", speech.welcome(viewer, shown, self._node.policy, resume="none", since=None)
                )
                viewer.say("access", speech.access("pending_approval"))
            self._pump.attend(room, [viewer])
        self._gatekeeper.ring(room_id)

    def refresh(self, viewer: Viewer, right: Pass, describe: Describe) -> None:
        """Let a connection go on by a fresh credential of the same person.

        Raises:
            Ended: the credential is somebody else's.
        """
        if right.person != viewer.right.person:
            raise Ended(Close.UNAUTHORIZED)
        room = self._node.rooms.get(viewer.room_id)
        if room is not None and viewer.stage is Stage.LIVE:
            room.dismiss(viewer)
            viewer.right, viewer.admitted_at = right, self._node.clock()
            room.admit(viewer, describe)
            self._gatekeeper.ring(room.id)  # a look that began before does not judge it

    @asynccontextmanager
    async def listening(self, room_id: str, listener: Callable[[], None]) -> AsyncIterator[None]:
        """Call ``listener`` whenever something about who may watch the room has changed, or may have."""
        async with self._inside(room_id) as room:
            room.listeners.add(listener)
            try:
                async with room.loading:
                    await self._heard(room)
                yield
            finally:
                room.listeners.discard(listener)

    async def tidy(self) -> None:
        """Wait a second, then put away the rooms that nobody has needed for a while."""
        await asyncio.sleep(self._node.policy.look_s)
        now = self._node.clock()
        for room in list(self._node.rooms.values()):
            if room.needed:
                room.empty_since = now
            elif now - room.empty_since >= self._node.policy.idle_s:
                await self._put_away(room)

    @asynccontextmanager
    async def _inside(self, room_id: str) -> AsyncIterator[RoomHub]:
        """The room, which stays for as long as somebody is on the way in."""
        room = self._node.rooms.get(room_id)
        if room is None:
            room = self._node.rooms[room_id] = RoomHub(room_id, self._node.clock())
        room.entering += 1
        try:
            yield room
        finally:
            room.entering -= 1
            room.empty_since = self._node.clock()

    async def _watched(self, room: RoomHub) -> None:
        if room.feed is not None:
            return
        async with room.loading:
            await self._known(room)
            if room.feed is None:
                await self._presence.look([room])
                await self._reader.load(room)

    async def _known(self, room: RoomHub) -> None:
        """Have the bell on and the room read once; the bell first, so that nothing in between is missed."""
        await self._heard(room)
        if room.glance is None:
            began = self._node.clock()
            glance = await self._node.manager.glance(room.id)
            if glance is None:
                raise RoomNotFound
            self._gatekeeper.apply(room, glance, began)

    async def _heard(self, room: RoomHub) -> None:
        if not room.bell and self.bells is not None:
            room.bell = True
            await self.bells.add(room.id)

    async def _put_away(self, room: RoomHub) -> None:
        async with room.loading:
            if room.needed:
                return
            del self._node.rooms[room.id]
        self._reader.forget(room.id)
        self._gatekeeper.forget(room.id)
        if room.bell and self.bells is not None:
            await self.bells.discard(room.id)

    def _check_room_for_one_more(self, room: RoomHub, right: Pass) -> None:
        policy = self._node.policy
        tabs = len(room.of(right.person)) if right.person is not None else 0
        if tabs >= policy.person_viewers or len(room.viewers) >= policy.room_viewers:
            raise Busy(
                "There are too many connections to this room from here. Close other tabs, then try again."
            )

    def _check_still_right(self, room: RoomHub, viewer: Viewer, right: Pass) -> None:
        """Look again, where the room was read since the right was found good.

        Else who was put out in between would be welcomed with what is not for those eyes: the new code.
        """
        if room.read_at <= viewer.admitted_at:
            return
        code = verdict(right, room.glance, self._node.now_ms())
        if code is not None:
            raise Ended(code)

    @asynccontextmanager
    async def _tied(self, room: RoomHub, right: Pass) -> AsyncIterator[None]:
        """Take the seat and say that the person is here; taken back when the connection does not come in."""
        person = right.person
        if person is None:  # a key: it is no person
            yield
            return
        room.arriving[person] += 1
        try:
            await self._seat(room, right, person)
            yield
        finally:
            room.arriving[person] -= 1
            if not room.arriving[person]:
                del room.arriving[person]
            if not room.has(person):
                self._seats.give_back(room.id, person)

    async def _seat(self, room: RoomHub, right: Pass, person: str) -> None:
        if await self._seats.take(room.id, person):
            return
        glance = await self._node.manager.glance(room.id)
        raise Ended(verdict(right, glance, self._node.now_ms()) or Close.ROOM_FULL)

    def _settle_in(
        self, room: RoomHub, viewer: Viewer, right: Pass, describe: Describe, since: Cursor | None
    ) -> None:
        """From here on nothing waits: what the viewer is told and where it stands are of one moment."""
        if room.feed is None:
            raise StoreUnavailable
        viewer.room_id, viewer.right = room.id, right
        room.admit(viewer, describe)
        resume, first = delivery.resume(room.feed, viewer, since)
        self._node.stats.resumes[resume] += 1
        viewer.go_live()
        if not viewer.variant.flat:
            shown = room.described(right.role)
            first_words = [speech.welcome(viewer, shown, self._node.policy, resume=resume, since=since)]
            if right.role in speech.OWNERS:
                first_words.append(packets.plain(speech.requests(room)))
            here = room.crowd.newest(room, audience(right.role), self._node.clock())
            if here is not None:
                first_words.append(here)
            # One write, not three: thousands may come together.
            viewer.rest += (b"".join(piece for one in first_words for piece in one.pieces(viewer.variant)),)
        viewer.rest += first
        self._pump.serve(room, viewer)
