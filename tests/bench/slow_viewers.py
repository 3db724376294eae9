"""What viewers who read feel when others of their room do not: latencies with and without the deaf."""

import json
from contextlib import ExitStack

from tests.bench.effort import Effort
from tests.bench.figures import middle, milliseconds, written
from tests.bench.machine import LOAD_CORE, SERVER_CORE
from tests.bench.ours import Ours
from tests.bench.processes import Child
from tests.bench.table import Table

TABLES = ("slow-viewers",)
ALL, DEAF = 25, 5
RATE = 100.0
GRACE = 5.0


def measure(effort: Effort) -> list[Table]:
    """Return the latencies of those who read, while everybody does and while a fifth does not."""
    rounds = effort.of(tiny=1, quick=1, full=3)
    seconds = effort.of(tiny=0.5, quick=4.0, full=10.0)
    head = (
        "of 25 viewers never read",
        "p50, ms",
        "p95, ms",
        "p99, ms",
        "p99 over that of all reading",
        "delivered",
    )
    made = Table("slow-viewers", head)
    found = {deaf: [window(deaf, seconds) for _ in range(rounds)] for deaf in (0, DEAF)}
    usual = middle(told["p99"] for told in found[0])
    for deaf, windows in found.items():
        times = (milliseconds(middle(told[name] for told in windows)) for name in ("p50", "p95", "p99"))
        ratio = written(middle(told["p99"] for told in windows) / usual, 2)
        made.add(str(deaf), *times, ratio, f"{middle(told['share'] for told in windows):.1%}")
    return [made]


def window(deaf: int, seconds: float) -> dict[str, float]:
    """Publish for so many seconds to a fresh server; return what those who read say."""
    with ExitStack() as stack:
        ours = stack.enter_context(Ours(SERVER_CORE))
        trainer = stack.enter_context(ours.publisher(LOAD_CORE))
        code = trainer.hear()["code"]
        loads = []
        for viewers, reads in ((ALL - deaf, True), (deaf, False)):
            if viewers:
                order = ours.order(code, "v1", viewers, reads=reads)
                loads.append(
                    stack.enter_context(Child("tests.bench.load", json.dumps(order), core=LOAD_CORE))
                )
                connected = loads[-1].ask(do="connect", within=30)
                if connected["failed"]:
                    raise RuntimeError(f"not all viewers came in: {connected['failed']}")
        count = int(RATE * seconds)
        loads[0].ask(do="begin")
        trainer.ask(deadline=seconds + 60, rate=RATE, seconds=seconds, jitter=True)
        told = loads[0].ask(90.0, do="measure", seconds=0, pids=[], expect=count, grace=GRACE, begin=False)
        return {**told, "share": told["events"] / (count * (ALL - deaf))}
