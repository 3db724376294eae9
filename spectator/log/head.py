"""The head of a room's log, and what it says about the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spectator.log.cursor import Cursor

STALLED_AFTER_MS = 15_000
CRASHED_AFTER_MS = 600_000

RunState = Literal["active", "stalled", "crashed", "failed", "finished"]

FIELDS = (
    "epoch",
    "seq",
    "tag",
    "first",
    "seen_at",
    "last_event_at",
    "run_id",
    "run_status",
    "bytes",
    "ckpt_seq",
    "ckpt_tag",
)
"""The fields of the head's hash, in the order in which the scripts return them."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends. Times are ms of the store's clock, 0 for never; ``now`` is when this was read.

    ``first`` is the oldest event kept; ``bytes`` lie after the checkpoint, which stands at
    ``checkpoint_seq``. ``run_status`` is what the publisher said last: '' (nothing yet), active, failed or
    finished.
    """

    epoch: int = 0
    seq: int = 0
    tag: bytes = b""
    first: int = 1
    seen_at: int = 0
    last_event_at: int = 0
    run_id: str = ""
    run_status: str = ""
    bytes_after_checkpoint: int = 0
    checkpoint_seq: int = 0
    checkpoint_tag: bytes = b""
    now: int = 0

    @property
    def cursor(self) -> Cursor:
        """The place behind the last event."""
        return Cursor(self.epoch, self.seq, self.tag)


def read_head(values: Sequence[bytes | None], now: int) -> Head:
    """Make a head of the values of FIELDS; a room in which nothing was published has none of them."""
    epoch, seq, tag, first, seen, event, run_id, status, size, checkpoint, checkpoint_tag = (
        value or b"" for value in values
    )
    return Head(
        epoch=int(epoch or 0),
        seq=int(seq or 0),
        tag=tag,
        first=int(first or 1),
        seen_at=int(seen or 0),
        last_event_at=int(event or 0),
        run_id=run_id.decode(),
        run_status=status.decode(),
        bytes_after_checkpoint=int(size or 0),
        checkpoint_seq=int(checkpoint or 0),
        checkpoint_tag=checkpoint_tag,
        now=now,
    )


def run_status(head: Head, now: int) -> RunState | None:
    """Tell how the run is: what its publisher said last, and whether it has fallen silent since.

    None before anything was published. A publisher is silent 15 s after its last POST (stalled), and taken
    for dead after 10 minutes (crashed); its next POST makes the run active again.
    """
    match head.run_status:
        case "finished":
            return "finished"
        case "failed":
            return "failed"
        case "active":
            silence = now - head.seen_at
            if silence >= CRASHED_AFTER_MS:
                return "crashed"
            return "stalled" if silence >= STALLED_AFTER_MS else "active"
        case _:
            return None
