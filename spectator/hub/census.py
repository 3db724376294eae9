"""Who is here at this moment, counted for the operator when somebody asks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from spectator.hub.room import RoomHub

UNKNOWN = "unknown"
"""The tenant of a room that has not been read yet."""


@dataclass(slots=True)
class Census:
    """Counts over all rooms of one node.

    Args:
        rooms: that somebody here watches, waits at or listens to.
        connections: viewers and lobby sockets, by the tenant of their room.
        slow: viewers that do not get every event now, because they are behind.
        hidden: viewers whose page nobody looks at: they get nothing meanwhile.
    """

    rooms: int = 0
    connections: Counter[str] = field(default_factory=Counter)
    slow: int = 0
    hidden: int = 0


def census(rooms: Iterable[RoomHub]) -> Census:
    """Count; about a tenth of a millisecond for a thousand viewers."""
    found = Census()
    for room in rooms:
        found.rooms += 1
        tenant = room.glance.room.tenant if room.glance is not None else UNKNOWN
        here = len(room.viewers) + len(room.lobby)
        if here:
            found.connections[tenant] += here
        for viewer in room.viewers:
            if viewer.hidden:
                found.hidden += 1
            elif not viewer.direct:  # conflated, or held back by its acks
                found.slow += 1
    return found
