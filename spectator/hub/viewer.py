"""One connection that watches: who it is, how far it has come, and where its bytes go."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from spectator.hub.packets import Message, Pieces


class Variant(enum.Enum):
    """The forms a message is encoded in; each exists once, shared by all viewers of that form."""

    V1 = "v1"
    V1_DEFLATED = "v1_deflated"
    FLAT = "flat"
    FLAT_DEFLATED = "flat_deflated"
    SSE = "sse"

    __hash__ = object.__hash__  # the inherited one is Python code, and every message is looked up by its form

    @property
    def flat(self) -> bool:
        """Whether its messages are the events' own and nothing beside them."""
        return self is Variant.FLAT or self is Variant.FLAT_DEFLATED

    @property
    def deflated(self) -> bool:
        """Whether the handshake agreed to permessage-deflate with the full window."""
        return self is Variant.V1_DEFLATED or self is Variant.FLAT_DEFLATED


class Stage(enum.Enum):
    """How far a connection has come."""

    NEW = "new"
    LOBBY = "lobby"
    LIVE = "live"
    ENDED = "ended"


class Sink(Protocol):
    """Where a viewer's ready bytes go. Never blocks; what the peer does not take is held in a buffer."""

    def write(self, data: bytes) -> None:
        """Hand over whole frames."""

    def buffered(self) -> int:
        """Bytes handed over and not yet taken by the operating system."""

    def closed(self) -> bool:
        """Whether one of the two ends has closed it."""

    def finish(self) -> None:
        """Nothing more will be written: close when the buffer is empty."""

    def abort(self) -> None:
        """Close at once, whatever is buffered."""


@dataclass(frozen=True, slots=True)
class Pass:
    """By what right a connection watches.

    Args:
        role: "owner", "moderator", "spectator", "reader"; "asker" in the lobby.
        person: the member it belongs to; None for keys, which hold no seat.
        grant_id: what the member row must name as long as this connection may watch; None for keys.
        generation: the room's generation its room key was made in; None for other credentials.
        key_id: of the API key; None for other credentials.
        request_id: of the request it waits for, in the lobby.
        expires_at_ms: when the credential ends, by the store's clock; None for keys.
        seated: whether it holds a seat.
        visiting: it showed no credential and was given none, so nobody can come back as this person.
    """

    role: str
    person: str | None = None
    grant_id: str | None = None
    generation: int | None = None
    key_id: str | None = None
    request_id: str | None = None
    expires_at_ms: int | None = None
    seated: bool = False
    visiting: bool = False


NOWHERE = -(1 << 62)
"""The place of a viewer that has nothing: before any packet, so it gets the whole picture."""


class Viewer:
    """One socket or stream, as the hub sees it: a cursor, not a queue.

    What it may hold of its own is at most one slice in the sink's buffer and one newest message of each kind
    in ``notes``; everything else is shared.

    Args:
        variant: the form of its messages.
        sink: where they go.
        connection_id: random, told in ``welcome``.
        client: the address it comes from, for limits.
    """

    __slots__ = (
        "acked",
        "admitted_at",
        "buffered",
        "client",
        "conflated_until",
        "connection_id",
        "direct",
        "exact_to",
        "frames",
        "heard_at",
        "held",
        "hidden",
        "idle",
        "late",
        "mark",
        "missed",
        "notes",
        "place",
        "rest",
        "right",
        "room_id",
        "sink",
        "stage",
        "stuck",
        "variant",
        "write",
    )

    def __init__(self, variant: Variant, sink: Sink, *, connection_id: str = "", client: str = "") -> None:
        self.variant = variant
        self.sink = sink
        self.write = sink.write  # looked up once: the fan-out calls it for every viewer of every beat
        self.buffered = sink.buffered
        self.connection_id = connection_id
        self.client = client
        self.right = Pass("asker")
        self.room_id = ""
        self.stage = Stage.NEW
        self.frames = False  # whether it wants pictures of the environment
        self.admitted_at = 0.0  # when its right was found good
        self.heard_at = 0.0  # when anything came from it

        self.place = NOWHERE  # of the packet it needs next
        self.rest: Pieces = ()  # of the message that is on its way
        self.notes: dict[str, Message] = {}  # newest message of each kind that waits for the buffer to empty
        self.exact_to = NOWHERE  # up to here it was promised every event
        self.missed: int | None = None  # the first event it did not get when it was due

        self.hidden = False  # nobody looks
        self.held = False  # its acks are too far behind: nothing more until they move
        self.conflated_until: float | None = None
        self.idle = True  # gets no events now
        self.direct = False  # gets every packet as it is made

        self.acked: int | None = None  # the last event it said it has
        self.late = 0.0  # how old the oldest event was then that it did not have; seconds
        self.mark: tuple[int, float] | None = None  # a place it was given and when, not yet acknowledged
        self.stuck: tuple[int, int | None, float] | None = None  # what it owed, unchanged since when

    def go_live(self) -> None:
        """From now on it gets the room's events."""
        self.stage = Stage.LIVE
        self.settle()

    def settle(self) -> None:
        """Bring ``idle`` and ``direct``, which the fan-out reads, in line with the rest."""
        self.idle = self.hidden or self.held or self.stage is not Stage.LIVE
        self.direct = not self.idle and self.conflated_until is None

    def conflate(self, until: float) -> None:
        """No longer every packet: conflated ones at least until then."""
        self.conflated_until = max(self.conflated_until or 0.0, until)
        self.direct = False

    def recovered(self, now: float) -> bool:
        """Whether it gets every packet; ends the time of conflation when it is over."""
        if self.conflated_until is not None and now >= self.conflated_until:
            self.conflated_until = None
            self.settle()
        return self.conflated_until is None

    def say(self, kind: str, message: Message) -> bool:
        """Send a message that is not part of the log now, or when the buffer is empty (False).

        Args:
            kind: a message that still waits is replaced by a newer one of its kind.
            message: shared with others.
        """
        if self.stage is Stage.ENDED:
            return True
        self.notes.pop(kind, None)
        self.notes[kind] = message
        return self.flush()

    def flush(self) -> bool:
        """Write what is on its way and what waits beside the events, as long as the sink takes it.

        Returns:
            whether nothing of that is left.
        """
        while self.buffered() == 0:
            if self.rest:
                self.write(self.rest[0])
                self.rest = self.rest[1:]
            elif self.notes:
                self.rest = self.notes.pop(next(iter(self.notes))).pieces(self.variant)
            else:
                return True
        return not self.rest and not self.notes
