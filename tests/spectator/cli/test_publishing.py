import json
import queue

import pytest

from spectator.cli.publishing import LONGEST_BATCH, batches, parse
from tests.harness.terminal import spectator_command, spectator_json
from tests.spectator.client.fake_server import FakeServer, Reply


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (
            '{"type": "log", "level": "info", "message": "m"}',
            {"type": "log", "level": "info", "message": "m"},
        ),
        ('{"reward": 1.5}', {"type": "training_metrics", "data": {"reward": 1.5}}),
        (
            "reward=1.5 step=3 note=well",
            {"type": "training_metrics", "data": {"reward": 1.5, "step": 3, "note": "well"}},
        ),
        ("", None),
        ("hello", None),
        ("{", None),
        ("a=", None),
        ("=1", None),
    ],
)
def test_what_a_line_stands_for(text, event):
    assert parse(text) == event


def test_lines_that_wait_go_together_in_order():
    lines = queue.Queue()
    for number in range(LONGEST_BATCH + 2):
        lines.put(f"{number}")
    lines.put(None)
    first, second = batches(lines)
    assert first == [str(number) for number in range(LONGEST_BATCH)]
    assert second == [str(LONGEST_BATCH), str(LONGEST_BATCH + 1)]


def test_lines_of_stdin_become_events(server):
    code = spectator_json(server.data_dir, "room", "create", "piped")["room"]["code"]
    typed = 'reward=1\n{"reward": 2}\n\n{"type": "log", "level": "info", "message": "half way"}\n'
    assert spectator_json(server.data_dir, "publish", code, typed=typed) == {"published": 3, "refused": 0}
    _, told = server.call("GET", f"/rooms/{code}/history?metrics=reward")
    assert told["metrics"]["reward"]["value"] == [1, 2]


def test_a_line_that_is_nothing_is_told_with_its_number(server):
    code = spectator_json(server.data_dir, "room", "create", "piped")["room"]["code"]
    done = spectator_command(server.data_dir, "publish", code, typed='reward=1\nwhat?\n{"type": "no such"}\n')
    assert done.returncode == 1
    assert "line 2 is neither" in done.stderr
    assert "line 3 was refused" in done.stderr
    assert done.stdout == "Published 1 event.\n"


def test_an_unknown_room_is_told(server):
    done = spectator_command(server.data_dir, "publish", "ZZZZZZ", "--json", typed="reward=1\n")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "room_not_found"


def test_a_quota_that_is_used_up_is_said_and_waited_for(tmp_path):
    told = {"code": "quota_exceeded", "detail": "The tenant may publish 5 events a second. Send fewer."}
    full = [Reply(429, {**told, "quota": "events_per_second", "limit": 5}, (("Retry-After", "0.01"),))] * 3
    with FakeServer() as fake:
        fake.troubles.append(lambda call: full.pop() if call.body and full else None)
        fake.troubles.append(lambda _: Reply(200, {"accepted": 1, "rejected": []}))
        done = spectator_command(
            tmp_path, "publish", "ABC234", "--url", fake.url, typed="loss=1\n", SPECTATOR_API_KEY="sk_local_x"
        )
        bodies = [(call.body, call.sequence) for call in fake.calls]
    assert (done.returncode, done.stdout) == (0, "Published 1 event.\n")
    assert done.stderr == "spectator: The tenant may publish 5 events a second. Send fewer. Waiting.\n"
    assert len(bodies) == 4
    assert len(set(bodies)) == 1  # the very same under the same number: nothing is told twice
