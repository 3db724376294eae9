"""Memory of the server: alone, after a long run, a viewer that idles, a viewer that never reads."""

import json
import time

from tests.bench.effort import Effort
from tests.bench.figures import written
from tests.bench.machine import LOAD_CORE, SERVER_CORE, rss
from tests.bench.ours import Ours
from tests.bench.payload import values
from tests.bench.processes import Child
from tests.bench.table import Table

TABLES = ("memory",)
BATCH = 500
FIRST = 10


def long_run(ours: Ours, events: int) -> str:
    """Publish so many events in full batches into a room of their own; return its code."""
    answer = ours.room(name="long run", access_level="public")
    room_id = str(answer["room"]["id"])
    for begin in range(0, events, BATCH):
        batch = [
            {"type": "training_metrics", "data": values(step)}
            for step in range(begin, min(events, begin + BATCH))
        ]
        status, told = ours.server.call(
            "POST", f"/rooms/{room_id}/events", batch, token=answer["owner_token"]
        )
        if status != 200 or told["rejected"]:
            raise RuntimeError(f"the batch at {begin} was answered {status}: {told}")
    return str(answer["room"]["code"])


def measure(effort: Effort) -> list[Table]:
    """Return resident memory in MB of the server, in KB a viewer."""
    run_events = effort.of(tiny=1_000, quick=20_000, full=200_000)
    made = Table("memory", ("", "resident memory"))
    with Ours(SERVER_CORE) as ours:
        alone = rss(ours.pid)
        made.add("server alone", f"{alone / 1e6:.0f} MB")
        watch(ours, long_run(ours, run_events))
        run = f"server after a run of {run_events:,} events, watched"
        made.add(run, f"{rss(ours.pid) / 1e6:.0f} MB")
    with Ours(SERVER_CORE) as ours:
        made.add(
            "an idle viewer (v1, deflate)",
            f"{idle(ours, effort.of(tiny=10, quick=500, full=1_000)) / 1024:.1f} KB",
        )
    deaf_viewers = effort.of(tiny=2, quick=50, full=100)
    seconds = effort.of(tiny=0.3, quick=4.0, full=25.0)
    reading, deaf = (crowd(deaf_viewers, seconds, reads=reads) for reads in (True, False))
    more = (deaf - reading) / deaf_viewers / 1024
    made.add("a viewer that never reads, beyond one that does", f"{written(more)} KB")
    return [made]


def watch(ours: Ours, code: str) -> None:
    """Let one viewer come, so that the room is open in the hub."""
    with Child("tests.bench.load", json.dumps(ours.order(code, "v1", 1)), core=LOAD_CORE) as load:
        load.ask(do="connect", within=30)


def idle(ours: Ours, viewers: int) -> float:
    """Return what a connected viewer of a silent room adds."""
    room = ours.room(name="idle", access_level="public")["room"]
    order = ours.order(room["code"], "v1", viewers, deflate=True)
    with Child("tests.bench.load", json.dumps(order), core=LOAD_CORE) as load:
        first = min(FIRST, viewers - 1)
        load.ask(do="connect", within=30, upto=first)
        before = rss(ours.pid)
        load.ask(deadline=90, do="connect", within=60)
        return (rss(ours.pid) - before) / (viewers - first)


def crowd(viewers: int, seconds: float, *, reads: bool) -> float:
    """Return how much the server grows at most while 100 events/s go to viewers who read, or do not."""
    with Ours(SERVER_CORE) as ours, ours.publisher(LOAD_CORE) as trainer:
        room = trainer.hear()
        order = ours.order(room["code"], "v1", viewers, reads=reads)
        with Child("tests.bench.load", json.dumps(order), core=LOAD_CORE) as load:
            load.ask(do="connect", within=30)
            time.sleep(1.0)
            before = rss(ours.pid)
            trainer.say(rate=100, seconds=seconds)
            told = load.ask(deadline=seconds + 60, do="measure", seconds=seconds, pids=[ours.pid])
            trainer.hear()
            return float(told["rss"] - before)
