"""Many join one room at the same instant: how long until each has the whole picture."""

import json

from tests.bench.effort import Effort
from tests.bench.figures import written
from tests.bench.machine import LOAD_CORE, SERVER_CORE, allow_files, cpu_seconds
from tests.bench.ours import Ours
from tests.bench.processes import Child
from tests.bench.table import Table

TABLES = ("joins",)
ARRIVED = 200  # events in the room before anyone comes


def measure(effort: Effort) -> list[Table]:
    """Return the time from the first byte of the join to the snapshot, for each size of the rush."""
    made = Table(
        "joins",
        (
            "people at once",
            "have the snapshot",
            "p50, s",
            "p99, s",
            "last, s",
            "told to come again",
            "server CPU a person, ms",
        ),
    )
    for people in effort.of(tiny=(10,), quick=(1_000,), full=(1_000, 5_000)):
        if allow_files(3 * people + 200) < 2 * people + 200:
            made.add(f"{people:,}", "not run: too few open files allowed", *["n/a"] * 5)
            continue
        with Ours(SERVER_CORE) as ours, ours.publisher(LOAD_CORE) as trainer:
            room = trainer.hear()
            trainer.ask(rate=ARRIVED, seconds=1)
            order = ours.order(room["code"], "v1", people, together=people)
            with Child("tests.bench.load", json.dumps(order), core=LOAD_CORE) as load:
                before = cpu_seconds(ours.pid)
                told = load.ask(deadline=120, do="connect", within=90)
                spent = cpu_seconds(ours.pid) - before
        for reason, count in told["failed"].items():
            print(f"joins: {count} failed: {reason}", flush=True)
        times = (written(told[name]) for name in ("p50", "p99", "max"))
        made.add(
            f"{people:,}",
            f"{told['live']:,}",
            *times,
            f"{told['turned_back']:,}",
            written(spent / people * 1e3),
        )
    return [made]
