"""The history of one number, in bounded memory.

Every point is a bucket of its own until there are ``CAPACITY`` of them; then neighbours are joined two by two
and each bucket from there on takes twice as many points. So there are always at least half of ``CAPACITY``
buckets (once there were that many points), evenly over the whole run, and no minimum, maximum or last value
is ever lost.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import isnan, nan
from operator import sub
from struct import Struct
from sys import byteorder
from typing import Any, Final, NamedTuple

CAPACITY: Final = 2_048
"""Buckets of one series at most; at least half of them stay."""

COLUMNS: Final = ("step", "episode", "time", "min", "max", "last")
_WHOLE: Final = 2.0**53
_WIDTH: Final = len(COLUMNS)
_MOST: Final = CAPACITY * _WIDTH
_pack: Final = Struct(f"{_WIDTH}d").pack

Columns = dict[str, list[float | int | None]]
"""One list a column, all of one length. Times are Unix seconds; an unknown step or episode is None."""


class Point(NamedTuple):
    """One value and where it lies; NaN where the step or the episode is unknown. ``time`` is in Unix ms."""

    step: float
    episode: float
    time: float
    value: float


class Packed(NamedTuple):
    """A series as bytes: its columns one after the other, as doubles in planes (all first bytes, and so on).

    Times are differences; ``even``: minimum and maximum are the last value everywhere, and are left out.
    Bytes of equal weight beside each other are what deflate finds alike in numbers that differ.
    """

    stride: int
    filled: int
    even: bool
    rows: bytes


class Series:
    """Buckets of (step, episode, time, min, max, last). A bucket lies where its last point lay."""

    __slots__ = ("_filled", "_full", "_open", "stride")

    def __init__(self) -> None:
        self.stride = 1
        """Points of a full bucket."""
        # Full buckets beside each other in one array: small, and a column is a slice. The bucket that is
        # being filled is a list, whose places cost a third as much to change as those of an array.
        self._full = array("d")
        self._open = [0.0] * _WIDTH
        self._filled = 0

    def __len__(self) -> int:
        """How many buckets there are."""
        return len(self._full) // _WIDTH + (self._filled > 0)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Series) or (self.stride, self._filled) != (other.stride, other._filled):
            return False
        # The bytes say so at once for what is not known (NaN), too; else 0.0 and -0.0 are still the same.
        return self._rows().tobytes() == other._rows().tobytes() or self.dump() == other.dump()

    __hash__ = None  # type: ignore[assignment] # changes with every point

    @property
    def exact(self) -> bool:
        """Whether every point is still a bucket of its own."""
        return self.stride == 1

    @property
    def last(self) -> float | None:
        """The newest value, None before the first."""
        if self._filled:
            return self._open[-1]
        return self._full[-1] if self._full else None

    def add(self, value: float, step: float, episode: float, time_ms: int) -> None:
        """Add a finite value. ``step`` and ``episode`` are NaN where unknown; ``time_ms`` is Unix time."""
        if self.stride == 1:
            self._full.frombytes(_pack(step, episode, time_ms, value, value, value))
            if len(self._full) == _MOST:
                self._halve()
            return
        bucket = self._open
        if self._filled:
            bucket[0], bucket[1], bucket[2], bucket[5] = step, episode, time_ms, value
            low, high = bucket[3], bucket[4]
            if value < low:
                bucket[3] = value
            elif value > high:
                bucket[4] = value
        else:
            bucket[:] = step, episode, time_ms, value, value, value
        self._filled += 1
        if self._filled == self.stride:
            self._filled = 0
            self._full.extend(bucket)
            if len(self._full) == _MOST:
                self._halve()

    def _halve(self) -> None:
        self._full = _joined(self._full, 2)
        self.stride *= 2

    def _rows(self) -> array[float]:
        return self._full + array("d", self._open) if self._filled else self._full

    def reduced(self, most: int) -> Series:
        """Return a copy of at most ``most`` buckets; where there are more, neighbours are joined."""
        size = -(-len(self) // max(1, most))
        copy = Series()
        copy._full = _joined(self._rows(), size) if size > 1 else self._rows()
        copy.stride = self.stride * max(1, size)
        return copy

    def buckets(self, most: int = CAPACITY) -> Columns:
        """Return at most ``most`` buckets; where there are more, neighbours are joined."""
        size = -(-len(self) // max(1, most))
        rows = _joined(self._rows(), size) if size > 1 else self._rows()
        columns: Columns = {name: _numbers(rows[place::_WIDTH]) for place, name in enumerate(COLUMNS)}
        columns["time"] = [time / 1000 for time in rows[2::_WIDTH]]
        return columns

    def points(self) -> list[Point]:
        """Return each bucket's minimum, maximum and last as points, equal ones once, oldest first."""
        rows = self._rows()
        found: list[Point] = []
        for at in range(0, len(rows), _WIDTH):
            step, episode, time, low, high, last = rows[at : at + _WIDTH]
            values = (low, high, last) if low != high else (last,)
            found.extend(Point(step, episode, time, value) for value in values)
        return found

    def dump(self) -> dict[str, Any]:
        """Return the series as JSON has it: columns, times as differences, min and max where they differ."""
        rows = self._rows()
        columns = [rows[place::_WIDTH] for place in range(_WIDTH)]
        times = [int(time) for time in columns[2]]
        dumped: dict[str, Any] = {
            "stride": self.stride,
            "filled": self._filled,
            "step": _sparse(columns[0]),
            "episode": _sparse(columns[1]),
            "time": [time - before for time, before in zip(times, [0, *times], strict=False)],
            "last": _numbers(columns[5]),
        }
        if columns[3] != columns[5] or columns[4] != columns[5]:
            dumped |= {"min": _numbers(columns[3]), "max": _numbers(columns[4])}
        return dumped

    def pack(self) -> Packed:
        """Return the series as a checkpoint has it: exact to the bit, read in half the time of ``dump``."""
        rows = self._rows()
        columns = [rows[place::_WIDTH] for place in range(_WIDTH)]
        times = columns[2]
        columns[2] = array("d", map(sub, times, (0.0, *times)))
        even = columns[3] == columns[5] and columns[4] == columns[5]
        kept = [*columns[:3], columns[5]] if even else columns
        return Packed(self.stride, self._filled, even, _planes(b"".join(column.tobytes() for column in kept)))

    @classmethod
    def unpack(cls, packed: Packed) -> Series:
        """Read what ``pack`` returned. Raises ValueError when it is something else."""
        count = 4 if packed.even else _WIDTH
        if len(packed.rows) % (8 * count) or packed.stride < 1 or not 0 <= packed.filled <= packed.stride:
            raise ValueError("these are no columns of a series")
        values = array("d", _values(packed.rows))
        length = len(values) // count
        columns = [values[start : start + length] for start in range(0, len(values), length or 1)]
        if not length:
            return cls()
        columns[2] = array("d", accumulate(columns[2]))
        if packed.even:
            columns[3:] = [columns[3]] * 3
        series = cls()
        series.stride, series._filled = packed.stride, packed.filled
        series._full = array("d", bytes(8 * _WIDTH * length))
        for place, column in enumerate(columns):
            series._full[place::_WIDTH] = column
        series._open_last()
        return series

    def _open_last(self) -> None:
        """Take the bucket that is not full out of the row of full ones."""
        if self._filled:
            self._open = self._full[-_WIDTH:].tolist()
            del self._full[-_WIDTH:]

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Series:
        """Read what ``dump`` returned. Raises ValueError, TypeError or KeyError when it is something else."""
        series = cls()
        series.stride, series._filled = int(dumped["stride"]), int(dumped["filled"])
        last = dumped["last"]
        times, time = [], 0
        for difference in dumped["time"]:
            time += difference
            times.append(time)
        unknown = [nan] * len(last)
        columns = (
            _known(dumped["step"], unknown),
            _known(dumped["episode"], unknown),
            times,
            dumped.get("min", last),
            dumped.get("max", last),
            last,
        )
        series._full = array("d", bytes(8 * _WIDTH * len(last)))
        for place, column in enumerate(columns):
            series._full[place::_WIDTH] = array("d", column)
        series._open_last()
        return series


