"""The answer to GET /history."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from math import inf, isnan
from typing import Any, Final

from spectator.events import parse, samples
from spectator.log import Cursor, Log
from spectator.overlay import finite, values_of
from spectator.series import Point, thin
from spectator.state.fold import axis, time_of
from spectator.state.restore import SLICE_BYTES
from spectator.state.state import State

MOST_POINTS: Final = 5_000
"""Points of one series in an answer."""
MOST_ALTOGETHER: Final = 200_000
"""Points of all series in an answer."""

_Events = AsyncIterator[tuple[int, dict[str, Any], int]]


@dataclass(frozen=True, slots=True)
class Span:
    """Which part is asked for; None leaves a side open. Times are Unix seconds."""

    start: float | None = None
    end: float | None = None
    start_step: float | None = None
    end_step: float | None = None

    def holds(self, point: Point) -> bool:
        """Whether a point lies in it. A point without a step lies in no span of steps."""
        if (self.start is not None and point.time < self.start * 1000) or (
            self.end is not None and point.time > self.end * 1000
        ):
            return False
        if self.start_step is None and self.end_step is None:
            return True
        low = -inf if self.start_step is None else self.start_step
        return low <= point.step <= (inf if self.end_step is None else self.end_step)


EVERYTHING: Final = Span()
_WHOLE: Final = 2.0**53


class _Curve:
    """The points of one series that lie in the span, oldest first."""

    __slots__ = ("points",)

    def __init__(self, points: Iterable[Point] = ()) -> None:
        self.points = list(points)

    def replace(self, exact: list[Point], begin: float, *, whole: bool) -> None:
        """Take over exact points from the time ``begin`` on; ``whole`` when none before that is asked for.

        A bucket that ends after ``begin`` may hold points from before: what it has beyond the exact ones
        stays, at the place where these begin, so that no extreme is lost.
        """
        before = bisect_left(self.points, begin, key=_time)
        straddling = (
            [] if whole else [one for one in self.points[before:] if one.time == self.points[before].time]
        )
        values = [point.value for point in exact]
        low, high = min(values), max(values)
        beyond = [exact[0]._replace(value=one.value) for one in straddling if not low <= one.value <= high]
        self.points[before:] = [*beyond, *exact]

    def chosen(self, most: int) -> dict[str, list[Any]]:
        """Return at most ``most`` points as /history has them."""
        chosen = _thinned(self.points, most)
        return {
            "step": [_known(point.step) for point in chosen],
            "episode": [_known(point.episode) for point in chosen],
            "time": [point.time / 1000 for point in chosen],
            "value": [point.value for point in chosen],
        }


def _thinned(points: list[Point], most: int) -> list[Point]:
    return [points[place] for place in thin([point.value for point in points], most)]


def _time(point: Point) -> float:
    return point.time


def _known(place: float) -> float | int | None:
    """Where a point lies, as JSON has it."""
    if isnan(place):
        return None
    return int(place) if place.is_integer() and abs(place) < _WHOLE else place


async def history(
    log: Log,
    room_id: str,
    state: State,
    *,
    names: Collection[str] = (),
    span: Span = EVERYTHING,
    max_points: int = 1_000,
) -> dict[str, Any]:
    """Return ``{"metrics": {name: {"step": .., "episode": .., "time": .., "value": ..}}, "thinned": ..}``.

    All series when ``names`` is empty; at most ``max_points`` each (fewer when there are very many series),
    extremes and the last point among them. Names that nobody logged are left out. Times are Unix seconds.

    Where the state has joined points into buckets and these are too coarse for what is asked, the kept log is
    read; points before it come from the buckets. ``thinned`` says that some points are not there one by one,
    and ``exact_from`` from when on they all are (Unix seconds; before ``max_points`` of them were chosen).
    """
    wanted = dict.fromkeys(name for name in names or state.series if name in state.series)
    most = max(1, min(max_points, MOST_POINTS, MOST_ALTOGETHER // max(1, len(wanted))))
    metrics: dict[str, Any] = dict.fromkeys(wanted)  # in the order asked for, whatever is ready first
    answer = {"metrics": metrics, "thinned": any(not state.series[name].exact for name in wanted)}
    coarse: dict[str, _Curve] = {}
    for name in wanted:
        # One after the other: five hundred long series at once would stop the loop for seconds.
        curve = _Curve(filter(span.holds, state.series[name].points()))
        if state.series[name].exact or len(curve.points) >= most:
            metrics[name] = curve.chosen(most)
        else:
            coarse[name] = curve
        await asyncio.sleep(0)
    if coarse:
        begin = await _refine(_kept(log, room_id, state.cursor), coarse, span, most)
        if begin is not None:
            answer["exact_from"] = begin / 1000
    for name, curve in coarse.items():
        metrics[name] = curve.chosen(most)
        await asyncio.sleep(0)
    return answer


async def _refine(events: _Events, curves: dict[str, _Curve], span: Span, most: int) -> int | None:
    """Put the points of the kept log in the place of the buckets; return the time from which they are exact.

    What the overlay derives is not in the log and stays in buckets.
    """
    begin: int | None = None
    whole = False
    outside: set[str] = set()
    exact: dict[str, list[Point]] = {name: [] for name in curves}
    async for seq, event, time_ms in events:
        at_ms = time_of(event.get("timestamp"), time_ms)
        started = event["type"] == "training_event" and event.get("event") == "training_started"
        if started:
            exact = {name: [] for name in curves}
        if started or begin is None:
            begin, whole = at_ms, started or seq == 1 or at_ms <= (span.start or 0) * 1000
        values, named = values_of(event), samples(event)
        for name in exact.keys() & finite(named).keys():
            step, episode = axis("step", event, values), axis("episode", event, values)
            point = Point(step, episode, at_ms, float(named[name]))
            if span.holds(point):
                exact[name].append(point)
                if len(exact[name]) > 2 * most:
                    exact[name] = _thinned(exact[name], most)
            elif not exact[name]:
                outside.add(name)
    for name, curve in curves.items():
        if exact[name] and begin is not None:
            curve.replace(exact[name], begin, whole=whole or name in outside)
    return begin


async def _kept(log: Log, room_id: str, upto: Cursor) -> _Events:
    """The (seq, event, entry's time in ms) that the log still holds up to a cursor; yields to the loop."""
    loaded = await log.load(room_id, checkpoint=False)
    entries, more, since = loaded.entries, loaded.more, 0
    while entries:
        for entry in entries:
            if entry.last > upto.seq:
                return
            for seq, raw in enumerate(entry.events, entry.first):
                yield seq, parse(raw), entry.time_ms
            since += entry.size
            if since > SLICE_BYTES:
                since = 0
                await asyncio.sleep(0)
        if not more:
            return
        tail = await log.resume(room_id, Cursor(loaded.head.epoch, entries[-1].last, entries[-1].tag))
        entries, more = tail.entries, tail.more
