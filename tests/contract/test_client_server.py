"""The client and a real server: what a training script and the people around it live through."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import spectator
from spectator.client.local_server import LocalServer
from spectator.client.room import Room
from tests.harness.servers import ROOT, ServerProcess, environment
from tests.harness.waiting import until

OpenRoom = Callable[..., Room]


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRoom]:
    """Opens rooms on a server as a script beside it would: through the data folder."""
    rooms: list[Room] = []

    def open_on(server: ServerProcess, name: str, **arguments: Any) -> Room:
        monkeypatch.setenv("SPECTATOR_DATA_DIR", str(server.data_dir))
        room = spectator.open_room(name, **{"quiet": True, **arguments})
        rooms.append(room)
        return room

    yield open_on
    for room in rooms:
        if room._run is not None:
            room._run.end_run(None)
            room._run.outbox._give_up_at = 0.0
            room._run.wait_sent(5)


def history(server: ServerProcess, room: Room, name: str) -> list[float]:
    _, told = server.call("GET", f"/rooms/{room.id}/history?max_points=5000")
    values: list[float] = told.get("metrics", {}).get(name, {}).get("value", [])
    return values


def status(server: ServerProcess, room: Room) -> Any:
    return (server.call("GET", f"/rooms/{room.id}")[1].get("run") or {}).get("status")


def test_a_run_from_its_begin_to_its_end(server: ServerProcess, opens: OpenRoom) -> None:
    room = opens(server, "a run", config={"lr": 3e-4, "layers": [64, 64]}, tags=["dqn"], notes="first")
    for step in range(500):
        room.log(step=step, current_reward=step * 0.5, loss=float("nan") if step == 3 else 1.0)
    room.decision([0.25, 0.75], 1, labels=["left", "right"], value=0.5)
    until(lambda: status(server, room) == "active")
    room.finish()
    assert status(server, room) == "finished"
    assert history(server, room, "current_reward") == [step * 0.5 for step in range(500)]
    told = server.call("GET", f"/rooms/{room.id}")[1]
    assert told["config"] == {"lr": 3e-4, "layers": [64, 64]}
    assert told["metadata"] == {"tags": ["dqn"], "notes": "first"}
    assert told["max_spectators"] == 100
    assert room.dropped == 0


def test_the_script_again_lands_in_the_same_room(server: ServerProcess, opens: OpenRoom) -> None:
    first = opens(server, "again", config={"lr": 1})
    first.finish()
    second = opens(server, "again", config={"lr": 2})
    assert (second.id, second.code) == (first.id, first.code)
    assert server.call("GET", f"/rooms/{second.id}")[1]["config"] == {"lr": 2}
    beside = opens(server, "again")
    assert beside.id != second.id
    assert server.call("GET", f"/rooms/{beside.id}")[1]["name"] == "again-2"
    second.finish()
    assert opens(server, "again", new=True).id not in {first.id, beside.id}


def test_leaving_a_guard_out_never_takes_it_away(server: ServerProcess, opens: OpenRoom) -> None:
    first = opens(server, "guarded", password=True, require_approval=True, config={"lr": 1})
    made = first.password
    assert made
    first.finish()
    second = opens(server, "guarded", password=True)
    assert second.id == first.id
    told = server.call("GET", f"/rooms/{second.id}")[1]
    assert (told["access_level"], told["require_approval"], told["config"]) == ("password", True, {"lr": 1})
    ref = f"/rooms/{second.code}/join"
    assert server.call("POST", ref, {"display_name": "Ada", "password": made}, token=None)[0] == 202
    second.finish()
    third = opens(server, "guarded")
    assert server.call("GET", f"/rooms/{third.id}")[1]["access_level"] == "password"


def test_a_password_and_what_the_owner_sees(server: ServerProcess, opens: OpenRoom) -> None:
    room = opens(server, "one seat", password="s3cret", require_approval=True, max_spectators=1)
    ref = f"/rooms/{room.code}/join"
    assert server.call("POST", ref, {"display_name": "Eve", "password": "wrong"}, token=None)[0] == 403
    heard: list[str] = []
    room.on_request(lambda request: heard.append(request.name))
    for name in ("Ada", "Bob", "Cyd"):
        assert server.call("POST", ref, {"display_name": name, "password": "s3cret"}, token=None)[0] == 202
    until(lambda: sorted(heard) == ["Ada", "Bob", "Cyd"])
    ada, bob, cyd = sorted(room.requests(), key=lambda request: request.name)
    assert room.approve(ada)
    assert room.deny(bob.id)
    assert not room.approve(cyd)  # one seat, and it is held for Ada
    assert not room.approve(bob)  # settled already
    assert room.update(max_spectators=5)
    assert room.approve_all() == 1
    assert sorted(person.name for person in room.spectators()) == ["Ada", "Cyd"]


def test_what_can_be_changed_and_how_it_ends(server: ServerProcess, opens: OpenRoom) -> None:
    room = opens(server, "changes")
    assert room.update(name="changed", access="private", max_spectators=3, notes="later", listed=False)
    assert room.extend(hours=5)
    told = server.call("GET", f"/rooms/{room.id}")[1]
    assert (told["name"], told["access_level"], told["max_spectators"]) == ("changed", "private", 3)
    with pytest.raises(ValueError, match="max_spectators"):
        room.update(max_spectators=0)
    assert room.update(password="s3cret")
    assert server.call("GET", f"/rooms/{room.id}")[1]["access_level"] == "password"
    assert room.update(access="public")
    assert server.call("GET", f"/rooms/{room.id}")[1]["has_password"] is False
    url = room.owner_url
    assert url is not None
    claim = url.split("#claim=")[1]
    assert server.call("POST", "/claims", {"claim": claim}, token=None)[0] == 200
    assert room.close_room()
    assert server.call("GET", f"/rooms/{room.id}")[1]["status"] == "ended"


def test_text_becomes_config_and_notes(server: ServerProcess, opens: OpenRoom) -> None:
    room = opens(server, "texts", config={"lr": 1})
    room.log(loss=1.0, phase="warm")
    until(lambda: server.call("GET", f"/rooms/{room.id}")[1]["config"] == {"lr": 1, "phase": "warm"})


def test_watching_in_a_loop(server: ServerProcess, opens: OpenRoom) -> None:
    room = opens(server, "watched", password="s3cret")
    room.log(step=0, loss=9.0)
    seen: list[dict[str, Any]] = []

    def watches() -> None:
        seen.extend(spectator.watch(str(room.url), password="s3cret", name="Ada", api_key="sk_nobody_x"))

    with pytest.raises(spectator.Refused) as refused:
        next(spectator.watch(str(room.code), url=server.url, password="wrong", api_key="sk_nobody_x"))
    assert refused.value.code == "wrong_password"
    watcher = threading.Thread(target=watches, daemon=True)
    watcher.start()
    until(lambda: [person.name for person in room.spectators()] == ["Ada"])
    until(lambda: room.watching == 1)
    for step in range(1, 200):
        room.log(step=step, loss=1.0 / step)
    room.close_room()
    watcher.join(10)
    assert not watcher.is_alive()
    assert seen[0]["type"] == "snapshot"
    losses = [event["data"]["loss"] for event in seen if event["type"] == "training_metrics"]
    assert losses[-1] == 1.0 / 199
    numbers = [event["seq"] for event in seen[1:] if "seq" in event]
    assert numbers == sorted(set(numbers))


def test_a_server_that_is_killed_loses_nothing(fresh_server: ServerProcess, opens: OpenRoom) -> None:
    room = opens(fresh_server, "killed")
    for step in range(200):
        room.log(step=step, loss=float(step))
    until(lambda: len(history(fresh_server, room, "loss")) == 200)
    fresh_server.kill()
    for step in range(200, 1_000):
        room.log(step=step, loss=float(step))
    fresh_server.restart()
    until(lambda: len(history(fresh_server, room, "loss")) == 1_000, deadline=60)
    assert history(fresh_server, room, "loss") == [float(step) for step in range(1_000)]
    assert room.dropped == 0
    code = room.code
    room.finish()
    assert opens(fresh_server, "killed").code == code


def test_a_watcher_comes_back_after_a_restart(fresh_server: ServerProcess, opens: OpenRoom) -> None:
    room = opens(fresh_server, "restarted")
    seen: list[dict[str, Any]] = []
    ended = threading.Event()

    def watches() -> None:
        seen.extend(spectator.watch(str(room.code), url=fresh_server.url, api_key=fresh_server.api_key))
        ended.set()

    threading.Thread(target=watches, daemon=True).start()
    until(lambda: seen)
    room.log(step=1, loss=1.0)
    until(lambda: [event for event in seen if event["type"] == "training_metrics"])
    fresh_server.restart()
    room.log(step=2, loss=2.0)
    until(
        lambda: [e["data"]["loss"] for e in seen if e["type"] == "training_metrics"] == [1.0, 2.0],
        deadline=60,
    )
    room.close_room()
    assert ended.wait(15)


def test_a_store_that_is_killed_loses_nothing(fresh_server: ServerProcess, opens: OpenRoom) -> None:
    room = opens(fresh_server, "stored")
    for step in range(100):
        room.log(step=step, loss=float(step))
    until(lambda: len(history(fresh_server, room, "loss")) == 100)
    owner = json.loads((fresh_server.data_dir / "store.lock").read_text())
    os.kill(owner["pid"], signal.SIGKILL)
    for step in range(100, 300):
        room.log(step=step, loss=float(step))
    until(lambda: history(fresh_server, room, "loss") == [float(step) for step in range(300)], deadline=60)
    assert room.dropped == 0


def test_a_script_starts_its_own_server_and_the_next_one_finds_it(tmp_path: Path) -> None:
    script = """
