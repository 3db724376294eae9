"""The hub of one node: brings rooms to the head of their log and viewers to the head of their room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectator.hub.codes import Close
from spectator.hub.policy import Policy

if TYPE_CHECKING:
    from rooms import Room, RoomManager
    from spectator.hub.viewer import Viewer
    from spectator.log import Head, Log

Describe = Callable[["Room", "Head"], dict[str, Any]]
"""Makes the object called ``room`` in protocol.md, for one role."""


@dataclass(frozen=True, slots=True)
class Wants:
    """What the viewers of a room on this node would look at; ``wants`` in the answer to a publisher."""

    frames: bool = False
    max_fps: int = 0
    decisions: bool = False
    episodes: bool = False


class Hub:
    """All rooms that somebody watches on this node.

    Everything a viewer gets comes from the log's stream; a bell, a wake-up or a poll only says that there is news.
    """

    def __init__(self, log: Log, rooms: RoomManager, *, policy: Policy | None = None) -> None:
        raise NotImplementedError

    async def start(self) -> None:
        """Begin to listen and to beat."""

    async def stop(self) -> None:
        """Say ``bye 4002`` to everybody, with a spread, and end all connections within a few seconds."""

    @property
    def available(self) -> bool:
        """Whether the store answered lately; while it does not, new connections get 4004."""
        raise NotImplementedError

    async def attach(self, room_id: str, viewer: Viewer, describe: Describe) -> None:
        """Let ``viewer`` watch: welcome, then the snapshot or what it missed, then everything as it happens.

        The first viewer of a room loads it; all that come meanwhile share that load.

        Raises:
            RoomsError: there is no such room, it ended, the seat is gone, or the store does not answer.
        """
        raise NotImplementedError

    async def wait_in_lobby(self, room_id: str, viewer: Viewer, answered: Callable[[], None]) -> None:
        """Keep ``viewer`` alive in the lobby and call ``answered`` whenever its request may have been answered."""
        raise NotImplementedError

    def detach(self, viewer: Viewer) -> None:
        """Forget a connection that ended; its seat is given back when the person does not return in time."""
        raise NotImplementedError

    def end(self, viewer: Viewer, code: Close, reason: str | None = None) -> None:
        """Say ``bye`` and close; the connection is gone at the latest two seconds later, read or not."""
        raise NotImplementedError

    def ring(self, room_id: str) -> None:
        """Say that the log of a room has news: what an ingest node does after an append. Costs nothing if unwatched."""
        raise NotImplementedError

    async def access_changed(self, room_id: str, seconds: float) -> bool:
        """Wait until something about who may watch a room changed (or may have); False after ``seconds`` without."""
        raise NotImplementedError

    def wants(self, room_id: str) -> Wants:
        """What the viewers of this node would look at."""
        raise NotImplementedError
