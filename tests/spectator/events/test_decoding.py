import json
from typing import Any

import pytest

from spectator.events import BodyRefused, Decoded, Limits, RunChange, decode, parse

NOW = 1_700_000_000_000
STAMP = "2023-11-14T22:13:20.000Z"


def sent(*events: Any) -> Decoded:
    return decode("\n".join(json.dumps(event) for event in events).encode(), NOW)


def refused(line: bytes) -> str:
    decoded = decode(line, NOW)
    assert decoded.events == []
    [(number, code)] = decoded.rejected
    assert number == 1
    return code


def accepted(event: Any) -> dict[str, Any]:
    [raw] = sent(event).events
    return parse(raw)


ONE_OF_EACH: list[dict[str, Any]] = [
    {
        "type": "training_metrics",
        "data": {"episode": 150, "current_reward": 85.5, "algorithm": "DQN", "done": True},
    },
    {
        "type": "bot_decision",
        "action_probabilities": {"move_left": 0.25, "shoot": 0.75},
        "selected_action": "shoot",
        "state_values": 0.82,
        "q_values": [0.1, None],
        "step": 7,
        "tree": {"children": [{"name": "a"}]},
    },
    {"type": "graph_config", "graphs": [{"graph_id": "g", "title": "G", "y_label": "y", "metrics": ["a"]}]},
    {
        "type": "graph_update",
        "graphs": [
            {"graph_id": "reward_progress", "timestamp": STAMP, "data_points": {"current_reward": 85.5}}
        ],
    },
    {"type": "episode_start", "episode_id": 3, "metadata": {"seed": 1}},
    {
        "type": "episode_steps",
        "episode_id": 3,
        "from": 0,
        "steps": [{"step": 0, "position": [1, 2], "reward": 0.5}],
    },
    {"type": "episode_end", "episode_id": 3, "total_reward": 1.5, "length": 10, "reason": "goal"},
    {"type": "episode_metrics", "metrics": {"timestamp": 1634567890.123, "reward": 0.756, "success": True}},
    {"type": "system_metrics", "metrics": {"cpu_percent": 45.2, "training_active": True}},
    {
        "type": "alert",
        "alert": {"level": "warning", "category": "training", "message": "drop", "timestamp": 1634567890.123},
    },
    {"type": "training_event", "event": "training_started", "timestamp": 1634567890.123},
    {"type": "metric", "name": "loss", "value": 0.5, "metadata": {"epoch": 1}},
    {"type": "data", "stream": "sensor", "data": {"value": 123}},
    {"type": "log", "level": "info", "message": "hello", "metadata": {"a": {"b": 1}}},
    {"type": "state", "state": {"phase": "warm-up"}},
]


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event["type"])
def test_every_type_of_the_protocol_goes_through_unchanged(event: dict[str, Any]) -> None:
    decoded = sent({"timestamp": "2024-01-15T10:30:00Z", **event})
    assert decoded.rejected == []
    assert decoded.kinds == [event["type"]]
    assert parse(decoded.events[0]) == {"timestamp": "2024-01-15T10:30:00Z", **event}


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event["type"])
def test_worker_and_agent_may_stand_beside_every_type(event: dict[str, Any]) -> None:
    assert accepted({**event, "source": "worker-1", "agent": 2})["source"] == "worker-1"


def test_an_accepted_line_is_stored_as_it_came() -> None:
    line = b'{ "type" : "log","timestamp":"2024-01-15T10:30:00Z", "message":"\\u00e4 1.0e0" }'
    assert decode(b"  " + line + b"\r\n", NOW).events == [line]


def test_an_event_without_a_time_gets_the_stores() -> None:
    assert decode(b'{"type":"log","message":"a"}', NOW).events == [
        b'{"type":"log","message":"a","timestamp":"2023-11-14T22:13:20.000Z"}'
    ]
    assert accepted({"type": "log", "message": "a", "timestamp": None})["timestamp"] == STAMP


@pytest.mark.parametrize(
    ("told", "stored"),
    [
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
        ("2024-01-15T10:30:00.5+02:00", "2024-01-15T08:30:00.500000Z"),
        ("2024-01-15T10:30:00", "2024-01-15T10:30:00Z"),
        (1634567890.123, 1634567890.123),
        (0, 0),
    ],
)
def test_times_are_utc_or_seconds(told: str | float, stored: str | float) -> None:
    assert accepted({"type": "log", "message": "a", "timestamp": told})["timestamp"] == stored


