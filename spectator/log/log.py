"""The log of events of every room, in the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spectator.log.cursor import Cursor
from spectator.log.entry import Entry
from spectator.log.head import Head

if TYPE_CHECKING:
    from rooms import Connection
    from spectator.events import Decoded


@dataclass(frozen=True, slots=True)
class Wants:
    """What the viewers of a room want the trainer to make for them."""

    frames: bool = False
    max_fps: int = 0
    decisions: bool = False
    episodes: bool = False


@dataclass(frozen=True, slots=True)
class Appended:
    """The answer to a POST. ``body`` is the JSON that goes out, the same bytes when the same batch comes again.

    ``offset`` is the number of the last event of the batch; ``compact`` says that so much lies behind the checkpoint
    that a new one is due (see spectator.state.compact).
    """

    offset: int
    body: bytes
    duplicate: bool = False
    bytes_after_checkpoint: int = 0
    compact: bool = False


@dataclass(frozen=True, slots=True)
class Tail:
    """What follows a cursor, in order.

    ``broken``: the store lost what the cursor stands on; the epoch has been raised (when the cursor was a hub's own)
    and ``head`` tells the new one; start again from the checkpoint. ``trimmed``: what follows is no longer kept, or
    the cursor ends at no entry; nothing was lost, start again from the checkpoint. ``more``: there is more than was
    returned; read on from the last entry. ``entries`` is empty when broken or trimmed.
    """

    entries: list[Entry] = field(default_factory=list)
    head: Head = field(default_factory=Head)
    broken: bool = False
    trimmed: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A room's checkpoint and what follows it, of one moment; ``more`` as in Tail.

    ``checkpoint`` is None where there is none yet, or where it does not fit to what follows; then ``entries`` begin
    with the oldest kept.
    """

    checkpoint: bytes | None
    entries: list[Entry]
    head: Head
    more: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one room's next checkpoint, for a few seconds."""

    room_id: str
    token: str


class Log:
    """The logs of all rooms. Every method may raise StoreUnavailable; nothing is then known to have been written."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def append(
        self, room_id: str, decoded: Decoded, *, producer: str | None = None, sequence: int | None = None
    ) -> Appended:
        """Append the events of one POST, all or none, and ring the room's bell.

        With ``producer`` and ``sequence`` repeats are harmless: n follows n - 1 (the first is 1); n once more is
        answered as it was; an older n is answered with ``duplicate``. Raises SequenceGap, RoomNotFound, RoomClosed,
        RoomExpired, InvalidRequest (producer or sequence malformed), Busy (checkpoints do not keep up).
        """
        raise NotImplementedError

    async def heartbeat(self, room_id: str) -> Appended:
        """Note that the publisher is alive; answers as append does, and raises what append raises."""
        raise NotImplementedError

    async def announce(self, room_id: str, node: str, watching: int, wants: Wants) -> int:
        """Tell the publisher, for the next 15 s, how many watch on this node and what they want; 0 takes it back.

        Returns how many watch on all nodes together. Hubs call this when it changes and every 5 s.
        """
        raise NotImplementedError

    async def heads(self, room_ids: Iterable[str]) -> dict[str, Head]:
        """Return the heads of these rooms, in one pipeline. A room without events has an empty head."""
        raise NotImplementedError

    async def read(self, cursors: Sequence[tuple[str, Cursor]]) -> list[Tail]:
        """Return what follows each cursor, in one pipeline. For the hub's own cursors only.

        When a log turns out to have lost what the cursor stands on, the epoch is raised by compare-and-set, so that
        every node and every viewer learns it.
        """
        raise NotImplementedError

    async def resume(self, room_id: str, cursor: Cursor) -> Tail:
        """Return what follows a cursor that a viewer brought. As read, but never changes the epoch: the viewer may
        have made the cursor up."""
        raise NotImplementedError

    async def load(self, room_id: str) -> Loaded:
        """Return the checkpoint and what follows it, of one moment."""
        raise NotImplementedError

    async def lease(self, room_id: str) -> Lease | None:
        """Ask for the right to write the next checkpoint. None: none is due, or another node is at it."""
        raise NotImplementedError

    async def write_checkpoint(self, lease: Lease, at: Cursor, checkpoint: bytes, covered: int) -> bool:
        """Store a checkpoint that stands at ``at`` and covers ``covered`` more bytes than the one before; then trim.

        False: the lease was lost, or the log no longer holds that place; nothing was written.
        """
        raise NotImplementedError

    async def trim(self, room_id: str) -> int:
        """Drop entries that are covered by the checkpoint and older than what is kept; return how many."""
        raise NotImplementedError
