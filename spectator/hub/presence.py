"""Who is here, on all nodes: read from the store once a second, told to those who may know."""

from __future__ import annotations

from collections.abc import Sequence

from spectator.hub.crowd import Audience, audience
from spectator.hub.delivery import lag
from spectator.hub.node import Node
from spectator.hub.pump import Pump
from spectator.hub.room import RoomHub
from spectator.hub.viewer import Viewer

AUDIENCES: tuple[Audience, ...] = ("staff", "spectators")


class Presence:
    """The count and the names of the people in this node's rooms.

    People are counted by their ties to nodes (``rooms``), so each counts once on however many nodes, and
    those of a killed node lapse. A reading costs the same for ten as for five thousand.
    """

    def __init__(self, node: Node, pump: Pump) -> None:
        self._node = node
        self._pump = pump

    async def look(self, rooms: Sequence[RoomHub]) -> None:
        """Read who is in these rooms, in one pipeline; a room that cannot be read stays as it was.

        Raises:
            StoreUnavailable: nothing is known.
        """
        found = await self._node.manager.present([room.id for room in rooms]) if rooms else {}
        for room in rooms:
            room.present = found.get(room.id, room.present)

    def tell(self, room: RoomHub) -> None:
        """Say what is new about who is here, to each audience in one message; hidden tabs ask when shown."""
        for to in AUDIENCES:
            message = room.crowd.news(room, to, self._node.clock())
            if message is None:
                continue
            audience_here = (v for v in room.viewers if not v.hidden and not v.variant.flat)
            late = [v for v in audience_here if audience(v.right.role) == to and not v.say("crowd", message)]
            self._pump.attend(room, late)

    def tell_one(self, room: RoomHub, viewer: Viewer) -> None:
        """Say to one viewer what its audience was told last: it was hidden, or its role has changed."""
        message = room.crowd.newest(room, audience(viewer.right.role), self._node.clock())
        if message is not None and not viewer.variant.flat and not viewer.say("crowd", message):
            self._pump.attend(room, [viewer])

    def lags(self, room: RoomHub) -> dict[str, int]:
        """How far behind the people here are, in milliseconds; of several tabs the best."""
        found: dict[str, int] = {}
        if room.feed is None:
            return found
        now = self._node.clock()
        for viewer in room.viewers:
            if viewer.right.person is not None:
                behind = round(lag(room.feed, viewer, now) * 1000)
                found[viewer.right.person] = min(behind, found.get(viewer.right.person, behind))
        return found
