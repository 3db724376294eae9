"""An export against what was sent: every kept event as it was published, and what is not kept is said."""

import csv
import io
import json
import math
import random
from typing import Any

import pytest

from rooms import Room
from spectator.log import Log, Retention
from spectator.manager import Manager
from spectator.manager.export import PLACES, Exporter
from spectator.state import compact
from tests.spectator.manager.test_publishing import active_room

Event = dict[str, Any]
EVENTS = 1_200
AT = "2024-01-15T10:30:00.123Z"


def made(number: int, chance: random.Random) -> Event:
    """One of the kinds of events there are, with values that are easily changed on the way."""
    value = chance.choice([chance.random(), 1e300, 5e-324, -0.0, 2**53, 7, 0.1 + 0.2, 1e16])
    kinds: list[Event] = [
        {"type": "training_metrics", "step": number, "data": {"loss": value, "näme": number, "on": True}},
        {"type": "training_metrics", "data": {"step": number, "loss": value}, "source": "w-1", "agent": 3},
        {
            "type": "metric",
            "name": "single",
            "value": value,
            "step": number,
            "metadata": {"a": [1, {"b": 2}]},
        },
        {"type": "episode_metrics", "metrics": {"reward": value, "quality": None}},
        {"type": "log", "level": "info", "message": f'line {number} "quoted"; =1+1 \u2028 \\ ü 🎲'},
        {"type": "state", "state": {"deep": [[[[[[value]]]]]], "text": "x\ty"}},
        {"type": "bot_decision", "action_probabilities": {"l": 0.25, "r": 0.75}, "q_values": [value, 1]},
        {
            "type": "episode_steps",
            "episode_id": number,
            "from": 0,
            "steps": [{"step": 0, "position": {"x": value}}],
        },
    ]
    return {**chance.choice(kinds), "timestamp": AT}


async def published(manager: Manager, room: Room) -> list[Event]:
    chance = random.Random(4)
    sent = [made(number, chance) for number in range(EVENTS)]
    place = 0
    while place < EVENTS:
        batch = sent[place : place + chance.choice([1, 7, 60])]
        body = "\n".join(json.dumps(event, ensure_ascii=chance.random() < 0.5) for event in batch).encode()
        assert json.loads(await manager.publish(room, body))["accepted"] == len(batch)
        place += len(batch)
    return sent


async def file_of(log: Log, room: Room, form: Any) -> tuple[int, bytes]:
    begun = await Exporter(log).begin(room.id, form, {})
    return begun.first, b"".join([piece async for piece in begun.pieces])


def numbered(events: list[Event], first: int) -> list[Event]:
    return [{**event, "seq": seq} for seq, event in enumerate(events, first)]


def cells(sent: list[Event], head: list[str], first: int) -> list[list[str]]:
    """The rows that a table of these events has, by the rules of the protocol alone."""
    rows = []
    for seq, event in enumerate(sent, first):
        if event["type"] == "metric":
            values: Event = {event["name"]: event["value"]}
        elif event["type"] in {"training_metrics", "episode_metrics"}:
            values = event.get("data") or event.get("metrics") or {}
        else:
            continue
        step = event.get("step", values.get("step"))
        place = [
            seq,
            f"{AT[:10]} {AT[11:-1]}",
            event["type"],
            step,
            None,
            event.get("source"),
            event.get("agent"),
        ]
        rows.append([cell(one) for one in (*place, *(values.get(name) for name in head[len(PLACES) :]))])
    return rows


def cell(value: Any) -> str:
    if value is None:
        return ""
    return {True: "TRUE", False: "FALSE"}[value] if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("kept", [10**9, 40_000])
async def test_a_file_is_what_was_sent_as_far_as_it_is_kept(manager: Manager, kept: int) -> None:
    room = await active_room(manager.rooms)
    sent = await published(manager, room)
    log = Log(manager.connection, Retention(checkpoint_after=1, keep_bytes=kept, page=9_000))
    assert await compact(log, room.id)
    first, lines = await file_of(log, room, "ndjson")
    assert (first > 1) == (kept < 10**9)
    left = sent[first - 1 :]
    told, *events, end = map(json.loads, lines.splitlines())
    assert events == numbered(left, first)
    assert told["export"] | {"room": {}} == {
        "room": {},
        "exported_at": told["export"]["exported_at"],
        "first": first,
        "last": EVENTS,
        "dropped_before": first - 1,
    }
    assert end == {"end": {"events": len(left)}}
    document = json.loads((await file_of(log, room, "json"))[1])
    assert (document["events"], document["end"]) == (events, end["end"])
    table = (await file_of(log, room, "csv"))[1].decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(table, newline=""))
    assert rows == cells(left, head, first)


async def test_what_was_changed_on_the_way_in_is_said_there_and_exported_as_stored(manager: Manager) -> None:
    room = await active_room(manager.rooms)
    event = {"type": "training_metrics", "data": {"loss": math.nan, "far": -math.inf}, "timestamp": AT}
    answer = json.loads(await manager.publish(room, json.dumps(event).encode()))
    assert answer["non_finite"] == 2
    _, lines = await file_of(manager.log, room, "ndjson")
    assert json.loads(lines.splitlines()[1])["data"] == {"loss": None, "far": None}
