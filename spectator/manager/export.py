"""What was recorded in a room, as a file: everything as JSON, or the metrics as a table.

It is read from the log a page at a time and handed out in pieces, so that it takes the same memory however
long the run was. It holds what is kept up to the moment it began: what was published after that is left out,
and what was dropped before is said to be missing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from rooms import Busy, InvalidRequest, StoreUnavailable
from spectator.events import AXES, SAMPLED_FIELD, parse, samples
from spectator.log import Cursor, Entry, Head, Log
from spectator.manager import cells
from spectator.manager.views import iso
from spectator.state.fold import time_of

Format = Literal["csv", "json", "ndjson"]

AT_ONCE: Final = 4
MOST_OF_TENANT: Final = 3
MOST_OF_ROOM: Final = 2
"""Exports under way on one node: each holds a few megabytes."""

PIECE: Final = 64 * 1024
"""Bytes of a piece, about; between two of them others get their turn on the loop."""

MOST_COLUMNS: Final = 10_000
"""Metrics of a table: a spreadsheet has 16,384 columns."""

PLACES: Final = ("seq", "time_utc", "type", "step", "episode", "source", "agent")
"""The columns before the metrics: the event, and where it lies."""

_TABLED: Final = frozenset((*SAMPLED_FIELD, "metric"))
"""The types of events that are rows of the table."""


@dataclass(frozen=True, slots=True)
class Export:
    """One file: what it begins with, and its pieces.

    Args:
        first: the number of the first event in it; those before are not kept one by one any more.
        last: the number of the last event in it.
        pieces: the file's bytes; may raise ``StoreUnavailable`` midway, and the file is then not complete.
    """

    first: int
    last: int
    pieces: AsyncGenerator[bytes, None]


class Exporter:
    """Makes exports, a few at a time."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._under_way = Counter[str]()

    @contextmanager
    def turn(self, room_id: str, tenant: str, *, guest: bool = False) -> Iterator[None]:
        """Hold the right to export a room. Raises ``Busy`` when too much is being exported here already.

        ``guest``: for somebody without a key. Anybody may be one, so of each number they leave a place.
        """
        names = {"": AT_ONCE, f"tenant {tenant}": MOST_OF_TENANT, f"room {room_id}": MOST_OF_ROOM}
        if any(self._under_way[name] >= most - guest for name, most in names.items()):
            raise Busy("Too many exports are under way. Try again when one of them is done.", retry_after=5.0)
        self._under_way.update(names.keys())
        try:
            yield
        finally:
            self._under_way.subtract(names.keys())
            self._under_way += Counter[str]()  # forgets those that are at zero

    @property
    def under_way(self) -> int:
        """How many exports there are on this node now."""
        return self._under_way[""]

    async def begin(self, room_id: str, form: Format, about: dict[str, Any]) -> Export:
        """Begin an export; ``about`` is what a JSON export says of the room.

        Raises:
            InvalidRequest: there are more metrics than a table has columns.
            StoreUnavailable: the store does not answer.
        """
        upto, columns = await self._columns(room_id) if form == "csv" else (None, [])
        reading = _Reading(self._log, room_id)
        head = await reading.begin(upto)
        first = reading.entries[0].first if reading.entries else head.seq + 1
        if form == "csv":
            return Export(first, head.seq, _table(reading, columns))
        told = {"room": about, "exported_at": iso(head.now), "first": first, "last": head.seq}
        told["dropped_before"] = first - 1
        if form == "json":
            return Export(first, head.seq, _document(reading, told))
        return Export(first, head.seq, _lines(reading, told))

    async def _columns(self, room_id: str) -> tuple[Head, list[str]]:
        """The names of all metrics up to now, in the order in which they came first."""
        names: dict[str, None] = {}
        reading = _Reading(self._log, room_id)
        head = await reading.begin()
        async for _, event, _ in reading.events():
            if event["type"] in _TABLED:
                names |= dict.fromkeys(_values(event))
                if len(names) > MOST_COLUMNS:
                    raise InvalidRequest(
                        f"format: this room has more than {MOST_COLUMNS} metrics, and a table has no more "
                        "columns. Take ndjson or json.",
                        field="format",
                    )
        return head, list(names)


