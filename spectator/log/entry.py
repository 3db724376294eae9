"""An entry: what one accepted POST appended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """Events ``first`` to ``last``, stored whole, under the stream ID ``<last>-0``.

    ``tag`` marks this entry, ``previous`` is the tag of the one before (empty at the first); ``time_ms`` is
    the store's clock when it was appended; ``events`` are JSON objects without ``seq``; ``size`` counts their
    bytes.
    """

    first: int
    last: int
    tag: bytes
    previous: bytes
    time_ms: int
    events: list[bytes]
    size: int


def read_entry(identifier: bytes, fields: Sequence[bytes]) -> Entry:
    """Make an entry of what the stream holds: its ID and the flat list of its fields."""
    values: Mapping[bytes, bytes] = dict(zip(fields[::2], fields[1::2], strict=True))
    events = values[b"events"].split(b"\n")
    last = int(identifier.partition(b"-")[0])
    return Entry(
        first=last - len(events) + 1,
        last=last,
        tag=values[b"tag"],
        previous=values[b"previous"],
        time_ms=int(values[b"at"]),
        events=events,
        size=len(values[b"events"]),
    )
