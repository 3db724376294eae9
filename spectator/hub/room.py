"""One room on one node: its feed, who watches it here, and who waits at its door."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from rooms import Present
from spectator.hub.crowd import Crowd
from spectator.hub.viewer import Viewer
from spectator.log import Head, Wants

if TYPE_CHECKING:
    from rooms import Glance, Room
    from spectator.hub.feed import Feed
    from spectator.hub.packets import Message

Describe = Callable[[str | None, "Room", Head, int], dict[str, Any]]
"""Makes the object called ``room`` in protocol.md, as a role may see it (None: a stranger), of a room, its
head and how many wait."""

Told = tuple[dict[str, Any], "Message"]
"""What was said, and as it was sent."""

NEVER = float("-inf")

NAMED = 50
"""People of this node named before the store was asked, at most."""


class RoomHub:
    """What this node knows of one room while somebody here watches it or waits at its door.

    The feed is there from the first viewer on; the glance from the first of anybody.
    """

    def __init__(self, room_id: str, now: float) -> None:
        self.id = room_id
        self.feed: Feed | None = None
        self.head = Head()
        self.loading = asyncio.Lock()
        self.bell = False  # whether its bell was asked for
        self.entering = 0  # connections on their way in: the room is not put away under them

        self.glance: Glance | None = None
        self.looked_at = NEVER  # when somebody began to read it last
        self.read_at = NEVER  # when the reading began that the glance is of
        self.look_cost = 0.0  # seconds that took

        self.lobby: dict[Viewer, Callable[[], None]] = {}
        self.listeners: set[Callable[[], None]] = set()
        self.empty_since: float = now
        self.renewed_at = now
        self.announced: tuple[int, Wants] | None = None
        self.announced_at = NEVER
        self.present = Present()  # the people on all nodes, as read last
        self.keys_elsewhere = 0  # keys that watch on other nodes, as told last
        self.crowd = Crowd()
        self.arriving: Counter[str] = Counter()  # connections on their way in, by person
        self.run: str | None = None  # the run's state as told last
        self.told: dict[str, Told] = {}  # what was said last, by kind

        self._viewers: dict[Viewer, None] = {}
        self._people: dict[str, tuple[Viewer, ...]] = {}  # nearly all have one; a set takes 216 bytes
        self._keys = 0  # viewers that are no person
        self._keyed: dict[Viewer, None] = {}  # viewers by an API key
        self._order: tuple[Viewer, ...] | None = ()
        self._describe: Describe | None = None
        self._described: dict[str, tuple[Glance, Head, msgspec.Raw]] = {}

    @property
    def needed(self) -> bool:
        """Whether anybody here has to do with the room."""
        return bool(self._viewers or self.lobby or self.listeners or self.entering)

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        """Those who watch, as a sequence that stays as it is while somebody goes through it."""
        if self._order is None:
            self._order = tuple(self._viewers)
        return self._order

    def everybody(self) -> list[Viewer]:
        """Who watches and who waits in the lobby."""
        return [*self._viewers, *self.lobby]

    def admit(self, viewer: Viewer, describe: Describe) -> None:
        """Count a viewer among those who watch."""
        self.lobby.pop(viewer, None)
        self._viewers[viewer] = None
        self._order = None
        self._describe = describe
        if viewer.right.key_id is not None:
            self._keyed[viewer] = None
        if viewer.right.person is None:
            self._keys += 1
        else:
            self._people[viewer.right.person] = (*self._people.get(viewer.right.person, ()), viewer)

    def dismiss(self, viewer: Viewer) -> None:
        """Count it no longer; unknown ones are fine."""
        self.lobby.pop(viewer, None)
        if viewer not in self._viewers:
            return
        del self._viewers[viewer]
        self._keyed.pop(viewer, None)
        self._order = None
        person = viewer.right.person
        if person is None:
            self._keys -= 1
        else:
            self._people[person] = tuple(one for one in self._people[person] if one is not viewer)
            if not self._people[person]:
                del self._people[person]

    def of(self, person: str) -> set[Viewer]:
        """The connections of one person."""
        return set(self._people.get(person, ()))

    def people(self) -> list[str]:
        """Everybody who watches here and is a person, not a key."""
        return list(self._people)

    def has(self, person: str) -> bool:
        """Whether a connection of this person is here, or on its way in."""
        return person in self._people or self.arriving[person] > 0

    def named(self) -> tuple[str, ...]:
        """Who may be named among those who are here on all nodes: the ones who have been here longest.

        Where the store has not been asked since they came, at least those of this node.
        """
        return self.present.first or tuple(self._people)[:NAMED]

    def watching(self) -> int:
        """How many watch on all nodes: each person once, however many tabs, and each connection of a key.

        Never less than this node sees for itself, whatever was read of the others.
        """
        return max(self.present.count, len(self._people)) + self._keys + self.keys_elsewhere

    @property
    def keys(self) -> int:
        """How many connections of keys watch on this node."""
        return self._keys

    @property
    def keyed(self) -> tuple[Viewer, ...]:
        """The viewers here that watch by an API key."""
        return tuple(self._keyed)

    def wants(self) -> Wants:
        """What those who look would like the trainer to make; a hidden tab wants nothing."""
        looked_at = any(not viewer.hidden for viewer in self._viewers)
        return Wants(frames=False, max_fps=0, decisions=looked_at, episodes=looked_at)

    def described(self, role: str) -> msgspec.Raw:
        """The JSON of the room as a role that watches may see it now; shared by who comes together."""
        assert self.glance is not None, "nobody is admitted to a room that was never read"
        known = self._described.get(role)
        if known is None or known[0] is not self.glance or known[1] is not self.head:
            assert self._describe is not None, "whoever is admitted says how the room is described"
            shown = self._describe(role, self.glance.room, self.head, len(self.glance.waiting))
            known = self._described[role] = (self.glance, self.head, msgspec.Raw(msgspec.json.encode(shown)))
        return known[2]
