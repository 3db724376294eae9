"""What ``/metrics`` shows, in one table: name, kind, meaning, labels, and where the number is.

Room ids, codes and people are in no label; tenants are, so many of them and no more.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from prometheus_client import ProcessCollector

from spectator.hub.census import Census
from spectator.manager import Manager
from spectator.nodes import version
from spectator.stats import CALLS, Histogram, Stats

MOST_TENANTS: Final = 100
"""Tenants that get a label of their own, first come first named; all others are ``other`` together."""

OTHER: Final = "other"

Kind = Literal["counter", "gauge", "histogram"]
Labels = tuple[str, ...]
Number = float | Histogram
Value = Number | Mapping[str, Number] | Mapping[Labels, Number]

Reading = dict[str, list[list[Any]]]
"""What one process says of itself, ready for JSON: name of a metric → ``[label values, value]``; the value of
a histogram is ``{"bounds", "counts", "total"}``."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is looked at once for all metrics of one answer."""

    manager: Manager
    stats: Stats
    census: Census
    tenants: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Metric:
    """One family of ``/metrics``.

    Args:
        name: as Prometheus knows it.
        kind: counters never go down while a process lives.
        told: its HELP text.
        read: finds the value.
        labels: the names of its labels.
        known: values of its one label that are shown from the start, so that the first of a kind is a rise.
    """

    name: str
    kind: Kind
    told: str
    read: Callable[[Moment], Value]
    labels: tuple[str, ...] = ()
    known: Sequence[str] = ()


def _counted(name: str) -> Callable[[Moment], Value]:
    """The field of ``Stats`` of that name."""
    get: Callable[[Stats], Value] = operator.attrgetter(name)
    return lambda moment: get(moment.stats)


METRICS: Final[tuple[Metric, ...]] = (
    Metric("spectator_info", "gauge", "1, with the version.", lambda _: {version(): 1.0}, ("version",)),
    Metric("spectator_store_up", "gauge", "Whether the store answers (1) or not (0).",
           lambda moment: float(moment.manager.hub.store_up)),
    Metric("spectator_store_full", "gauge", "Whether the store has no memory left (1) or has (0).",
           lambda moment: float(moment.manager.hub.store_full)),
    Metric("spectator_store_trip_seconds", "histogram",
           "How long the store took for one command; asked once a second.", _counted("store_trip")),
    Metric("spectator_store_lag_seconds", "histogram",
           "From an event being stored to this node having read it; a value a read.", _counted("store_lag")),
    Metric("spectator_viewer_lag_seconds", "histogram",
           "How far behind a viewer was when it said what it has, once a second (flat and SSE say nothing).",
           _counted("viewer_lag")),
    Metric("spectator_beat_seconds", "histogram",
           "How long a beat took: reading the rooms that rang, writing to their viewers.", _counted("beat")),
    Metric("spectator_loop_lag_seconds", "histogram",
           "By how much the event loop was late; looked at twice a second.", _counted("loop_lag")),
    Metric("spectator_call_seconds", "histogram",
           "How long a call of the API took, apart from those that wait for something to happen.",
           _counted("calls"), ("call",), CALLS),
    Metric("spectator_events_total", "counter", "Events that came in through this node and are stored.",
           _counted("events")),
    Metric("spectator_event_bytes_total", "counter", "Bytes of the batches they came in, unpacked.",
           _counted("event_bytes")),
    Metric("spectator_posts_total", "counter",
           "Batches of publishers: stored, repeat, heartbeat, or the code of the refusal.",
           _counted("posts"), ("result",), ("stored", "repeat", "heartbeat")),
    Metric("spectator_refusals_total", "counter", "Requests answered with a problem, by its code.",
           _counted("refusals"), ("call", "code")),
    Metric("spectator_joins_total", "counter",
           "Asks to come in: approved, pending_approval, or the code of the refusal.",
           _counted("joins"), ("outcome",), ("approved", "pending_approval")),
    Metric("spectator_deliveries_total", "counter",
           "Events written to viewers one by one: an event for three viewers counts three.",
           _counted("deliveries")),
    Metric("spectator_writes_total", "counter",
           "Messages of events written to viewers; deliveries divided by it is how well the beat joins.",
           _counted("writes")),
    Metric("spectator_encodes_total", "counter",
           "Messages encoded, by form; many viewers share each.", _counted("encodes"), ("variant",),
           ("v1", "v1_deflated", "sse", "flat", "flat_deflated", "conflated", "snapshot")),
    Metric("spectator_catchups_total", "counter",
           "Messages that stand for many events, given to viewers who are new or were behind.",
           _counted("catchups"), ("kind",), ("conflated", "snapshot")),
    Metric("spectator_conflated_total", "counter",
           "Events that viewers who were behind did not get one by one, by what was left out.",
           _counted("conflated"), ("class",), ("sample", "frame", "episode")),
    Metric("spectator_resumes_total", "counter",
           "Viewers that came, by how they were brought to the head; none: had not been here before.",
           _counted("resumes"), ("result",), ("exact", "conflated", "full", "none")),
    Metric("spectator_slow_viewers", "gauge", "Viewers who are behind now: they are conflated, or wait.",
           lambda moment: float(moment.census.slow)),
    Metric("spectator_too_slow_total", "counter",
           "Viewers that took nothing for ten seconds: ended (4001), or spared (stays, conflated).",
           _counted("slow"), ("action",), ("ended", "spared")),
    Metric("spectator_hidden_viewers", "gauge", "Viewers whose page nobody looks at.",
           lambda moment: float(moment.census.hidden)),
    Metric("spectator_closes_total", "counter", "Connections that this node ended, by close code.",
           _counted("closes"), ("code",)),
    Metric("spectator_gaps_total", "counter",
           "Rooms whose viewers began anew: lost (the store lost events), trimmed (no longer kept).",
           _counted("gaps"), ("reason",), ("lost", "trimmed")),
    Metric("spectator_epochs_total", "counter", "Rooms found to be of another epoch than before.",
           _counted("epochs")),
    Metric("spectator_checkpoints_total", "counter", "Checkpoints: written, or failed.",
           _counted("checkpoints"), ("outcome",), ("written", "failed")),
    Metric("spectator_connections", "gauge",
           f"Viewers and lobby sockets, by tenant; after {MOST_TENANTS} tenants: {OTHER}.",
           lambda moment: moment.tenants, ("tenant",)),
    Metric("spectator_rooms", "gauge", "Rooms that somebody watches or waits at on this node.",
           lambda moment: float(moment.census.rooms)),
    Metric("spectator_nodes", "gauge", "Nodes that are alive on this store, this one included.",
           lambda moment: float(len(moment.manager.nodes.live))),
)  # fmt: skip
"""Every family of our own; the page docs/watching-it.md shows the same table, and a test compares them."""