@pytest.mark.parametrize("told", ["yesterday", "x" * 1000, -1, 1e300, True, [], "9999-12-31T23:59:59-10:00"])
def test_times_that_are_none_are_refused(told: Any) -> None:
    line = json.dumps({"type": "log", "message": "a", "timestamp": told}).encode()
    assert refused(line) in {"invalid_timestamp", "invalid_field"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"nonsense", "invalid_json"),
        (b'{"type":"log","message":"a"', "invalid_json"),
        (b'{"type":"log","message":"\xff"}', "invalid_json"),
        (b'{"type":"log","message":"\\ud800"}', "invalid_json"),
        (b'{"type":"log","message":"a\x00"}', "invalid_json"),
        (b"[1]", "not_an_object"),
        (b"1", "not_an_object"),
        (b"{}", "unknown_type"),
        (b'{"type":5}', "unknown_type"),
        (b'{"type":["log"]}', "unknown_type"),
        (b'{"type":"welcome"}', "unknown_type"),
        (b'{"type":"log","message":"a","seq":1}', "reserved_field"),
        (b'{"type":"log","message":"a","offset":1}', "reserved_field"),
        (b'{"type":"log","message":"a","cursor":""}', "reserved_field"),
        (b'{"type":"log","message":"a","room":"r"}', "reserved_field"),
        (b'{"type":"log","message":"a","tenant":"t"}', "reserved_field"),
        (b'{"type":"training_metrics","data":{},"derived":{}}', "reserved_field"),
        (b'{"type":"log"}', "invalid_field"),
        (b'{"type":"log","message":5}', "invalid_field"),
        (b'{"type":"training_metrics","data":[]}', "invalid_field"),
        (b'{"type":"training_metrics","data":{"":1}}', "invalid_field"),
        (b'{"type":"metric","name":"a","value":"text"}', "invalid_field"),
        (b'{"type":"alert","alert":{"level":"loud","message":"m"}}', "invalid_field"),
        (b'{"type":"bot_decision","action_probabilities":{"a":"x"}}', "invalid_field"),
        (b'{"type":"graph_config","graphs":[{"graph_id":"g","metrics":[]}]}', "invalid_field"),
        (b'{"type":"log","message":"a","source":{}}', "invalid_field"),
        (b'{"type":"training_metrics","data":{"a":9007199254740993}}', "number_out_of_range"),
        (b'{"type":"training_metrics","data":{"a":-123456789012345678901234567890}}', "number_out_of_range"),
        (b'{"type":"state","state":{"a":' + b"9" * 5000 + b"}}", "invalid_json"),
        (b'{"type":"training_metrics","data":{"' + b"n" * 129 + b'":1}}', "name_too_long"),
    ],
)
def test_what_is_wrong_with_a_line_has_a_code(line: bytes, code: str) -> None:
    assert refused(line) == code


def test_the_type_cannot_be_told_twice() -> None:
    assert refused(b'{"type":"log","message":"a","type":"welcome"}') == "unknown_type"
    [event] = decode(b'{"type":"log","message":"a","type":"log","message":"b"}', NOW).events
    assert parse(event)["message"] == "b"


def test_depth_is_counted_from_the_event() -> None:
    def nested(depth: int) -> bytes:
        inner = depth - 2  # the event and its state
        return b'{"type":"state","state":{"a":' + b"[" * inner + b"]" * inner + b"}}"

    assert decode(nested(32), NOW).rejected == []
    assert refused(nested(33)) == "too_deep"
    assert refused(nested(30_000)) == "too_deep"
    deep = b'{"type":"state","state":' + b'{"a":' * 40 + b"1" + b"}" * 41
    assert refused(deep) == "too_deep"


def test_too_many_names_are_refused() -> None:
    values = {f"n{number}": number for number in range(501)}
    assert refused(json.dumps({"type": "training_metrics", "data": values}).encode()) == "too_many_names"
    del values["n0"]
    assert accepted({"type": "training_metrics", "data": values})


def test_large_events_pass_only_as_pieces_of_episodes() -> None:
    limits = Limits(event=200, episode=1_000)
    steps = [{"step": number, "reward": 1.0} for number in range(20)]
    piece = json.dumps({"type": "episode_steps", "episode_id": 1, "from": 0, "steps": steps}).encode()
    text = json.dumps({"type": "log", "message": "x" * 300, "note": "episode_steps"}).encode()
    decoded = decode(
        piece + b"\n" + text + b"\n" + piece.replace(b"[", b"[" + b" " * 900), NOW, limits=limits
    )
    assert decoded.kinds == ["episode_steps"]
    assert decoded.rejected == [(2, "too_large"), (3, "too_large")]


