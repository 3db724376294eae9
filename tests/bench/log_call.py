"""What ``room.log`` costs the training thread: with the server up, down, and hanging."""

from tests.bench.effort import Effort
from tests.bench.figures import written
from tests.bench.machine import LOAD_CORE, SERVER_CORE
from tests.bench.ours import Ours
from tests.bench.processes import Child
from tests.bench.table import Table


def measure(effort: Effort) -> list[Table]:
    """Return median and p99 of one call in each state of the server."""
    made = Table("log-call", ("server", "calls", "median, us", "p99, us"))
    with (
        Ours(SERVER_CORE) as ours,
        Child("tests.bench.bench_log_call", "--json", core=LOAD_CORE, data_dir=ours.data_dir) as child,
    ):
        told = child.hear(deadline=120)
    for state, taken in told.items():
        made.add(state, f"{taken['count']:,}", written(taken["median"] * 1e6), written(taken["p99"] * 1e6))
    return [made]
