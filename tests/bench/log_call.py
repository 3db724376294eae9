"""What ``room.log`` costs the training thread: with the server up, hanging, and gone.

The trainer logs a thousand times a second: the calls find cold caches and a client at work, as in training.
"""

import json
import signal
import sys
import time

import spectator
from tests.bench.effort import Effort
from tests.bench.figures import percentile, written
from tests.bench.machine import SERVER_CORE
from tests.bench.ours import Ours
from tests.bench.payload import values
from tests.bench.processes import Child
from tests.bench.table import Table

TABLES = ("log-call",)
EVERY = 0.001
WARM = 200


def measure(effort: Effort) -> list[Table]:
    """Return median and p99 of one call in each state of the server."""
    calls = effort.of(tiny=100, quick=1_000, full=5_000)
    made = Table("log-call", ("server", "calls", "median, us", "p99, us", "longest, us"))
    with Ours(SERVER_CORE) as ours, Child("tests.bench.log_call", data_dir=ours.data_dir) as trainer:
        assert ours.server.process is not None
        server = ours.server.process
        for state in ("up", "hanging", "gone"):
            if state == "hanging":
                server.send_signal(signal.SIGSTOP)
            if state == "gone":
                server.send_signal(signal.SIGCONT)
                ours.server.kill()
            told = trainer.ask(deadline=calls * EVERY * 5 + 60, calls=calls)
            figures = (written(told[name] * 1e6) for name in ("median", "p99", "longest"))
            made.add(state, f"{calls:,}", *figures)
    return [made]


def log_as_told() -> None:
    """Log as often as told, on stdin; answer with the seconds that calls took."""
    room = spectator.open_room("log-call", quiet=True, wait=20)
    step = 0
    for line in sys.stdin:
        took = []
        for _ in range(WARM + json.loads(line)["calls"]):
            step += 1
            figures = values(step)
            began = time.perf_counter()
            room.log(figures, step=step)
            took.append(time.perf_counter() - began)
            time.sleep(EVERY)
        took = took[WARM:]
        told = {"median": percentile(took, 0.5), "p99": percentile(took, 0.99), "longest": max(took)}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    log_as_told()
