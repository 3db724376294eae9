import json
import os
import signal
import subprocess
import sys

import pytest

from spectator.cli.serving import _is_there
from spectator.embedded import EmbeddedStore, process
from tests.harness.terminal import spectator_command, spectator_json, spectator_started
from tests.rooms.servers import own_store


def test_without_a_server_status_says_how_to_start_one(tmp_path):
    done = spectator_command(tmp_path, "status")
    assert (done.returncode, done.stdout) == (3, "No server is running. Start one: spectator serve\n")
    assert json.loads(spectator_command(tmp_path, "status", "--json").stdout) == {"running": False}
    assert spectator_command(tmp_path, "stop").stdout == "No server is running.\n"


def test_status_tells_where_it_runs(server):
    told = spectator_json(server.data_dir, "status")
    assert (told["running"], told["problem"]) == (True, None)
    assert told["url"] == server.url
    assert server.process is not None
    assert told["pid"] == server.process.pid
    assert f"Running at {server.url}" in spectator_command(server.data_dir, "status").stdout


@pytest.mark.faults
def test_status_of_a_server_whose_store_is_silent_says_where_it_runs_all_the_same(tmp_path):
    data = tmp_path / "data"
    with (
        own_store(tmp_path) as store,
        spectator_started(data, "serve", "--port", "0", "--redis", store.url) as serving,
    ):
        assert serving.stdout is not None
        url = serving.stdout.readline().split()[2]
        with store.paused():
            done = spectator_command(data, "status")
            told = spectator_command(data, "status", "--json")
    assert (done.returncode, told.returncode) == (1, 1)
    assert f"Running at {url}" in done.stdout
    assert "in trouble. The store cannot be reached." in done.stdout
    answer = json.loads(told.stdout)
    assert (answer["running"], answer["url"], answer["pid"]) == (True, url, serving.pid)
    assert (answer["problem"], answer["rooms"], answer["nodes"]) == ("store_unavailable", None, None)


def test_stop_ends_it_and_its_rooms_stay(fresh_server):
    code = spectator_json(fresh_server.data_dir, "room", "create", "kept")["room"]["code"]
    done = spectator_command(fresh_server.data_dir, "stop")
    assert done.stdout == f"Stopped {fresh_server.url}. Its rooms stay.\n"
    assert fresh_server.process.wait(10) == 0
    fresh_server.start()
    assert spectator_json(fresh_server.data_dir, "room", "show", code)["name"] == "kept"


def test_serve_says_where_and_ends_cleanly_on_ctrl_c(tmp_path):
    with spectator_started(tmp_path / "data", "serve", "--port", "0") as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("serving at http://127.0.0.1:")
        serving.send_signal(signal.SIGINT)
        _, errors = serving.communicate(timeout=20)
        assert serving.returncode in {0, 130}
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], None),
        (["--behind-proxy"], "Links made on this machine lead to it alone: say --public-url"),
        (["--host", "0.0.0.0", "--behind-proxy"], "say --public-url"),
        (
            ["--behind-proxy", "--public-url", "https://lab.example.org"],
            "for people: https://lab.example.org",
        ),
    ],
)
def test_serve_says_which_address_is_for_others(tmp_path, arguments, told):
    operator = {"SPECTATOR_OPERATOR_KEY": "op_the-operator-of-the-tests"}
    with spectator_started(tmp_path / "data", "serve", "--port", "0", *arguments, **operator) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("serving at http://127.0.0.1:")
        serving.send_signal(signal.SIGINT)
        rest = serving.stdout.read()
    assert (told in rest) if told is not None else rest == ""


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        (["--host", "0.0.0.0"], "--lan", 2),
        (["--redis", "nonsense"], "redis://", 2),
        (["--redis", "http://x"], "redis://", 2),
        (["--redis", "unix://"], "redis://", 2),
        (["--redis", "unix:///nowhere.sock"], "nowhere.sock", 4),
        (["--port", "99999"], "a port is a number from 0 to 65535", 2),
        (["--port", "-1"], "--port", 2),
        (["--static", "/nowhere"], "index.html", 2),
    ],
)
def test_what_cannot_be_served_is_told_in_a_line(tmp_path, arguments, told, code):
    done = spectator_command(tmp_path / "data", "serve", "--port", "0", *arguments)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told(server, tmp_path):
    port = server.url.rsplit(":", 1)[1]
    done = spectator_command(tmp_path / "data", "serve", "--port", port)
    assert done.returncode == 4
    assert port in done.stderr


def test_a_process_that_ended_is_not_there():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    assert _is_there(os.getpid())
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert not _is_there(ended.pid)  # a zombie
    ended.wait()
    assert not _is_there(ended.pid)


def test_a_store_of_ones_own_is_used_and_left_running(store, tmp_path):
    data = tmp_path / "data"
    with spectator_started(data, "serve", "--port", "0", "--redis", store.url) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("serving at ")
        assert not (data / "store").exists()
        assert spectator_json(data, "status")["running"]
        assert spectator_command(data, "stop").returncode == 0
    assert process.answers(store.socket)


def test_a_store_that_may_forget_keys_is_refused(tmp_path):
    forgetful = EmbeddedStore.start(tmp_path / "forgetful")
    process.ask(forgetful.socket, 5, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    done = spectator_command(tmp_path / "data", "serve", "--port", "0", "--redis", forgetful.url)
    forgetful.stop()
    assert done.returncode == 4
    assert "noeviction" in done.stderr


def test_two_servers_on_one_folder_share_its_rooms(server):
    code = spectator_json(server.data_dir, "room", "create", "shared")["room"]["code"]
    with spectator_started(server.data_dir, "serve", "--port", "0") as second:
        assert second.stdout is not None
        assert second.stderr is not None
        greeting = second.stdout.readline()
        assert greeting, second.stderr.read()
        url = greeting.split()[2]
        assert url != server.url
        shown = spectator_command(
            server.data_dir, "room", "show", code, "--json", "--url", url, SPECTATOR_API_KEY=server.api_key
        )
        assert json.loads(shown.stdout)["name"] == "shared"
        assert spectator_json(server.data_dir, "status")["url"] == server.url
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0
    assert spectator_json(server.data_dir, "room", "show", code)["name"] == "shared"
