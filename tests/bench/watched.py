"""What it costs to be watched: a scrape of ``/metrics``, and what is counted and named while nobody scrapes.

One process, one core; each figure is the best of many runs: other work on the machine only ever adds.
"""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from prometheus_client import generate_latest

from spectator.hub import Pass, Variant, Viewer
from spectator.hub.census import census
from spectator.hub.policy import Policy
from spectator.hub.room import RoomHub
from spectator.server.metered import Meter
from spectator.server.metrics import _registry
from spectator.server.observing import CURRENT, Seen
from spectator.spans import unmarked
from spectator.stats import Stats
from tests.bench.effort import Effort
from tests.bench.table import Table

TABLES = ("scrape", "counting")
VIEWERS_A_ROOM = 100
CALLS = 10_000


class Nowhere:
    """A sink of a viewer to whom nothing is sent."""

    def write(self, data: bytes) -> None:
        """Nothing."""

    def buffered(self) -> int:
        """Nothing is."""
        return 0


def measure(effort: Effort) -> list[Table]:
    """Return what a scrape costs, and what is done for it meanwhile."""
    runs = effort.of(tiny=2, quick=20, full=100)
    scrape = Table("scrape", ("viewers", "reading, ms", "text, ms", "bytes"))
    for viewers in effort.of(tiny=(100,), quick=(100, 1_000, 5_000), full=(100, 1_000, 5_000)):
        meter = Meter(node(viewers))
        reading = meter.read()
        text = generate_latest(_registry({"": reading}))
        took = best(runs, meter.read), best(runs, lambda told=reading: generate_latest(_registry({"": told})))
        scrape.add(f"{viewers:,}", *(f"{seconds * 1000:.2f}" for seconds in took), f"{len(text):,}")
    counting = Table("counting", ("what is done", "nanoseconds"))
    for what, work in works().items():
        counting.add(what, f"{best(runs, work) / CALLS * 1e9:,.1f}")
    return [scrape, counting]


def node(viewers: int) -> Any:
    """What a meter reads of a node with so many viewers, a hundred a room, of twenty tenants."""
    rooms = [room(number) for number in range(viewers // VIEWERS_A_ROOM)]
    hub = SimpleNamespace(census=lambda: census(rooms), store_up=True, store_full=False)
    return SimpleNamespace(hub=hub, stats=Stats(), nodes=SimpleNamespace(live=(1,)))


def room(number: int) -> RoomHub:
    made = RoomHub(f"r{number}", 0.0)
    made.glance = SimpleNamespace(room=SimpleNamespace(tenant=f"t{number % 20}"))  # type: ignore[assignment]
    for _ in range(VIEWERS_A_ROOM):
        viewer = Viewer(Variant.V1, Nowhere())  # type: ignore[arg-type]  # it is only counted
        viewer.right = Pass("reader")
        made.admit(viewer, lambda *_: {})
        viewer.go_live()
    return made


def works() -> dict[str, Callable[[], None]]:
    """What is done so often on the way of an event or a call, ``CALLS`` times each."""
    stats, burst = Stats(), Policy().burst

    def deliver() -> None:
        for _ in range(CALLS // burst):
            stats.writes += burst
            stats.deliveries += burst * 10

    def name() -> None:
        before = CURRENT.set(None)
        for _ in range(CALLS):
            CURRENT.set(Seen())
        CURRENT.reset(before)  # what comes after this in the same thread is no request

    def publish() -> None:
        for _ in range(CALLS):
            stats.posts["stored"] += 1
            stats.events += 10
            stats.event_bytes += 3_000
            stats.calls["publish"].add(0.002)

    def span() -> None:
        for _ in range(CALLS):
            with unmarked("store", within=True):
                pass

    return {
        f"a delivery is counted, in bursts of {burst}": deliver,
        "a batch is counted and timed": publish,
        "a request is named": name,
        "a span that is off": span,
    }


def best(runs: int, work: Callable[[], object]) -> float:
    """Seconds of the quickest run."""
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)
