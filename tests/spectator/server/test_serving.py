"""A server as a process: files, signals, ports, a store that goes and comes back."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from spectator.server.listening import private_addresses
from tests.harness.servers import ServerProcess
from tests.harness.waiting import until

STORE_ANSWER_S = 2.5


def test_the_files_of_the_data_folder_are_private_and_go_with_the_server(fresh_server: ServerProcess) -> None:
    folder = fresh_server.data_dir
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("key", "secret", "server.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600, name
    told = json.loads((folder / "server.json").read_text())
    assert told["url"] == fresh_server.url
    assert fresh_server.process is not None
    assert told["pid"] == fresh_server.process.pid
    assert fresh_server.stop() == 0
    assert not (folder / "server.json").exists()
    assert (folder / "key").exists()


@pytest.mark.parametrize("one", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_with_a_call_under_way(fresh_server: ServerProcess, one: signal.Signals) -> None:
    status, made = fresh_server.call("POST", "/rooms", {"require_approval": True})
    assert status == 201
    _, asked = fresh_server.call(
        "POST", f"/rooms/{made['room']['code']}/join", {"display_name": "A"}, token=None
    )
    host, port = fresh_server.url.removeprefix("http://").split(":")
    path = f"/api/v1/rooms/{made['room']['id']}/requests/{asked['request_id']}?wait=25"
    with socket.create_connection((host, int(port))) as waiting:
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", f"Authorization: Bearer {asked['token']}"]
        waiting.sendall("\r\n".join([*lines, "", ""]).encode())
        assert fresh_server.process is not None
        began = time.monotonic()
        fresh_server.process.send_signal(one)
        assert fresh_server.process.wait(timeout=60) == 0
        assert time.monotonic() - began < 20  # it asked to wait for 25


def test_rooms_and_key_outlive_the_server(fresh_server: ServerProcess) -> None:
    _, made = fresh_server.call("POST", "/rooms", {"name": "stays"})
    key = fresh_server.api_key
    fresh_server.restart()
    assert fresh_server.api_key == key
    status, room = fresh_server.call("GET", f"/rooms/{made['room']['id']}", token=made["owner_token"])
    assert (status, room["name"]) == (200, "stays")


@pytest.mark.faults
def test_a_killed_server_loses_nothing_and_its_entry_is_replaced(fresh_server: ServerProcess) -> None:
    _, made = fresh_server.call("POST", "/rooms", {"name": "stays"})
    room = made["room"]["id"]
    status, answer = fresh_server.call(
        "POST", f"/rooms/{room}/events", {"type": "log", "level": "info", "message": "x"}
    )
    assert (status, answer["offset"]) == (200, 1)
    fresh_server.kill()
    assert (fresh_server.data_dir / "server.json").exists()
    fresh_server.restart()
    status, answer = fresh_server.call("POST", f"/rooms/{room}/events", [])
    assert (status, answer["offset"]) == (200, 1)


def test_a_port_in_use_is_said_in_one_line(fresh_server: ServerProcess, tmp_path: Path) -> None:
    port = fresh_server.url.rsplit(":", 1)[1]
    second = ServerProcess(tmp_path / "second", "--port", port)
    with pytest.raises(AssertionError, match=f"port {port} is in use"):
        second.start()
    assert "Traceback" not in second.log.read_text()


def test_a_store_that_is_not_there_is_said_in_one_line_without_its_password(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", "--redis", "redis://:s3cret@127.0.0.1:1/0")
    with pytest.raises(AssertionError, match=r"the store at the address of --redis .* does not answer"):
        server.start()
    text = server.log.read_text()
    assert "s3cret" not in text
    assert "Traceback" not in text


def test_a_key_file_open_to_others_is_refused(fresh_server: ServerProcess) -> None:
    fresh_server.stop()
    (fresh_server.data_dir / "key").chmod(0o644)
    with pytest.raises(AssertionError, match="chmod 600"):
        fresh_server.start()
    assert "Traceback" not in fresh_server.log.read_text()


def test_an_idle_server_ends_by_itself(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", SPECTATOR_IDLE_EXIT_S="1")
    server.start()
    assert server.process is not None
    assert server.process.wait(timeout=60) == 0
    assert not (server.data_dir / "server.json").exists()


def store_process(data_dir: Path) -> int:
    return int(json.loads((data_dir / "store.lock").read_text())["pid"])


@pytest.mark.faults
def test_a_store_that_hangs_is_told_in_time_and_all_resumes(fresh_server: ServerProcess) -> None:
    _, made = fresh_server.call("POST", "/rooms", {})
    room, code = made["room"]["id"], made["room"]["code"]
    event = {"type": "log", "level": "info", "message": "x"}
    calls = [
        ("POST", f"/rooms/{room}/events", event, made["owner_token"]),
        ("POST", f"/rooms/{code}/join", {"display_name": "A"}, None),
        ("POST", "/rooms", {}, "api_key"),
        ("GET", f"/rooms/{code}", None, None),
    ]
    pid = store_process(fresh_server.data_dir)
    os.kill(pid, signal.SIGSTOP)
    try:
        for method, path, body, token in calls:
            began = time.monotonic()
            status, problem = fresh_server.call(method, path, body, token=token)
            assert (status, problem["code"]) == (503, "store_unavailable"), (path, problem)
            assert time.monotonic() - began < 2 * STORE_ANSWER_S, path  # the bench holds it to once
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: fresh_server.call(*calls[0][:3], token=calls[0][3])[0] == 200, what="the store is back")
    assert "Traceback" not in fresh_server.log.read_text()


@pytest.mark.faults
def test_a_store_that_is_killed_comes_back_with_everything(fresh_server: ServerProcess) -> None:
    _, made = fresh_server.call("POST", "/rooms", {})
    room = made["room"]["id"]
    event = {"type": "log", "level": "info", "message": "x"}
    assert fresh_server.call("POST", f"/rooms/{room}/events", event)[1]["offset"] == 1
    os.kill(store_process(fresh_server.data_dir), signal.SIGKILL)

    def published() -> int | None:
        status, answer = fresh_server.call("POST", f"/rooms/{room}/events", event)
        assert status in {200, 503}
        return answer["offset"] if status == 200 else None

    assert until(published, deadline=60, what="the store is back") == 2
    assert "Traceback" not in fresh_server.log.read_text()


@pytest.mark.faults
def test_readiness_follows_the_store_and_health_does_not(fresh_server: ServerProcess) -> None:
    pid = store_process(fresh_server.data_dir)
    os.kill(pid, signal.SIGSTOP)
    try:
        ready = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"{fresh_server.url}/readyz"],
            capture_output=True,
            check=True,
            text=True,
        )
        alive = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"{fresh_server.url}/healthz"],
            capture_output=True,
            check=True,
            text=True,
        )
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (ready.stdout, alive.stdout) == ("503", "200")


def test_nothing_secret_in_the_log_of_a_process(fresh_server: ServerProcess) -> None:
    _, made = fresh_server.call("POST", "/rooms", {"password": "pass-s3cret"})
    fresh_server.call("POST", f"/rooms/{made['room']['code']}/join", {"password": "wrong-s3cret"}, token=None)
    fresh_server.call("GET", "/rooms?x=query-s3cret", token="bearer-s3cret")
    fresh_server.stop()
    text = fresh_server.log.read_text()
    assert "/api/v1/rooms" in text
    for secret in ("s3cret", fresh_server.api_key, made["owner_token"]):
        assert secret not in text


def test_over_the_lan_one_joins_and_keys_stay_home(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", "--lan")
    server.start()
    try:
        assert server.url.startswith("http://127.0.0.1:")
        status, made = server.call("POST", "/rooms", {})
        assert status == 201
        port = server.url.rsplit(":", 1)[1]
        for address in private_addresses():
            away = ServerProcess(server.data_dir)
            away.url = f"http://{address}:{port}"
            assert made["join_url"].endswith(f":{port}/r/{made['room']['code']}")
            assert away.call("POST", f"/rooms/{made['room']['code']}/join", {}, token=None)[0] == 200
            refused = away.call("GET", "/rooms")
            assert (refused[0], refused[1]["code"]) == (403, "not_allowed")
            room = f"/rooms/{made['room']['id']}"
            assert away.call("PATCH", room, {"name": "x"}, token=made["owner_token"])[0] == 200
    finally:
        server.close()
