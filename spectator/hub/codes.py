"""Close codes of a viewer's connection: why it ends, and whether to come back."""

from __future__ import annotations

import enum


class Close(enum.IntEnum):
    """4000-4499: come back after the delay told in ``bye``; 4500-4999: do not."""

    TOO_SLOW = 4001
    RESTARTING = 4002
    GRANT_ENDED = 4003
    STORE_UNAVAILABLE = 4004
    BUSY = 4005
    PROTOCOL_ERROR = 4500
    UNAUTHORIZED = 4501
    DENIED = 4503
    ROOM_NOT_FOUND = 4504
    KICKED = 4508
    ROOM_FULL = 4509
    ROOM_CLOSED = 4510
    ROOM_EXPIRED = 4511
    BLOCKED = 4512
    REQUEST_GONE = 4513

    @property
    def reconnect(self) -> bool:
        """Whether the viewer should come back by itself."""
        return self < Close.PROTOCOL_ERROR

    @property
    def reason(self) -> str:
        """One sentence for people: what happened and, where something can be done, what."""
        return _REASONS[self]


_REASONS = {
    Close.TOO_SLOW: "The connection took nothing for 10 seconds; coming back shows the newest state.",
    Close.RESTARTING: "The server is restarting; the page comes back by itself.",
    Close.GRANT_ENDED: "The right to watch has run out or was renewed for all; join again.",
    Close.STORE_UNAVAILABLE: "The server cannot reach its store; the page tries again by itself.",
    Close.BUSY: "Too many connections or attempts from here; the page tries again later.",
    Close.PROTOCOL_ERROR: "The server could not understand a message.",
    Close.UNAUTHORIZED: "The credential is missing or not valid here; join the room again.",
    Close.DENIED: "The request to join was denied.",
    Close.ROOM_NOT_FOUND: "There is no such room; check the code.",
    Close.KICKED: "The owner ended this visit; asking again is possible after a minute.",
    Close.ROOM_FULL: "All seats are taken; try again when somebody leaves.",
    Close.ROOM_CLOSED: "The owner closed the room.",
    Close.ROOM_EXPIRED: "The room has expired.",
    Close.BLOCKED: "The owner blocked this visitor.",
    Close.REQUEST_GONE: "The request to join expired or was withdrawn; ask again.",
}
