"""Rooms' events for the tests of this package."""

import json
import math
from typing import Any

from spectator.log import Entry
from spectator.state import State, advance

AT = 1_700_000_000_000


def entries(events: list[dict[str, Any]], size: int = 10) -> list[Entry]:
    """The log that these events make when they are published ``size`` at a time."""
    raws = [json.dumps(event).encode() for event in events]
    made = []
    for first in range(0, len(raws), size):
        part = raws[first : first + size]
        last = first + len(part)
        tag, previous = b"%08x" % last, b"%08x" % first if first else b""
        made.append(Entry(first + 1, last, tag, previous, AT + last, part, sum(map(len, part))))
    return made


def state_of(events: list[dict[str, Any]], size: int = 10) -> State:
    """The state after these events."""
    state = State()
    for entry in entries(events, size):
        advance(state, entry, 7)
    return state


def busy_run(count: int, names: int = 40) -> list[dict[str, Any]]:
    """A run with many series, decisions, episodes, alerts and lines."""
    events: list[dict[str, Any]] = [
        {"type": "training_event", "event": "training_started", "data": {"run_id": "r"}}
    ]
    for step in range(count):
        values = {f"n{name}": math.sin(step * name) * name for name in range(names)}
        events.append(
            {
                "type": "training_metrics",
                "data": {"step": step, "episode": step // 9, "reward": step / 7, **values},
            }
        )
        if step % 10 == 0:
            events += [
                {
                    "type": "bot_decision",
                    "action_probabilities": {"a": 0.5},
                    "selected_action": "a",
                    "step": step,
                },
                {"type": "alert", "alert": {"level": "info", "message": f"at {step}"}},
                {"type": "log", "message": f"line {step}"},
                {"type": "episode_start", "episode_id": step},
                {"type": "episode_end", "episode_id": step, "total_reward": 1.5},
                {"type": "data", "stream": f"s{step % 7}", "data": {"text": "ä" * 50}},
            ]
    return events