def test_numbers_that_are_not_finite_become_null_and_are_counted() -> None:
    line = (
        b'{"type":"training_metrics","data":{"a":NaN,"b":Infinity,"c":-Infinity,"d":1e999,"e":[NaN],"f":1}}'
    )
    decoded = decode(line, NOW)
    assert decoded.non_finite == 5
    assert parse(decoded.events[0])["data"] == {
        "a": None,
        "b": None,
        "c": None,
        "d": None,
        "e": [None],
        "f": 1,
    }


def test_an_array_and_a_single_object_are_taken_too() -> None:
    array = b'[{"type":"log",\n"message":"a"},\n 5, {"type":"log","message":NaN}]'
    decoded = decode(array, NOW, ndjson=False)
    assert len(decoded.events) == 1
    assert decoded.rejected == [(2, "not_an_object"), (3, "invalid_field")]
    single = decode(b'{\r\n"type": "log",\n"message": "a"}', NOW, ndjson=False)
    assert single.kinds == ["log"]
    assert all(b"\n" not in event and b"\r" not in event for event in [*decoded.events, *single.events])


@pytest.mark.parametrize("body", [b"[1,", b'[{"a":1}', b"[" * 100_000])
def test_an_array_that_is_no_json_is_refused_whole(body: bytes) -> None:
    with pytest.raises(BodyRefused) as error:
        decode(body, NOW, ndjson=False)
    assert error.value.code == "invalid_request"


def test_the_body_is_bounded_in_bytes_and_lines() -> None:
    line = b'{"type":"log","message":"a"}\n'
    assert len(decode(line * 1000 + b"\n\n", NOW).events) == 1000
    for body in (line * 1001, b" " * (4 * 1024 * 1024 + 1)):
        with pytest.raises(BodyRefused) as error:
            decode(body, NOW)
        assert error.value.code == "payload_too_large"


def test_empty_lines_count_in_numbers_and_nowhere_else() -> None:
    decoded = decode(b'\n\n{"type":"log","message":"a"}\n\nbad\n', NOW)
    assert decoded.lines == [3]
    assert decoded.rejected == [(5, "invalid_json")]
    assert decode(b"", NOW).events == []


def test_names_of_series_carry_their_worker() -> None:
    decoded = sent(
        {"type": "training_metrics", "data": {"loss": 1, "step": 5}},
        {"type": "training_metrics", "data": {"loss": 1, "step": 5}, "source": "w"},
        {"type": "metric", "name": "fps", "value": 60, "source": 3},
        {"type": "log", "message": "a"},
        {"type": "episode_metrics", "metrics": {"reward": [1]}},
        {"type": "graph_update", "graphs": [{"graph_id": "g", "data_points": {"x": 1}}]},
    )
    assert decoded.samples == [
        (0, {"loss": 1, "step": 5}),
        (1, {"loss@w": 1}),
        (2, {"fps@3": 60}),
        (4, {"reward": [1]}),
        (5, {"x": 1}),
    ]


def test_a_batch_says_what_it_does_to_the_run() -> None:
    started = {"type": "training_event", "event": "training_started"}
    named = {
        "type": "training_event",
        "event": "training_started",
        "data": {"run_id": "abc", "nested": {"a": 1}},
    }
    finished = {"type": "training_event", "event": "training_finished"}
    note = {"type": "log", "message": "a"}
    assert sent(note).run is None
    assert sent(note, started).run == RunChange("active", 1, "")
    assert sent(started, note, named).run == RunChange("active", 2, "abc")
    assert sent(finished).run == RunChange("finished", None, "")
    assert sent(started, {"type": "training_event", "event": "training_failed"}).run == RunChange(
        "failed", 0, ""
    )
    assert sent({"type": "training_event", "event": "stage_advanced", "data": {"stage": 2}}).run is None


def test_leaving_events_out_moves_what_points_at_the_others() -> None:
    decoded = sent(
        {"type": "metric", "name": "a", "value": 1},
        {"type": "training_event", "event": "training_started"},
        {"type": "metric", "name": "b", "value": 1},
    )
    left = decoded.without({0: "too_many_series"})
    assert left.kinds == ["training_event", "metric"]
    assert left.samples == [(1, {"b": 1})]
    assert left.run == RunChange("active", 0, "")
    assert left.rejected == [(1, "too_many_series")]
    assert left.lines == [2, 3]
