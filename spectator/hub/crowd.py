"""Who is told what about who is here, and how often. Pure: facts in, messages out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from spectator.hub import packets

if TYPE_CHECKING:
    from spectator.hub.packets import Message
    from spectator.hub.room import RoomHub

Audience = Literal["staff", "spectators"]
"""Owner and moderators; everybody else. Each gets one shared message."""

STAFF = frozenset({"owner", "moderator"})
"""The roles that always learn by name who is here."""

SMALL = 50
"""Up to so many people every change is told; beyond, a crowd is not told of each who comes or goes."""

NOTICEABLE = 0.05
"""A change of a crowd by this part of it is told at the next second."""

RESTLESS_S = 5.0
"""Any other change of a crowd is told after so long."""

TOLD_A_SECOND = 1500
"""People told of each other in a second, on average: while thousands come at once, a message a second to each
of them would cost more than to let them in."""


def audience(role: str) -> Audience:
    """To which of the two a role belongs."""
    return "staff" if role in STAFF else "spectators"


def of(room: RoomHub, to: Audience) -> dict[str, Any] | None:
    """What an audience may know now about who is here; None: nothing.

    Names are those of the people who have been here longest, on whatever nodes; owners and keys have none.
    """
    if room.glance is None:
        return None
    told = "names" if to == "staff" else room.glance.room.presence
    if told == "nothing":
        return None
    content: dict[str, Any] = {"type": "crowd", "watching": room.watching()}
    if told == "names":
        members = room.glance.members
        content["names"] = sorted(members[person].name for person in room.named() if person in members)
    return content


@dataclass(frozen=True, slots=True)
class Told:
    """What an audience was told last, as it was sent, and when."""

    content: dict[str, Any]
    message: Message
    at: float


class Crowd:
    """What each audience of one room was told last, and what is worth telling it anew.

    A small room hears of every change, a crowd of those that matter: five thousand people, of whom somebody
    always comes or goes, get a message every five seconds instead of every second, also while they come.
    """

    def __init__(self) -> None:
        self._told: dict[Audience, Told] = {}

    def news(self, room: RoomHub, to: Audience, now: float) -> Message | None:
        """What the audience has to be told now, or None; to be asked at most once a second.

        Args:
            room: who is here, and what may be told of it.
            to: one of the two.
            now: seconds of the hub's clock.
        """
        content, before = of(room, to), self._told.get(to)
        if content is None:
            self._told.pop(to, None)  # told from the start when it may be told again
            return None
        if before is not None and not _worth(before, content, now):
            return None
        return self._tell(to, content, now)

    def newest(self, room: RoomHub, to: Audience, now: float) -> Message | None:
        """What everybody of the audience was told last: thousands who come together share it."""
        content = of(room, to)
        if content is None:
            return None
        before = self._told.get(to)
        if before is not None and before.content.keys() == content.keys():
            return before.message
        return self._tell(to, content, now)

    def _tell(self, to: Audience, content: dict[str, Any], now: float) -> Message:
        told = self._told[to] = Told(content, packets.plain(content), now)
        return told.message


def _worth(before: Told, content: dict[str, Any], now: float) -> bool:
    if content == before.content:
        return False
    was, is_now, age = before.content["watching"], content["watching"], now - before.at
    return (
        content.keys() != before.content.keys()  # what may be told has changed
        or max(was, is_now) <= SMALL
        or (abs(is_now - was) >= NOTICEABLE * was and age >= is_now / TOLD_A_SECOND)
        or age >= RESTLESS_S
    )
