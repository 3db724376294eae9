"""What the operations of the log answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from spectator.log.entry import Entry
from spectator.log.head import Head


@dataclass(frozen=True, slots=True)
class Wants:
    """What the viewers of a room want the trainer to make for them."""

    frames: bool = False
    max_fps: int = 0
    decisions: bool = False
    episodes: bool = False


@dataclass(frozen=True, slots=True)
class Appended:
    """The answer to a POST.

    ``body`` is the JSON that goes out, the same bytes when the same batch comes again; ``offset`` is the
    number of the last event of the batch; ``compact`` says that so much lies behind the checkpoint that a new
    one is due (see spectator.state.compact).
    """

    offset: int
    body: bytes
    duplicate: bool = False
    bytes_after_checkpoint: int = 0
    events_after_checkpoint: int = 0
    compact: bool = False


@dataclass(frozen=True, slots=True)
class Fence:
    """What must still be so in a room, at the very append, for a publisher's events to be taken.

    ``generation``: of the room key it publishes with; None for an API key. ``claim``: the mark under which it
    claimed the room when it found it by its name; None where it did not, or does not say.
    """

    generation: int | None = None
    claim: str | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """What follows a cursor, in order.

    ``broken``: the store lost what the cursor stands on; the epoch has been raised (when the cursor was a
    hub's own) and ``head`` tells the new one; start again from the checkpoint. ``trimmed``: what follows is
    no longer kept, or the cursor ends at no entry; nothing was lost, start again from the checkpoint.
    ``more``: there is more than was returned; read on from the last entry. ``entries`` is empty when broken
    or trimmed.
    """

    entries: list[Entry] = field(default_factory=list)
    head: Head = field(default_factory=Head)
    broken: bool = False
    trimmed: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A room's checkpoint and what follows it, of one moment; ``more`` as in Tail.

    ``checkpoint`` is None where there is none yet, or where it does not fit to what follows; then ``entries``
    begin with the oldest kept.
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


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of each room's log is kept, and when a checkpoint is due. Sizes in bytes, times in ms."""

    checkpoint_after: int = 4 * 1024 * 1024
    checkpoint_events: int = 16_384
    """A checkpoint is due after so many events too, however short: whoever joins must fold them first."""
    keep_bytes: int = 16 * 1024 * 1024
    keep_ms: int = 24 * 3600 * 1000
    most_after: int = 64 * 1024 * 1024
    """So much may lie behind a checkpoint when none can be written; then publishers are told to wait."""
    page: int = 2 * 1024 * 1024
    """How much one read returns: more than a viewer that comes back is sent, and little enough for the store,
    which does nothing else meanwhile, and for the memory of a node."""
    lease_ms: int = 15_000
    producers: int = 256
    """Producers whose last answer a room keeps."""
    series: int = 500
    """Series of one room."""
