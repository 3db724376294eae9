"""``python -m tests.bench.bench_decode``: what an event costs between a POST's body and a viewer's bytes.

One process, one core; a batch is 100 events. Each figure is the best of many short runs: other work on the
machine only ever adds.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec

from spectator.events import decode
from spectator.log import Entry
from spectator.overlay import conflate
from spectator.state import State, advance, snapshot
from spectator.state.codec import BEFORE
from spectator.state.codec import decode as decode_state
from spectator.state.codec import encode as encode_state
from tests.bench.effort import FULL, Effort
from tests.bench.table import Table

TABLES = ("events", "pictures")
NOW = 1_700_000_000_000
BATCH = 100
Event = dict[str, Any]


def metrics(step: int) -> Event:
    """What ``MetricsData`` of seed 003 sends."""
    return {
        "type": "training_metrics",
        "timestamp": "2024-01-15T10:30:00.123Z",
        "data": {
            "step": step,
            "episode": step // 100,
            "current_reward": 75.5 + step % 7,
            "average_reward": 65.3,
            "best_reward": 100.0,
            "loss_value": 0.045123 / (step + 1),
            "learning_rate": 3e-4,
            "epsilon": 0.15,
            "win_rate": 0.68,
            "algorithm": "DQN",
        },
    }


def usual(step: int) -> Event:
    """What a plain ``room.log`` sends; average and best are worked out."""
    return {
        "type": "training_metrics",
        "data": {"step": step, "reward": step % 90 / 7, "loss": 1 / (step + 1)},
    }


def decision(step: int) -> Event:
    return {
        "type": "bot_decision",
        "timestamp": "2024-01-15T10:30:00.123Z",
        "step": step,
        "action_probabilities": {"left": 0.25, "right": 0.35, "shoot": 0.4},
        "selected_action": "shoot",
        "state_values": 0.82,
        "q_values": [0.1, 0.2, 0.3],
    }


def nested(step: int) -> Event:
    return {"type": "state", "state": {"step": step, "grid": {"agent": [1, 2], "goal": {"at": [3, 4]}}}}


def worker(step: int) -> Event:
    """One of several sources: each value is a series of its own."""
    return {**metrics(step), "source": "worker-1"}


def vector(step: int) -> Event:
    """A value that is no number is kept, and no series."""
    event = metrics(step)
    event["data"]["q_values"] = [0.1, 0.2, 0.3]
    return event


def careless(step: int) -> Event:
    """A number that is none becomes null: such an event is walked through value by value and written anew."""
    event = metrics(step)
    event["data"]["loss_value"] = float("nan")
    return event


KINDS: dict[str, Callable[[int], Event]] = {
    "metrics, 10 values": metrics,
    "metrics, usual names": usual,
    "metrics of a worker": worker,
    "metrics with a vector": vector,
    "metrics with NaN": careless,
    "decision": decision,
    "nested state": nested,
}


def best(work: Callable[[], object], count: int, runs: int) -> float:
    """Seconds of one piece of work, the best of several runs; each run does ``count`` of them."""
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        for _ in range(count):
            work()
        times.append((time.perf_counter() - begin) / count)
    return min(times)


def entries(make: Callable[[int], Event], count: int) -> list[Entry]:
    made = []
    for first in range(0, count, BATCH):
        body = "\n".join(json.dumps(make(step)) for step in range(first, first + BATCH)).encode()
        raws = decode(body, NOW).events
        made.append(Entry(first + 1, first + BATCH, b"0000000a", b"0000000b", NOW, raws, len(body)))
    return made


def measure(effort: Effort) -> list[Table]:
    """Return what an event costs in batches, and what the pictures of a room cost."""
    runs = effort.of(tiny=1, quick=5, full=25)
    return [events_table(runs), pictures_table(runs)]


def events_table(runs: int) -> Table:
    table = Table("events", ("100 events a batch", "bytes", "decode + check, events/s", "fold, events/s"))
    for name, make in KINDS.items():
        body = "\n".join(json.dumps(make(step)) for step in range(BATCH)).encode()
        checked = best(lambda body=body: decode(body, NOW), 20, runs) / BATCH
        log = entries(make, 3_000)
        folded = best(lambda log=log: fold_all(log), 1, runs) / 3_000
        table.add(name, str(len(body) // BATCH), f"{1 / checked:,.0f}", f"{1 / folded:,.0f}")
    return table


def fold_all(log: list[Entry]) -> State:
    state = State()
    for entry in log:
        advance(state, entry, 1)
    return state


def pictures_table(runs: int) -> Table:
    """A room with 30 full series: snapshot, checkpoint, and the stretch for those behind."""

    def wide(step: int) -> Event:
        values = {f"n{name}": (step * name % 97) / 7 for name in range(27)}
        return {"type": "training_metrics", "data": {"step": step, "reward": step / 9, **values}}

    log = entries(wide, 5_000)
    state = fold_all(log)
    before = encode_state(state, BEFORE)
    checkpoint, picture = encode_state(state), msgspec.json.encode(snapshot(state))
    stretch = [event for entry in log[-2:] for event in advance(State(), entry, 1)]
    table = Table("pictures", ("a room with 30 full series", "ms", "bytes"))
    for name, work, size in (
        ("snapshot, made and encoded", lambda: msgspec.json.encode(snapshot(state)), len(picture)),
        ("checkpoint of version 1, written", lambda: encode_state(state, BEFORE), len(before)),
        ("checkpoint of version 1, read", lambda: decode_state(before), len(before)),
        ("checkpoint, written", lambda: encode_state(state), len(checkpoint)),
        ("checkpoint, read", lambda: decode_state(checkpoint), len(checkpoint)),
        ("200 events conflated", lambda: conflate(stretch), sum(len(event.raw) for event in stretch)),
    ):
        table.add(name, f"{best(work, 1, runs) * 1e3:.1f}", f"{size:,}")
    return table


def main() -> None:
    """Measure and print."""
    for table in measure(FULL):
        print(f"\n{table.markdown()}\n")


if __name__ == "__main__":
    main()
