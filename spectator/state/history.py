"""The answer to GET /history."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from math import inf, isnan
from typing import Any, Final

from spectator.events import parse, samples
from spectator.log import Cursor, Log
from spectator.overlay import values_of
from spectator.series import Series, thin
from spectator.state.fold import axis, time_of
from spectator.state.restore import SLICE_BYTES
from spectator.state.state import State

MOST_POINTS: Final = 10_000
"""Points of one series in an answer."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which part is asked for; None leaves a side open. Times are Unix seconds."""

    start: float | None = None
    end: float | None = None
    start_step: float | None = None
    end_step: float | None = None

    def holds(self, step: float, time_ms: float) -> bool:
        """Whether a point lies in it. A point without a step lies in no span of steps."""
        if (self.start is not None and time_ms < self.start * 1000) or (
            self.end is not None and time_ms > self.end * 1000
        ):
            return False
        if self.start_step is None and self.end_step is None:
            return True
        low = -inf if self.start_step is None else self.start_step
        return low <= step <= (inf if self.end_step is None else self.end_step)


EVERYTHING: Final = Span()


class _Curve:
    """The points of one series that lie in the span, oldest first."""

    __slots__ = ("steps", "times", "values")

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.times: list[float] = []
        self.values: list[float] = []

    def add(self, step: float, time_ms: float, value: float) -> None:
        """Add one point."""
        self.steps.append(step)
        self.times.append(time_ms)
        self.values.append(value)

    def take(self, series: Series, span: Span) -> None:
        """Add the points of a series' buckets."""
        for step, time, value in zip(*series.points(), strict=True):
            if span.holds(step, time):
                self.add(step, time, value)

    def replace(self, exact: _Curve, begin: int, whole: bool) -> None:
        """Take over exact points from the time ``begin`` on; ``whole`` when the run has none before that.

        A bucket that ends after ``begin`` may hold points from before: the first such one stays, at the place
        where the exact points begin, so that no extreme is lost.
        """
        before = bisect_left(self.times, begin)
        straddling = before
        while not whole and straddling < len(self.times) and self.times[straddling] == self.times[before]:
            straddling += 1
        joined = straddling - before
        self.steps = self.steps[:before] + exact.steps[:1] * joined + exact.steps
        self.times = self.times[:before] + exact.times[:1] * joined + exact.times
        self.values = self.values[:straddling] + exact.values

    def chosen(self, most: int) -> dict[str, list[Any]]:
        """Return at most ``most`` points as /history has them."""
        places = thin(self.values, most)
        steps = (self.steps[place] for place in places)
        return {
            "step": [None if isnan(step) else int(step) if step.is_integer() else step for step in steps],
            "time": [self.times[place] / 1000 for place in places],
            "value": [self.values[place] for place in places],
        }


async def history(
    log: Log,
    room_id: str,
    state: State,
    *,
    names: Collection[str] = (),
    span: Span = EVERYTHING,
    max_points: int = 1_000,
) -> dict[str, Any]:
    """Return ``{"metrics": {name: {"step": [..], "time": [..], "value": [..]}}, "thinned": ..}``.

    All series when ``names`` is empty; at most ``max_points`` each, extremes and the last point among them.
    Names that nobody logged are left out. Times are Unix seconds.

    Where the state has joined points into buckets and these are too coarse for what is asked, the kept log is
    read; points before it come from the buckets. ``thinned`` says that some points are not there one by one,
    and ``exact_from`` from when on they all are (Unix seconds; before ``max_points`` of them were chosen).
    """
    wanted = [name for name in names or state.series if name in state.series]
    most = max(1, min(max_points, MOST_POINTS))
    curves = {name: _Curve() for name in wanted}
    for name, curve in curves.items():
        curve.take(state.series[name], span)
    coarse = {name for name in wanted if not state.series[name].exact and len(curves[name].values) < most}
    answer: dict[str, Any] = {"metrics": {}, "thinned": any(not state.series[name].exact for name in wanted)}
    if coarse:
        begin = await _refine(log, room_id, state, {name: curves[name] for name in coarse}, span)
        if begin is not None:
            answer["exact_from"] = begin / 1000
    for name, curve in curves.items():
        answer["metrics"][name] = curve.chosen(most)
        await asyncio.sleep(0)
    return answer


async def _refine(log: Log, room_id: str, state: State, curves: dict[str, _Curve], span: Span) -> int | None:
    """Put the points of the kept log in the place of the buckets; return the time from which they are exact.

    What the overlay derives is not in the log and stays in buckets.
    """
    begin: int | None = None
    whole = False
    exact = {name: _Curve() for name in curves}
    async for seq, event, time_ms in _kept(log, room_id, state.cursor):
        at_ms = time_of(event.get("timestamp"), time_ms)
        started = event["type"] == "training_event" and event.get("event") == "training_started"
        if started:
            exact = {name: _Curve() for name in curves}
        if started or begin is None:
            begin, whole = at_ms, started or seq == 1
        values = samples(event)
        for name in exact.keys() & values.keys():
            value = values[name]
            step = axis("step", event, values_of(event))
            if type(value) in {int, float} and span.holds(step, at_ms):
                exact[name].add(step, at_ms, value)
    for name, curve in curves.items():
        if exact[name].values and begin is not None:
            curve.replace(exact[name], begin, whole)
    return begin


async def _kept(log: Log, room_id: str, upto: Cursor) -> AsyncIterator[tuple[int, dict[str, Any], int]]:
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