import spectator
room = spectator.open_room("first", wait=30)
room.log(loss=1.0)
print(room.url)
"""
    folder = tmp_path / "data"
    try:
        out = [
            subprocess.run(
                [sys.executable, "-P", "-c", script],
                env=environment(folder),
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            for _ in range(2)
        ]
        assert out[0].stdout == out[1].stdout  # the same room on the same server
        assert "watch at http://127.0.0.1:" in out[0].stderr
        found = LocalServer(folder).find()
        assert found is not None
        assert os.getsid(found.pid) == found.pid  # it does not end with whoever started it
        assert (folder / "server.log").stat().st_mode & 0o077 == 0
    finally:
        found = LocalServer(folder).find()
        if found is not None:
            os.kill(found.pid, signal.SIGTERM)
            until(lambda: LocalServer(folder).find() is None)


def test_scripts_that_start_together_get_one_server(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    script = "import spectator, sys\nroom = spectator.open_room(sys.argv[1], wait=30)\nprint(room.url)"
    try:
        processes = [
            subprocess.Popen(
                [sys.executable, "-P", "-c", script, f"run {number}"],
                env=environment(folder),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for number in range(3)
        ]
        urls = [process.communicate(timeout=60)[0].strip() for process in processes]
        assert all(url.startswith("http://127.0.0.1:") for url in urls)
        assert len({url.rsplit("/r/", 1)[0] for url in urls}) == 1
        assert len(set(urls)) == 3
    finally:
        found = LocalServer(folder).find()
        if found is not None:
            os.kill(found.pid, signal.SIGTERM)
            until(lambda: LocalServer(folder).find() is None)
