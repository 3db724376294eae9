import json

import pytest

from spectator.cli.watching import line
from tests.harness.terminal import spectator_command, spectator_json, spectator_started

AT = "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            {
                "type": "training_metrics",
                "timestamp": AT,
                "data": {"reward": 1.23456, "episode": 7, "x": None},
            },
            "03:04:05  training_metrics  reward 1.235  episode 7",
        ),
        (
            {
                "type": "bot_decision",
                "timestamp": AT,
                "selected_action": "up",
                "action_probabilities": {"up": 0.9},
            },
            "03:04:05  bot_decision      up  up 0.9",
        ),
        (
            {"type": "training_event", "timestamp": AT, "event": "training_started"},
            "03:04:05  training_event    training_started",
        ),
        (
            {"type": "alert", "timestamp": AT, "alert": {"level": "error", "message": "a\x1bb"}},
            "03:04:05  alert             error: a\N{REPLACEMENT CHARACTER}b",
        ),
        (
            {"type": "state", "seq": 3, "timestamp": AT, "state": {"a": 1}},
            '03:04:05  state             {"state": {"a": 1}}',
        ),
    ],
)
def test_an_event_is_one_line(event, text):
    assert line(event) == text


def test_many_numbers_are_cut():
    assert line({"type": "training_metrics", "data": {f"m{n}": n for n in range(20)}}).endswith("...")


def test_events_are_printed_as_they_come(server):
    code = spectator_json(server.data_dir, "room", "create", "watched")["room"]["code"]
    with spectator_started(server.data_dir, "watch", code, "--json") as watcher:
        assert watcher.stdout is not None
        events = map(json.loads, watcher.stdout)
        assert next(events)["type"] == "snapshot"
        spectator_json(server.data_dir, "publish", code, typed="reward=42\n")
        event = next(told for told in events if told.get("type") == "training_metrics")
        assert event["data"]["reward"] == 42
        spectator_json(server.data_dir, "room", "close", code)
        _, errors = watcher.communicate(timeout=20)
    assert "Traceback" not in errors


def test_a_wrong_password_is_told(server, tmp_path):
    made = spectator_json(server.data_dir, "room", "create", "secret", "--generate-password")
    # Somebody without the key of the server: a key's owner needs no password.
    done = spectator_command(tmp_path, "watch", made["join_url"], "--password", typed="wrong\n")
    assert done.returncode == 1
    assert done.stderr.startswith("spectator: ")
    assert "wrong\n" not in done.stderr
