"""Publish to a local viewer: from ``room.log`` in a trainer to the bytes at a WebSocket client."""

import json

from tests.bench.effort import Effort
from tests.bench.figures import milliseconds
from tests.bench.ours import Ours
from tests.bench.processes import Child
from tests.bench.table import Table

TABLES = ("publish",)
GRACE = 5.0  # seconds in which the last must arrive


def measure(effort: Effort) -> list[Table]:
    """Return the latencies at each rate, for both forms of the socket."""
    rates: tuple[tuple[float, float], ...] = effort.of(  # events/s, for how many seconds
        tiny=((20, 1),),
        quick=((10, 3), (100, 3), (1_000, 3)),
        full=((1, 20), (10, 20), (100, 10), (1_000, 10)),
    )
    made = Table("publish", ("events/s", "form", "events", "p50, ms", "p99, ms", "delivered"))
    with Ours() as ours, ours.publisher() as trainer:
        room = trainer.hear()
        for dialect in ("v1", "flat"):
            order = ours.order(room["code"], dialect, 1)
            with Child("tests.bench.load", json.dumps(order)) as load:
                connected = load.ask(do="connect", within=10)
                if connected["failed"]:
                    raise RuntimeError(f"the viewer did not come in: {connected['failed']}")
                for rate, seconds in rates:
                    load.ask(do="begin")
                    sent = trainer.ask(deadline=seconds + 60, rate=rate, seconds=seconds, jitter=True)["sent"]
                    told = load.ask(do="measure", seconds=0, pids=[], expect=sent, grace=GRACE, begin=False)
                    times = milliseconds(told["p50"]), milliseconds(told["p99"])
                    made.add(f"{rate:g}", dialect, f"{sent:,}", *times, f"{told['events'] / sent:.1%}")
    return [made]
