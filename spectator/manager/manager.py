"""The verbs of the domain: publish into a room, look back, show a room, keep the house in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spectator.log import Head, Log

    from rooms import Caller, Connection, Room, RoomManager
    from spectator.hub import Hub
    from spectator.settings import Settings


class Manager:
    """One node's domain: who may watch (``rooms``), what was published (``log``), who watches here (``hub``).

    It opens no socket and knows no HTTP; the server and the in-process sessions are both built on it.
    """

    rooms: RoomManager
    log: Log
    hub: Hub
    settings: Settings
    connection: Connection

    @classmethod
    async def open(cls, settings: Settings, store_url: str) -> Manager:
        """Connect to the store and build the parts; nothing runs in the background before ``start``."""
        raise NotImplementedError

    async def start(self) -> None:
        """Start the hub and the housekeeping of this node."""

    async def stop(self) -> None:
        """Say ``bye 4002`` to the viewers, end the background work, close the store's connections."""

    async def publish(
        self,
        caller: Caller,
        room: Room,
        body: bytes,
        content_type: str,
        *,
        producer: str | None = None,
        sequence: int | None = None,
    ) -> bytes:
        """Append what a publisher sent (already unpacked) and return the ready JSON answer of protocol.md."""
        raise NotImplementedError

    async def history(
        self, room: Room, *, metrics: Sequence[str] | None = None, max_points: int = 1000
    ) -> dict[str, Any]:
        """The stored course of a room's metrics, at most ``max_points`` each; the answer of protocol.md."""
        raise NotImplementedError

    def room_view(self, room: Room, head: Head | None, role: str | None) -> dict[str, Any]:
        """A room as ``role`` may see it: the object called ``room`` in protocol.md."""
        raise NotImplementedError
