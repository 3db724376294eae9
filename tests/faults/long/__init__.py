"""The faults that take minutes; ``make faults`` alone runs them."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.faults.long import (
    rolling_restart,
    scripts_forgotten,
    sentinel_failover,
    slots_moved,
    soak,
    store_full,
    storm,
    tail_lost,
)
from tests.faults.outcome import Outcome

LONG: dict[str, Callable[[Path], Awaitable[Outcome]]] = {
    "store full": store_full.run,
    "scripts forgotten": scripts_forgotten.single,
    "scripts forgotten on a cluster": scripts_forgotten.clustered,
    "tail lost": tail_lost.watched,
    "tail lost, unwatched": tail_lost.unwatched,
    "slots moved": slots_moved.run,
    "sentinel failover": sentinel_failover.run,
    "storm": storm.run,
    "rolling restart of thousands": rolling_restart.run,
    "soak": soak.run,
}
"""By the name that ``python -m tests.faults`` takes."""