class _Reading:
    """The kept log of one room, from its oldest entry to where it ended when the reading began."""

    def __init__(self, log: Log, room_id: str) -> None:
        self._log = log
        self._room_id = room_id
        self._head = Head()
        self._more = False
        self.entries: list[Entry] = []

    async def begin(self, upto: Head | None = None) -> Head:
        """Read the first page; returns the head up to which is read: the one given, else the present one."""
        loaded = await self._log.load(self._room_id, checkpoint=False)
        self._head, self.entries, self._more = upto or loaded.head, loaded.entries, loaded.more
        return self._head

    async def raw(self) -> AsyncIterator[tuple[int, bytes, int]]:
        """Each event: (number, JSON as published, time of its entry in ms). Raises ``StoreUnavailable``."""
        since = 0
        while self.entries:
            page, self.entries = self.entries, []
            for entry in page:
                if entry.last > self._head.seq:
                    return
                for seq, event in enumerate(entry.events, entry.first):
                    yield seq, event, entry.time_ms
                since += entry.size
                if since > PIECE:
                    since = 0
                    await asyncio.sleep(0)
            if self._more:
                await self._turn(page[-1])

    async def events(self) -> AsyncIterator[tuple[int, dict[str, Any], int]]:
        """Each event, decoded."""
        async for seq, raw, time_ms in self.raw():
            yield seq, parse(raw), time_ms

    async def _turn(self, last: Entry) -> None:
        """Read the page after this entry."""
        tail = await self._log.resume(self._room_id, Cursor(self._head.epoch, last.last, last.tag))
        if tail.trimmed or tail.broken:
            raise StoreUnavailable(
                "What was to be exported is not kept any more. Export the room again.", retry_after=1.0
            )
        self.entries, self._more = tail.entries, tail.more


async def _lines(reading: _Reading, told: dict[str, Any]) -> AsyncGenerator[bytes, None]:
    """NDJSON: a line about the export, a line an event, a line that says it is complete."""
    piece, count = bytearray(msgspec.json.encode({"export": told}) + b"\n"), 0
    async for seq, raw, _ in reading.raw():
        piece += _numbered(seq, raw) + b"\n"
        count += 1
        if len(piece) > PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + msgspec.json.encode({"end": {"events": count}}) + b"\n"


async def _document(reading: _Reading, told: dict[str, Any]) -> AsyncGenerator[bytes, None]:
    """One JSON object: about the export, and the events as an array, a line each."""
    piece, count = bytearray(b'{"export":' + msgspec.json.encode(told) + b',\n"events":['), 0
    async for seq, raw, _ in reading.raw():
        piece += (b",\n" if count else b"\n") + _numbered(seq, raw)
        count += 1
        if len(piece) > PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + b'\n],\n"end":' + msgspec.json.encode({"events": count}) + b"}\n"


async def _table(reading: _Reading, columns: list[str]) -> AsyncGenerator[bytes, None]:
    """CSV: a row a metrics event, a column a metric."""
    piece = cells.BOM + cells.line([*PLACES, *_heads(columns)])
    async for seq, event, time_ms in reading.events():
        if event["type"] in _TABLED:
            values = _values(event)
            piece += cells.line([*_place(seq, event, time_ms), *(values.get(name) for name in columns)])
        if len(piece) > PIECE:
            yield piece.encode()
            piece = ""
    yield piece.encode()


def _numbered(seq: int, raw: bytes) -> bytes:
    """An event as it was published, with its number."""
    return b'%s,"seq":%d}' % (raw[:-1], seq)


def _values(event: dict[str, Any]) -> dict[str, Any]:
    """What an event measured, by the names it was published with."""
    plain = {name: value for name, value in event.items() if name != "source"}
    return {name: value for name, value in samples(plain).items() if name not in AXES}


def _place(seq: int, event: dict[str, Any], time_ms: int) -> list[Any]:
    """The cells before the metrics."""
    measured = event.get(SAMPLED_FIELD.get(event["type"], ""))
    beside = measured if isinstance(measured, dict) else {}
    when = iso(time_of(event.get("timestamp"), time_ms))
    return [
        seq,
        f"{when[:10]} {when[11:-1]}",
        event["type"],
        *(event.get(axis, beside.get(axis)) for axis in ("step", "episode")),
        event.get("source"),
        event.get("agent"),
    ]


def _heads(columns: list[str]) -> list[str]:
    """The names of the metrics' columns; one that is called like a column before them is told apart."""
    return [f"metric {name}" if name in PLACES else name for name in columns]