PROCESS_TOLD: Final = "Of the process, as Prometheus' own client names it."


@dataclass(slots=True)
class Meter:
    """Reads this process; remembers which tenants have a label of their own: they stay so many."""

    manager: Manager
    _named: dict[str, None] = field(default_factory=dict)

    def read(self) -> Reading:
        """All metrics as they are now. Takes a fraction of a millisecond for a thousand viewers."""
        census = self.manager.hub.census()
        moment = Moment(self.manager, self.manager.stats, census, self._tenants(census.connections))
        found: Reading = {metric.name: _samples(metric, metric.read(moment)) for metric in METRICS}
        for family in ProcessCollector(registry=None).collect():
            for sample in family.samples:
                found[sample.name] = [[[], sample.value]]
        return found

    def _tenants(self, connections: Mapping[str, int]) -> dict[str, float]:
        for tenant in connections:
            if len(self._named) < MOST_TENANTS:
                self._named.setdefault(tenant)
        found = dict.fromkeys(self._named, 0.0)
        for tenant, count in connections.items():
            name = tenant if tenant in self._named else OTHER
            found[name] = found.get(name, 0.0) + count
        return found


def _samples(metric: Metric, value: Value) -> list[list[Any]]:
    if not isinstance(value, Mapping):
        return [[[], _plain(value)]]
    table: dict[Labels, Any] = {(name,): 0.0 for name in metric.known}
    for labels, number in value.items():
        table[(labels,) if isinstance(labels, str) else labels] = _plain(number)
    return [[list(labels), number] for labels, number in sorted(table.items())]


def _plain(number: Number) -> Any:
    if isinstance(number, Histogram):
        return {"bounds": number.bounds, "counts": list(number.counts), "total": number.total}
    return float(number)
