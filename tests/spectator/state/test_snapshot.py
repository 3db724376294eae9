import json
from typing import Any

import msgspec
import pytest

from spectator.overlay import DEFAULT_GRAPHS, Graph
from spectator.state import State, opening, snapshot

from .made import AT, busy_run, state_of

LIMIT = 128 * 1024


def size_of(message: dict[str, Any]) -> int:
    return len(msgspec.json.encode(message))


def test_an_empty_room_has_a_snapshot() -> None:
    message = snapshot(State())
    assert message["type"] == "snapshot"
    assert (message["cursor"], message["seq"], message["series"]) == ("0.0.", 0, {})
    assert [graph["graph_id"] for graph in message["graphs"]] == [graph.graph_id for graph in DEFAULT_GRAPHS]


def test_a_snapshot_has_the_newest_of_everything() -> None:
    state = state_of(busy_run(30, names=2))
    message = snapshot(state)
    held = message["state"]
    assert message["cursor"] == state.cursor.text
    assert held["training_metrics"]["data"]["step"] == 29
    assert held["bot_decision"]["step"] == 20
    assert held["bot_decision"]["seq"] == next(
        kept.seq for key, kept in state.newest.items() if key == "bot_decision"
    )
    assert held["data:s6"]["data"]
    assert [alert["alert"]["message"] for alert in held["alerts"]] == ["at 0", "at 10", "at 20"]
    assert held["logs"][-1]["message"] == "line 20"
    assert held["training_events"][0]["event"] == "training_started"
    assert [episode["episode_id"] for episode in held["episodes"]] == [0, 10, 20]
    assert held["run"]["id"] == "r"
    assert held["run"]["status"] == "active"
    assert held["run"]["started_at"].endswith("Z")
    columns = message["series"]["reward"]
    assert columns["step"] == list(range(30))
    assert columns["last"][-1] == 29 / 7
    assert set(columns) == {"step", "episode", "time", "min", "max", "last"}
    assert columns["time"][0] == pytest.approx(AT / 1000, abs=1)


def test_a_long_run_fits_and_keeps_its_extremes() -> None:
    state = state_of(busy_run(5000))
    message = snapshot(state)
    assert size_of(message) <= LIMIT
    assert len(message["series"]) == 30
    assert len(message["more"]) == len(state.series) - 30
    for name, columns in message["series"].items():
        whole = state.series[name].buckets()
        assert 10 <= len(columns["last"]) <= 120
        assert columns["last"][-1] == whole["last"][-1], "the newest value has all its digits"
        assert min(columns["min"]) == pytest.approx(min(whole["min"]), rel=1e-6)  # type: ignore[type-var] # none is None
        assert max(columns["max"]) == pytest.approx(max(whole["max"]), rel=1e-6)  # type: ignore[type-var] # as above


def test_series_of_the_graphs_come_first() -> None:
    state = state_of(busy_run(50))
    message = snapshot(state, graphs=[Graph("g", "G", "y", ("n39", "not logged"))])
    assert next(iter(message["series"])) == "n39"
    assert [graph["graph_id"] for graph in message["graphs"]] == ["g"]


def test_long_events_are_left_out_and_named() -> None:
    events: list[dict[str, Any]] = [
        {"type": "data", "stream": f"s{number}", "data": {"text": "x" * 60_000}} for number in range(10)
    ]
    message = snapshot(state_of([*events, *busy_run(5, names=2)]))
    assert size_of(message) <= LIMIT
    assert "data:s1" not in message["state"] or "data:s2" not in message["state"]
    message = snapshot(state_of([*busy_run(5, names=2)[1:], *events]))
    assert size_of(message) <= LIMIT
    assert "data:s9" in message["state"], "what changed last comes first"
    assert "data:s0" in message["omitted"]


def test_a_hostile_room_fits_too() -> None:
    events: list[dict[str, Any]] = []
    for number in range(600):
        events += [
            {"type": "training_metrics", "data": {f"{number:03d}" + "ü" * 125: 1 / (number + 1)}},
            {"type": "alert", "alert": {"level": "info", "message": "x" * 60_000}},
            {"type": "episode_end", "episode_id": "x" * 128, "source": str(number), "reason": "y" * 250},
        ]
    graphs = [
        Graph(f"g{n}" + "x" * 120, "t" * 128, "y" * 128, tuple(f"{m:0128d}" for m in range(4)))
        for n in range(30)
    ]
    message = snapshot(state_of(events), graphs=graphs)
    assert size_of(message) <= LIMIT
    assert message["series"]


def test_a_flat_stream_begins_with_the_graphs_and_the_newest_of_each_kind() -> None:
    state = state_of(busy_run(30, names=2))
    begun = opening(state)
    assert begun[0][1]["type"] == "graph_config"
    assert begun[0][0] == state.cursor.seq
    kinds = [event["type"] for _, event in begun[1:]]
    assert {"training_metrics", "bot_decision", "alert", "log", "training_event", "data"} <= set(kinds)
    assert kinds.count("alert") == 1
    assert [seq for seq, _ in begun[1:]] == sorted(seq for seq, _ in begun[1:])
    json.dumps([event for _, event in begun])


def test_graphs_that_were_published_are_drawn() -> None:
    published = {"type": "graph_config", "graphs": [{"graph_id": "mine", "metrics": ["a"]}]}
    state = state_of([published])
    assert snapshot(state)["graphs"][-1]["graph_id"] == "mine"
    assert opening(state)[0][1]["graphs"][-1]["graph_id"] == "mine"
    assert "graph_config" not in snapshot(state)["state"]
