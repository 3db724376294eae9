"""The faults that run with the tests: each seconds long, several at a time."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.short import (
    bells_killed,
    black_hole,
    clock_jump,
    crowd_killed,
    disk_full,
    failover,
    rolling_restart,
    server_killed,
    stalled,
    store_killed,
    store_stopped,
)

SHORT: dict[str, Callable[[Path], Awaitable[Outcome]]] = {
    "server killed": server_killed.run,
    "server killed under a crowd": crowd_killed.run,
    "embedded store killed": store_killed.embedded,
    "store killed": store_killed.elsewhere,
    "store stopped": store_stopped.run,
    "disk full": disk_full.run,
    "graceful failover": failover.graceful,
    "forced failover": failover.forced,
    "bells killed": bells_killed.run,
    "black hole before the store": black_hole.before_the_store,
    "black hole before the server": black_hole.before_the_server,
    "store's clock jumps": clock_jump.of_the_store,
    "server's clock jumps": clock_jump.of_the_server,
    "stalled peers": stalled.run,
    "rolling restart": rolling_restart.run,
}
"""By the name that ``python -m tests.faults`` takes."""
