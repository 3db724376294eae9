"""The parts of the bench, in the order in which they run. A part is one module and one line here.

The module has ``TABLES``, the names of the tables it writes (each needs its markers in docs/performance.md,
``<!-- bench:NAME -->`` and ``<!-- /bench:NAME -->``), and ``measure(effort)``, which returns them. It starts
what it needs and ends it. ``tests/bench/test_bench_parts.py`` runs every part at its smallest.
"""

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

from tests.bench.effort import Effort
from tests.bench.table import Table


class Part(Protocol):
    """What the module of a part offers."""

    TABLES: Sequence[str]

    def measure(self, effort: Effort) -> list[Table]:
        """Measure, and return the tables named in TABLES."""


PARTS = {
    "log-call": "tests.bench.log_call",
    "training-loop": "tests.bench.training_loop",
    "decode": "tests.bench.bench_decode",
    "ingest": "tests.bench.ingest",
    "long-room": "tests.bench.long_room",
    "publish": "tests.bench.publish",
    "fan-out": "tests.bench.fan_out",
    "slow-viewers": "tests.bench.slow_viewers",
    "memory": "tests.bench.memory",
    "joins": "tests.bench.joins",
    "comebacks": "tests.bench.comebacks",
    "wrong-passwords": "tests.bench.wrong_passwords",
    "hidden-rooms": "tests.bench.hidden_rooms",
    "sick-store": "tests.bench.sick_store",
    "watched": "tests.bench.watched",
}


def part(name: str) -> Part:
    """Return the module of a part; what it needs is imported only when it is asked for."""
    return cast("Part", importlib.import_module(PARTS[name]))
