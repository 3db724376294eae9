"""Reads again who may watch, at each access bell and every five seconds, and acts on what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from rooms import Glance, Member, StoreUnavailable
from spectator.hub import packets, speech
from spectator.hub.codes import Close
from spectator.hub.gate import verdict
from spectator.hub.node import Node
from spectator.hub.outage import Outage
from spectator.hub.presence import Presence
from spectator.hub.pump import Pump
from spectator.hub.reader import graphs_of
from spectator.hub.room import RoomHub
from spectator.hub.seats import Seats
from spectator.hub.viewer import NOWHERE, Viewer

End = Callable[[Viewer, Close], None]

OFTEN_S = 0.1
RARELY_S = 0.7
SHARE = 20
"""A room is read again after ``SHARE`` times what the last reading took, but within these bounds."""


class Gatekeeper:
    """Acts on who may watch: ends connections, gives them another role, tells the lobby and the owners.

    A bell is answered at once. While many ring (five thousand people joining) a room is read ten times a
    second, less often the longer that takes, and always within the second that is promised.
    """

    def __init__(
        self, node: Node, pump: Pump, outage: Outage, seats: Seats, presence: Presence, end: End
    ) -> None:
        self._node = node
        self._pump = pump
        self._outage = outage
        self._seats = seats
        self._presence = presence
        self._end = end
        self._due: dict[str, float] = {}
        self._awake = asyncio.Event()

    def ring(self, room_id: str) -> None:
        """Something about who may watch this room has changed, or may have."""
        room = self._node.rooms.get(room_id)
        if room is None or room_id in self._due:
            return
        rest = min(max(OFTEN_S, SHARE * room.look_cost), RARELY_S)
        self._due[room_id] = max(self._node.clock(), room.looked_at + rest)
        self._awake.set()

    def ring_old(self) -> None:
        """Ring for every room whose time is over, and for those that nobody has rung for in a while.

        It is called once a second, so a room is rung for early enough that lost bells cost five seconds at
        most, the look itself included.
        """
        policy, now, now_ms = self._node.policy, self._node.clock(), self._node.now_ms()
        for room in list(self._node.rooms.values()):
            over = room.glance is not None and not room.glance.room.is_active(now_ms)
            if over or now - room.looked_at >= policy.poll_s - 2 * policy.look_s:
                self.ring(room.id)

    def forget(self, room_id: str) -> None:
        """Nobody here has to do with that room any more."""
        self._due.pop(room_id, None)

    async def round(self) -> None:
        """Wait until rooms are due, read them in one pipeline, act."""
        if not self._due:
            self._awake.clear()
            await self._awake.wait()
        now = self._node.clock()
        wait = min(self._due.values()) - now
        if wait > 0:
            await asyncio.sleep(wait)
        now = self._node.clock()
        ids = [room_id for room_id, when in self._due.items() if when <= now]
        for room_id in ids:
            del self._due[room_id]
        try:
            await self._look([room_id for room_id in ids if room_id in self._node.rooms])
        except StoreUnavailable:
            self._outage.failed()
            if self._node.log.connection.is_cluster:
                return  # rooms of other servers go on; these are looked at again in seconds (``ring_old``)
            await self._outage.wait()
            for room_id in ids:
                self.ring(room_id)

    async def look(self, room_id: str) -> None:
        """Read one room now and act.

        Raises:
            StoreUnavailable: nothing is known.
        """
        if room_id in self._node.rooms:
            await self._look([room_id])

    async def _look(self, ids: list[str]) -> None:
        began = self._node.clock()
        for room_id in ids:  # a bell during the look is answered by the next one, after its rest
            self._node.rooms[room_id].looked_at = began
        glances = await self._node.manager.glances(ids)
        for room_id, glance in glances.items():
            room = self._node.rooms.get(room_id)
            if room is None:
                continue
            started = self._node.clock()
            demoted = self.apply(room, glance, began)
            room.look_cost = self._node.clock() - started + (started - began) / len(glances)
            await self._seat(room, demoted)
            await asyncio.sleep(0)

    def apply(self, room: RoomHub, glance: Glance | None, began: float) -> list[Viewer]:
        """Act on what was read of a room.

        Args:
            room: the room here.
            glance: what the store says; None when there is no such room.
            began: when the reading began: connections that came later are not judged by it.

        Returns:
            who needs a seat from now on.
        """
        room.looked_at = room.read_at = began
        now_ms, jumped = self._node.now_ms(), self._node.jumped()
        changed = []
        for viewer in room.everybody():
            if viewer.admitted_at >= began:
                continue
            code = verdict(viewer.right, glance, now_ms, jumped=jumped)
            if code is not None:
                self._end(viewer, code)
            elif glance is not None and _takes_role(viewer, glance.members.get(viewer.right.person or "")):
                changed.append(viewer)
        if glance is not None:
            self._tell(room, glance)
        self._tell_roles(room, changed)
        waiting = {request.id for request in glance.waiting} if glance is not None else set()
        for viewer, answered in list(room.lobby.items()):
            if viewer.right.request_id not in waiting:
                answered()
        for listener in list(room.listeners):
            listener()
        return [viewer for viewer in changed if viewer.right.seated]

    async def _seat(self, room: RoomHub, demoted: list[Viewer]) -> None:
        """Have who is no moderator any more sit down, or end them where there is no seat.

        Raises:
            StoreUnavailable: nothing is known; the next renewal of the room's seats finds out.
        """
        for viewer in demoted:
            if not await self._seats.take(room.id, viewer.right.person or ""):
                self._end(viewer, verdict(viewer.right, room.glance, self._node.now_ms()) or Close.ROOM_FULL)

    def _tell_roles(self, room: RoomHub, changed: list[Viewer]) -> None:
        """Tell people that they have become moderators, and then who waits, or that they no longer are."""
        for viewer in changed:
            if viewer.variant.flat:
                continue
            role = viewer.right.role
            viewer.notes.pop("requests", None)
            told = viewer.say("role", speech.role_changed(room, role))
            if role in speech.OWNERS:
                told = viewer.say("requests", packets.plain(speech.requests(room)))
            if not told:
                self._pump.attend(room, [viewer])
            self._presence.tell_one(room, viewer)

    def _tell(self, room: RoomHub, glance: Glance) -> None:
        before, room.glance = room.glance, glance
        if room.feed is not None and room.feed.configure(graphs_of(glance.room)):
            for viewer in room.viewers:
                viewer.place = NOWHERE  # the graphs come with the whole picture
            self._pump.attend(room, room.viewers)
        owners = [v for v in room.viewers if v.right.role in speech.OWNERS and not v.variant.flat]
        if owners:
            message = speech.news(room, "requests", speech.requests(room))
            if message is not None:
                self._pump.attend(room, [v for v in owners if not v.say("requests", message)])
        if before is None:
            return
        roles = {v.right.role for v in room.viewers}
        concerned = {role for role in roles if speech.differs(before.room, glance.room, role)}
        told = {role: speech.room_changed(room, role) for role in concerned}
        modern = [v for v in room.viewers if v.right.role in told and not v.variant.flat]
        self._pump.attend(room, [v for v in modern if not v.say("room", told[v.right.role])])
        if before.room.presence != glance.room.presence:
            self._presence.tell(room)


def _takes_role(viewer: Viewer, member: Member | None) -> bool:
    """Give a connection the role its member row has now; whether it had another one."""
    right = viewer.right
    if right.grant_id is None or member is None or member.role == right.role:
        return False
    viewer.right = replace(right, role=member.role, seated=member.role == "spectator")
    return True
