"""From queued entries to the bytes of one POST, which stay the same however often it has to be repeated."""

from __future__ import annotations

import os
import time as clock
import zlib
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Sequence, Tuple

from spectator.client.pending import Entry
from spectator.protocol.json_text import json_text

LINES = 1_000  # the server takes no more in one POST
CELLS = 6_000  # of queued content in one batch: some 200 KB, at worst 900 KB
WORTH_GZIP = 8 * 1024  # bytes; below, compressing costs more than it saves


@dataclass(frozen=True)
class Batch:
    """One POST: its bytes, and the headers that make a repeat harmless."""

    entries: Tuple[Entry, ...]
    body: bytes
    headers: Dict[str, str]
    sequence: int


class Numbering:
    """Who sends, and the number of the next batch: n follows n-1."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin anew, as a producer the server has never heard of."""
        self._producer = os.urandom(16).hex()
        self._last = 0

    def next(self) -> Tuple[str, int]:
        """Return the producer and the next number."""
        self._last += 1
        return self._producer, self._last


def pack(
    entries: Sequence[Entry],
    numbering: Numbering,
    *,
    gzip: bool,
    non_finite: Callable[[], None] = lambda: None,
) -> Batch:
    """Return ``entries`` as one batch, numbered next.

    Args:
        entries: what to send, oldest first.
        numbering: gives the batch its number.
        gzip: compress when it is large enough to be worth it (over a network).
        non_finite: called for each NaN or infinity, which travels as null.
    """
    body = encoded(entries, non_finite)
    headers = {"Content-Type": "application/json"}
    if gzip and len(body) >= WORTH_GZIP:
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)  # 31: with gzip's header
        body = packer.compress(body) + packer.flush()
        headers["Content-Encoding"] = "gzip"
    return numbered(entries, body, headers, numbering)


def numbered(entries: Sequence[Entry], body: bytes, headers: Dict[str, str], numbering: Numbering) -> Batch:
    """Return a body that is ready as a batch, under a fresh number."""
    producer, sequence = numbering.next()
    headers = {**headers, "Spectator-Producer": producer, "Spectator-Sequence": str(sequence)}
    return Batch(tuple(entries), body, headers, sequence)


def encoded(entries: Sequence[Entry], non_finite: Callable[[], None]) -> bytes:
    """Return the events as one JSON array, each with its ``timestamp``.

    An array, because one call of the encoder for all costs the training half of what one for each event does.
    """
    events: List[Dict[str, Any]] = []
    second, prefix = -1, ""
    for entry in entries:
        fields = entry.fields
        if "timestamp" not in fields:
            whole = int(entry.time)
            if whole != second:  # one formatting a second, not one an event
                second, prefix = whole, clock.strftime("%Y-%m-%dT%H:%M:%S", clock.gmtime(whole))
            fields["timestamp"] = f"{prefix}.{int((entry.time - whole) * 1_000_000):06d}Z"
        events.append(fields)
    return json_text(events, non_finite).encode("ascii")