def thin(values: Sequence[float], most: int) -> list[int]:
    """Choose at most ``most`` places of a curve, in order; its extremes and its last point are among them.

    The curve is cut into pieces; of each the lowest and the highest place are kept, so that no peak is lost.
    """
    count = len(values)
    if count <= most:
        return list(range(count))
    low, high = min(range(count), key=values.__getitem__), max(range(count), key=values.__getitem__)
    if most < 4:
        return sorted(list(dict.fromkeys((count - 1, high, low)))[: max(1, most)])
    kept = {0, count - 1}
    pieces = (most - 2) // 2
    for piece in range(pieces):
        places = range(count * piece // pieces, count * (piece + 1) // pieces)
        kept.add(min(places, key=values.__getitem__))
        kept.add(max(places, key=values.__getitem__))
    return sorted(kept)


def _planes(doubles: bytes) -> bytes:
    """The bytes of little-endian doubles, by their place in the double."""
    plain = doubles if byteorder == "little" else _swapped(doubles)
    return b"".join(plain[place::8] for place in range(8))


def _values(planes: bytes) -> bytes:
    """Undo ``_planes``."""
    doubles = bytearray(len(planes))
    count = len(planes) // 8
    for place in range(8):
        doubles[place::8] = planes[place * count : (place + 1) * count]
    return bytes(doubles) if byteorder == "little" else _swapped(bytes(doubles))


def _swapped(doubles: bytes) -> bytes:
    values = array("d", doubles)
    values.byteswap()
    return values.tobytes()


def _joined(rows: array[float], size: int) -> array[float]:
    """Join each ``size`` neighbouring buckets into one; the last may be made of fewer."""
    count = len(rows) // _WIDTH
    whole = count - count % size
    columns = [rows[place::_WIDTH] for place in range(_WIDTH)]
    joined = array("d", bytes(8 * _WIDTH * -(-count // size)))
    for place, column in enumerate(columns):
        if place in _EXTREMES:
            # One call for all: buckets side by side, not one after the other.
            choose = _EXTREMES[place]
            taken = array("d", map(choose, *(column[offset:whole:size] for offset in range(size))))
            if whole < count:
                taken.append(choose(column[whole:]))
        else:
            taken = column[size - 1 : whole : size]
            if whole < count:
                taken.append(column[-1])
        joined[place::_WIDTH] = taken
    return joined


_EXTREMES: Final[Mapping[int, Callable[..., float]]] = {COLUMNS.index("min"): min, COLUMNS.index("max"): max}


def _numbers(column: Sequence[float]) -> list[float | int | None]:
    """A column as JSON has it: whole numbers without a point, unknown ones None."""
    return [
        int(value) if -_WHOLE < value < _WHOLE and value.is_integer() else None if isnan(value) else value
        for value in column
    ]


def _sparse(column: Sequence[float]) -> list[float | int | None] | None:
    """A column as JSON has it, None when nothing in it is known."""
    numbers = _numbers(column)
    return numbers if any(number is not None for number in numbers) else None


def _known(column: Sequence[float | None] | None, unknown: list[float]) -> Sequence[float]:
    return unknown if column is None else [nan if value is None else value for value in column]
