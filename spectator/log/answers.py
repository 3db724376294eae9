"""Between a decoded batch and the append script: its arguments, and what its replies mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rooms import (
    Busy,
    ClaimLost,
    InvalidRequest,
    RoomClosed,
    RoomExpired,
    RoomNotFound,
    RoomsError,
    SequenceGap,
    Unauthorized,
)
from spectator.events import Decoded, RunChange
from spectator.log.results import Appended, Retention

_PRODUCER = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_LARGEST = 2**53

_REFUSALS: Final[Mapping[bytes, type[RoomsError]]] = {
    b"unknown": RoomNotFound,
    b"closed": RoomClosed,
    b"expired": RoomExpired,
    b"rotated": Unauthorized,
    b"displaced": ClaimLost,
}


def producer_of(producer: str | None, sequence: int | None) -> tuple[str, int]:
    """Check what a publisher calls itself and its batch; ('', 0) where it does not. Raises InvalidRequest."""
    if producer is None and sequence is None:
        return "", 0
    if producer is None or not _PRODUCER.fullmatch(producer):
        raise InvalidRequest(
            "Spectator-Producer is 1 to 64 of A-Z a-z 0-9 . _ : - and goes with Spectator-Sequence.",
            field="Spectator-Producer",
        )
    if sequence is None or not 1 <= sequence <= _LARGEST:
        raise InvalidRequest(
            "Spectator-Sequence counts the batches of a producer: 1, 2, 3 and so on.",
            field="Spectator-Sequence",
        )
    return producer, sequence


def run_arguments(run: RunChange | None) -> tuple[str, int, str]:
    """The run's status after a batch ('': as before), the event that began it (-1: none), and its name."""
    if run is None:
        return "", -1, ""
    return run.status, -1 if run.started is None else run.started, run.name


def middle(batch: Decoded) -> bytes:
    """The part of the answer that the batch itself decides."""
    refused = ",".join(f'{{"line":{line},"code":"{code}"}}' for line, code in batch.rejected)
    counted = f',"non_finite":{batch.non_finite}' if batch.non_finite else ""
    return f',"accepted":{len(batch.events)},"rejected":[{refused}]{counted}'.encode()


def appended(reply: Sequence[Any], keep: Retention) -> Appended:
    """Read the append script's reply. Raises what Log.append raises."""
    match reply:
        case [b"ok", offset, body, size, events]:
            due = size >= keep.checkpoint_after or events >= keep.checkpoint_events
            return Appended(
                offset, body, bytes_after_checkpoint=size, events_after_checkpoint=events, compact=due
            )
        case [b"repeat", offset, body]:
            return Appended(offset, body, duplicate=True)
        case [b"old", offset]:
            return Appended(offset, b'{"duplicate":true,"offset":%d}' % offset, duplicate=True)
        case [b"gap", last]:
            raise SequenceGap(last)
        case [b"busy"]:
            raise Busy(
                "The room's log grows faster than it can be folded. Send the batch again.", retry_after=1.0
            )
        case [why]:
            raise _REFUSALS[why]
        case _:
            raise AssertionError(f"append answered {reply!r}")
