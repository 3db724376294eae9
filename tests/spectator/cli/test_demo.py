import json
import signal

import pytest

from tests.harness.terminal import spectator_json, spectator_started
from tests.harness.waiting import until


@pytest.mark.timeout(240)
@pytest.mark.parametrize("told_to_end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_demo_runs_a_server_of_its_own_and_takes_it_along(told_to_end, tmp_path):
    data = tmp_path / "data"
    with spectator_started(data, "demo", "--port", "0") as demo:
        assert demo.stdout is not None
        watch, owner = demo.stdout.readline(), demo.stdout.readline()
        code = owner.split()[-1]
        assert watch == f"watch at {spectator_json(data, 'status')['url']}/r/{code} (code {code})\n"
        room = until(lambda: live(data, code), what="the demo's run")
        assert room["name"] == "four-rooms"
        until(lambda: figures(data, code), what="the agent's figures")
        demo.send_signal(told_to_end)
        told, errors = demo.communicate(timeout=30)
    assert "The demo has ended" in told
    assert errors == ""
    assert demo.returncode == 0
    assert not (data / "server.json").exists()


def test_the_demo_uses_the_server_that_runs(server):
    with spectator_started(server.data_dir, "demo", "--json", "--episodes", "3") as demo:
        said, errors = demo.communicate(timeout=50)
    assert (demo.returncode, errors) == (0, "")
    told = json.loads(said)
    assert told["url"].startswith(server.url)
    assert spectator_json(server.data_dir, "room", "show", told["code"])["run"]["status"] == "finished"
    assert spectator_json(server.data_dir, "status")["running"]


def test_a_server_that_cannot_start_is_told_with_its_reason(server, tmp_path):
    port = server.url.rsplit(":", 1)[1]
    with spectator_started(tmp_path / "data", "demo", "--port", port) as demo:
        said, errors = demo.communicate(timeout=50)
    assert (demo.returncode, said) == (4, "")
    assert errors.startswith("spectator: the server could not be started")
    assert errors.count("\n") == 1
    assert port in errors


def live(data, code):
    room = spectator_json(data, "room", "show", code)
    return room if (room.get("run") or {}).get("status") == "active" else None


def figures(data, code):
    with spectator_started(data, "watch", code, "--json") as watcher:
        assert watcher.stdout is not None
        for text in watcher.stdout:
            event = json.loads(text)
            if event["type"] == "training_metrics":
                return {"episode", "current_reward", "win_rate"} <= set(event["data"])
    return False
