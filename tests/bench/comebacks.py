"""A server is killed while thousands watch, and started again: how long until each has everything again."""

import json
import time
from typing import Any

from tests.bench.effort import Effort
from tests.bench.figures import written
from tests.bench.machine import LOAD_CORE, SERVER_CORE, allow_files, children_on, cpu_seconds
from tests.bench.ours import Ours
from tests.bench.processes import Child
from tests.bench.table import Table

TABLES = ("comebacks",)
RATE = 20  # events a second, all the while
BEFORE_S = 2.0  # so long they watch before the server is killed
SETTLED_S = 60.0


def measure(effort: Effort) -> list[Table]:
    """Return the times from the kill, and what the crowd counted of gaps and repeats."""
    made = Table(
        "comebacks",
        (
            "viewers",
            "server answers again after, s",
            "all have everything after, s",
            "longest away, s",
            "came back exactly",
            "conflated",
            "the whole again",
            "silent gaps",
            "twice or out of order",
            "server CPU a return, ms",
        ),
    )
    for viewers in effort.of(tiny=(20,), quick=(1_000,), full=(1_000, 3_000)):
        if allow_files(3 * viewers + 200) < 2 * viewers + 200:
            made.add(f"{viewers:,}", "not run: too few open files allowed", *["n/a"] * 8)
            continue
        made.add(f"{viewers:,}", *_cells(_killed(viewers)))
    return [made]


def _killed(viewers: int) -> dict[str, Any]:
    with Ours(SERVER_CORE) as ours, ours.publisher(LOAD_CORE) as trainer:
        room = trainer.hear()
        order = {"host": "127.0.0.1", "port": ours.port, "room": room["code"], "room_id": room["id"]}
        with Child("tests.faults.crowd", json.dumps(order | {"viewers": viewers}), core=LOAD_CORE) as crowd:
            told = crowd.ask(deadline=150, do="connect", within=120)
            if told["watching"] < viewers:
                raise RuntimeError(f"only {told['watching']} of {viewers} came in: {told['counts']}")
            trainer.say(rate=RATE, seconds=BEFORE_S + 20)
            time.sleep(BEFORE_S)
            return _returns(ours, trainer, crowd, room["id"])


def _returns(ours: Ours, trainer: Child, crowd: Child, room: str) -> dict[str, Any]:
    killed_at = time.monotonic()
    ours.server.kill()
    with children_on(SERVER_CORE):
        ours.server.restart()
    up_at, cpu = time.monotonic(), cpu_seconds(ours.pid)
    told = crowd.ask(deadline=SETTLED_S + 30, do="reach", within=SETTLED_S, seq=_logged(ours, room))
    back_at, spent = time.monotonic(), cpu_seconds(ours.pid) - cpu
    logged = trainer.hear()
    told = crowd.ask(deadline=SETTLED_S + 30, do="reach", within=SETTLED_S, seq=_logged(ours, room))
    return {
        "up": up_at - killed_at,
        "back": back_at - killed_at,
        "cpu": spent,
        "dropped": logged["dropped"],
        **told,
    }


def _logged(ours: Ours, room: str) -> int:
    """Log one event now; returns its number."""
    note = {"type": "log", "level": "info", "message": "are you there", "metadata": {}}
    status, answer = ours.server.call("POST", f"/rooms/{room}/events", note)
    if status != 200:
        raise RuntimeError(f"POST events answered {status}: {answer}")
    return int(answer["offset"])


def _cells(told: dict[str, Any]) -> list[str]:
    counts = told["counts"]
    wrong = {
        kind: sum(count for name, count in counts.items() if name.startswith(kind))
        for kind in ("silent gap", "duplicated", "out of order")
    }
    returns = max(1, told["visits"] - told["watching"])
    return [
        written(told["up"]),
        written(told["back"]),
        written(told["longest_away"]),
        f"{counts.get('resume exact', 0):,}",
        f"{counts.get('resume conflated', 0):,}",
        f"{counts.get('resume full', 0):,}",
        str(wrong["silent gap"]),
        str(wrong["duplicated"] + wrong["out of order"]),
        written(told["cpu"] / returns * 1e3),
    ]
