import asyncio
import json
import math
from types import SimpleNamespace
from typing import Any

import pytest

from rooms import Connection
from spectator.events import decode
from spectator.log import Log, Retention
from spectator.series import CAPACITY, Point
from spectator.state import Span, State, compact, history, restore
from spectator.tasks import Tasks

ROOM = "r_0123456789abcdef"
AT = 1_700_000_000


def value(step: int) -> float:
    return math.sin(step / 50) * step


def metrics(step: int) -> dict[str, Any]:
    data = {"step": step, "episode": step // 10, "reward": value(step)}
    return {"type": "training_metrics", "timestamp": AT + step, "data": data}


async def published(
    connection: Connection, events: list[dict[str, Any]], retention: Retention | None = None
) -> Log:
    expires = connection.clock.now_ms() + 3_600_000
    await connection.command("HSET", f"sp:{{{ROOM}}}:room", "status", "active", "expires_at", expires)
    log = Log(connection, retention)
    for first in range(0, len(events), 500):
        body = "\n".join(json.dumps(event) for event in events[first : first + 500]).encode()
        if (await log.append(ROOM, decode(body, AT * 1000))).compact:
            await compact(log, ROOM)
    return log


async def asked(log: Log, **options: Any) -> dict[str, Any]:
    state, _ = await restore(log, ROOM)
    return await history(log, ROOM, state, **options)


async def test_a_short_run_is_there_point_by_point(connection: Connection) -> None:
    log = await published(connection, [metrics(step) for step in range(500)])
    answer = await asked(log)
    assert set(answer["metrics"]) == {"reward", "current_reward", "average_reward", "best_reward"}
    assert answer["thinned"] is False
    assert "exact_from" not in answer
    assert answer["metrics"]["reward"] == {
        "step": list(range(500)),
        "episode": [step // 10 for step in range(500)],
        "time": [AT + step for step in range(500)],
        "value": [value(step) for step in range(500)],
    }


async def test_no_more_points_than_asked_for_with_extremes_and_last(connection: Connection) -> None:
    log = await published(connection, [metrics(step) for step in range(6000)])
    told = [value(step) for step in range(6000)]
    answer = await asked(log, names=["reward"], max_points=200)
    points = answer["metrics"]["reward"]["value"]
    assert len(points) <= 200
    assert (min(points), max(points), points[-1]) == (min(told), max(told), told[-1])
    assert answer["thinned"] is True


async def test_a_part_of_a_long_run_is_read_exactly_from_the_log(connection: Connection) -> None:
    log = await published(connection, [metrics(step) for step in range(10 * CAPACITY)])
    answer = await asked(log, names=["reward"], span=Span(start_step=7000, end_step=7099))
    assert answer["metrics"]["reward"]["step"] == list(range(7000, 7100))
    assert answer["metrics"]["reward"]["value"] == [value(step) for step in range(7000, 7100)]
    assert answer["exact_from"] == AT
    by_time = await asked(log, names=["reward"], span=Span(start=AT + 7000, end=AT + 7099))
    assert by_time["metrics"] == answer["metrics"]


async def test_before_the_kept_log_the_buckets_speak_and_nothing_is_lost(connection: Connection) -> None:
    small = Retention(checkpoint_after=100_000, keep_bytes=200_000)
    count = 8 * CAPACITY
    log = await published(connection, [metrics(step) for step in range(count)], small)
    assert (await log.heads([ROOM]))[ROOM].first > count / 2
    told = [value(step) for step in range(count)]
    answer = await asked(log, names=["reward"], max_points=5000)
    curve = answer["metrics"]["reward"]
    assert answer["thinned"] is True
    assert answer["exact_from"] > AT + count / 2
    assert (min(curve["value"]), max(curve["value"]), curve["value"][-1]) == (min(told), max(told), told[-1])
    assert curve["time"] == sorted(curve["time"])
    assert curve["step"] == sorted(curve["step"])
    late = await asked(log, names=["reward"], span=Span(start=answer["exact_from"]), max_points=5000)
    assert late["metrics"]["reward"]["step"] == list(
        range(count - len(late["metrics"]["reward"]["step"]), count)
    )


async def test_only_the_present_run_is_told(connection: Connection) -> None:
    events = [metrics(step) for step in range(3 * CAPACITY)]
    started = {"type": "training_event", "event": "training_started", "timestamp": AT}
    log = await published(connection, [*events, started, *events])
    answer = await asked(log, names=["reward"], span=Span(start_step=0, end_step=99))
    assert answer["metrics"]["reward"]["step"] == list(range(100))


async def test_names_that_nobody_logged_are_left_out(connection: Connection) -> None:
    log = await published(connection, [metrics(1)])
    assert (await asked(log, names=["reward", "nobody"]))["metrics"].keys() == {"reward"}
    assert await history(log, ROOM, State()) == {"metrics": {}, "thinned": False}


@pytest.mark.parametrize(
    "span", [Span(start=AT + 5), Span(end=AT + 4), Span(start_step=5), Span(end_step=4.5)]
)
async def test_a_span_may_be_open_on_either_side(connection: Connection, span: Span) -> None:
    log = await published(connection, [metrics(step) for step in range(10)])
    steps = (await asked(log, names=["reward"], span=span))["metrics"]["reward"]["step"]
    assert steps in ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9])


class Watched:
    """A series that notes in which turn of the loop it is read."""

    exact = True

    def __init__(self, read: list[int], turns: list[int]) -> None:
        self._read, self._turns = read, turns

    def points(self) -> list[Point]:
        self._read.append(len(self._turns))
        return [Point(1.0, 1.0, 1.0, 1.0)]


async def test_the_loop_turns_between_two_series() -> None:
    read, turns = list[int](), list[int]()
    state: Any = SimpleNamespace(series={f"s{number}": Watched(read, turns) for number in range(20)})
    log: Any = None  # nothing is coarse, so it is not read

    async def turn() -> None:
        while True:
            turns.append(0)
            await asyncio.sleep(0)

    tasks = Tasks("turns")
    tasks.start(turn(), "turn")
    found = await history(log, "r_1", state, names=["s3", "s3", "s1"])
    assert list(found["metrics"]) == ["s3", "s1"]
    await history(log, "r_1", state)
    await tasks.stop()
    assert len(set(read)) == len(read) == 22
