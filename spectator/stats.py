"""What one node has counted since it began: plain numbers, one object a node, read when somebody asks.

Everything runs on one loop, so nothing is locked; a hot path adds to a field and that is all. How the numbers
are shown (names, labels, text) is the server's business.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

FAST: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Bounds, in seconds, for what should take a few milliseconds."""

SLOW: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds, in seconds, for what depends on other people's networks."""


CALLS: Final = ("publish", "join", "other")
"""What calls of the API are told apart in the counts."""


class Histogram:
    """How often a quantity fell between which bounds.

    Args:
        bounds: upper bounds, ascending; a value equal to a bound counts below it.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        """One more than there are bounds: the last counts what lies beyond all of them."""
        self.total = 0.0
        """Sum of all values."""

    def add(self, value: float) -> None:
        """Count one value; a negative one (two clocks disagree by a little) counts as 0."""
        self.counts[bisect_left(self.bounds, value)] += 1
        if value > 0:
            self.total += value

    @property
    def count(self) -> int:
        """How many values were added."""
        return sum(self.counts)


def _fast() -> Histogram:
    return Histogram(FAST)


def _slow() -> Histogram:
    return Histogram(SLOW)


@dataclass(slots=True)
class Stats:
    """The counters of one node; none ever goes down. Keys of the tables come from fixed, short lists.

    Args:
        events: events that publishers sent through this node and the store has.
        event_bytes: bytes of the bodies they came in, unpacked.
        posts: batches of publishers, by result: ``stored``, ``repeat``, ``heartbeat``, or a problem's code.
        refusals: calls answered with a problem, by what was called (``publish``, ``join``, ``other``) and the
            problem's code.
        joins: asks to come in, by outcome: ``approved``, ``pending_approval``, or the code of the refusal.
        deliveries: events handed to viewers' connections: an event for three viewers counts three; what a
            conflated message or a snapshot holds does not count.
        writes: messages of events handed to viewers' connections, however many events each holds.
        encodes: messages that were encoded, by form: ``v1``, ``v1_deflated``, ``sse``, ``flat``,
            ``flat_deflated``; and
            by content: ``conflated``, and ``snapshot``, the whole picture of a room.
        catchups: messages that brought a viewer forward without each event, by kind: ``conflated``,
            ``snapshot`` (also what a newcomer begins with).
        conflated: events left out of what viewers who were behind got instead, by class: ``sample``,
            ``frame``, ``episode``; each viewer counts.
        resumes: connections that came to watch, by how they were brought to the head: ``exact``,
            ``conflated``, ``full``, ``none`` (had not been here before).
        slow: connections found too slow, by what was done: ``ended`` (4001) or ``spared`` (stays, conflated).
        gaps: rooms whose viewers had to begin anew, by reason: ``lost`` (the store lost events) or
            ``trimmed`` (the node fell behind what is kept).
        epochs: times a room was found to be of another epoch than before.
        closes: connections ended by this node, by close code.
        checkpoints: checkpoints written, by outcome: ``written``, ``failed``.
        store_lag: seconds from the moment the store had an event to the moment this node had read it.
        viewer_lag: seconds a viewer was behind when it said how far it has come (once a second).
        beat: seconds a beat took: reading all rooms that rang and writing to all their viewers.
        loop_lag: seconds by which the loop woke a sleeper late; looked at twice a second.
        store_trip: seconds a command to the store took; one is measured each second.
        calls: seconds a call took, by what was called; those that wait for something to happen are left out.
    """

    events: int = 0
    event_bytes: int = 0
    posts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    joins: Counter[str] = field(default_factory=Counter)
    deliveries: int = 0
    writes: int = 0
    encodes: Counter[str] = field(default_factory=Counter)
    catchups: Counter[str] = field(default_factory=Counter)
    conflated: Counter[str] = field(default_factory=Counter)
    resumes: Counter[str] = field(default_factory=Counter)
    slow: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    epochs: int = 0
    closes: Counter[str] = field(default_factory=Counter)
    checkpoints: Counter[str] = field(default_factory=Counter)
    store_lag: Histogram = field(default_factory=_fast)
    viewer_lag: Histogram = field(default_factory=_slow)
    beat: Histogram = field(default_factory=_fast)
    loop_lag: Histogram = field(default_factory=_fast)
    store_trip: Histogram = field(default_factory=_fast)
    calls: dict[str, Histogram] = field(default_factory=lambda: {kind: _slow() for kind in CALLS})
