from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

import spectator
from spectator.client.environment import RANKS
from tests.spectator.client.conftest import OpenRoom
from tests.spectator.client.fake_server import FakeServer, problem
from tests.spectator.client.until import until


def test_opens_a_room_and_says_where(
    opened: OpenRoom, fake: FakeServer, capfd: pytest.CaptureFixture[str]
) -> None:
    room = opened("cartpole-dqn", quiet=False, config={"lr": 0.1})
    line = f"spectator: watch at {room.url} (code {room.code}) · owner: spectator open {room.code}\n"
    assert capfd.readouterr().err == line
    assert fake.calls[0].json == {
        "name": "cartpole-dqn",
        "reuse": True,
        "max_spectators": 100,
        "idle_hours": 24.0,
        "config": {"lr": 0.1},
    }
    assert fake.calls[0].headers["authorization"] == "Bearer sk_local_test"
    until(lambda: fake.of_type("training_event"))
    assert fake.of_type("training_event")[0]["data"] == {"name": "cartpole-dqn", "config": {"lr": 0.1}}


def test_a_password_that_was_made_is_said_and_a_given_one_is_not(
    opened: OpenRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    opened("one", quiet=False, password=True)
    assert "password: made-for-you" in capfd.readouterr().err
    opened("two", quiet=False, password="s3cret")
    assert "s3cret" not in capfd.readouterr().err


def test_wrong_arguments_raise_before_anything_is_done(fake: FakeServer) -> None:
    with pytest.raises(ValueError, match="max_spectators"):
        spectator.open_room("x", max_spectators=0, url=fake.url)
    assert fake.calls == []


def test_settings_come_from_the_environment(
    opened: OpenRoom, fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPECTATOR_URL", fake.url)
    monkeypatch.setenv("SPECTATOR_API_KEY", "sk_team_x")
    assert opened(url=None, api_key=None).code is not None
    assert fake.calls[0].headers["authorization"] == "Bearer sk_team_x"


def test_a_setting_that_cannot_be_used_raises_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECTATOR_URL", "nonsense")
    with pytest.raises(ValueError, match="http://"):
        spectator.open_room("x")


def test_nobody_there_is_said_in_one_line_and_training_goes_on(
    opened: OpenRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begun = time.monotonic()
    room = opened(quiet=False, wait=0.3, url=f"http://127.0.0.1:{port}")
    assert time.monotonic() - begun < 30
    assert room.code is None
    assert room.url is None
    room.log(loss=1.0)
    room.finish()
    said = capfd.readouterr().err.splitlines()
    assert f"http://127.0.0.1:{port} cannot be reached: Connection refused; training goes on" in said[0]
    assert len(said) == 2  # and the end says what could not be sent


def test_the_room_opens_itself_when_a_server_appears(opened: OpenRoom) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    room = opened(wait=0, url=f"http://127.0.0.1:{port}")
    room.log(loss=1.0, step=7)
    room.log(loss=0.5, phase="warm")
    with FakeServer(port) as late:
        until(lambda: late.metrics("loss") == [1.0, 0.5])
        assert room.code is not None
        begun, first = late.of_type("training_event")[0], late.of_type("training_metrics")[0]
        assert begun["timestamp"] <= first["timestamp"]  # when it happened, not when it was sent
        room.finish()


def test_no_server_and_none_to_start_says_what_to_do(
    opened: OpenRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    begun = time.monotonic()
    room = opened(quiet=False, url=None, api_key=None, wait=120)
    assert time.monotonic() - begun < 60  # there is nothing to wait for
    assert room.code is None
    (line,) = capfd.readouterr().err.splitlines()
    assert "no server runs" in line
    assert "SPECTATOR_URL" in line


def test_a_refusal_is_said_in_one_line(
    opened: OpenRoom, fake: FakeServer, capfd: pytest.CaptureFixture[str]
) -> None:
    fake.troubles.append(lambda call: problem(401, "unauthorized") if call.path.endswith("/rooms") else None)
    room = opened(quiet=False)
    assert room.code is None
    (line,) = capfd.readouterr().err.splitlines()
    assert "cannot be opened" in line
    assert "sk_local_test" not in line


def test_a_cell_that_is_run_again_is_the_same_run_begun_anew(
    opened: OpenRoom, fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "ps1", "In : ", raising=False)
    opened("cell").log(loss=1.0)
    opened("other")
    opened("cell").log(loss=2.0)
    until(lambda: fake.metrics("loss") == [1.0, 2.0])
    until(
        lambda: (
            fake.life() == ["training_started", "training_started", "training_finished", "training_started"]
        )
    )
    opened("cell", new=True)  # asked for beside it: the earlier one goes on
    assert fake.life().count("training_finished") == 1


@pytest.mark.parametrize("name", RANKS)
def test_only_the_first_process_of_a_job_has_a_room(
    opened: OpenRoom, fake: FakeServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    room = opened()
    room.log(loss=1.0, phase="x")
    room.decision([1.0])
    room.event("x")
    room.note("x")
    room.alert("x")
    room.on_request(print)
    assert room.requests() == room.spectators() == []
    assert not any(
        [room.approve("q"), room.deny("q"), room.approve_all(), room.update(listed=True), room.extend(1)]
    )
    assert (room.id, room.code, room.url, room.owner_url, room.password) == (None,) * 5
    assert (room.watching, room.dropped, room.non_finite) == (0, 0, 0)
    with room:
        pass
    assert not room.close_room()
    assert fake.calls == []


@pytest.mark.parametrize(("mode", "lines"), [("disabled", 0), ("offline", 1)])
def test_modes_in_which_nothing_is_sent(
    opened: OpenRoom,
    fake: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    mode: str,
    lines: int,
) -> None:
    monkeypatch.setenv("SPECTATOR_MODE", mode)
    opened(quiet=False).log(loss=1.0)
    assert fake.calls == []
    said = capfd.readouterr().err.splitlines()
    assert len(said) == lines
    assert all("nothing is kept for later" in line for line in said)


def test_the_data_folder_is_not_touched_for_a_server_elsewhere(
    opened: OpenRoom, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SPECTATOR_DATA_DIR", str(tmp_path / "never"))
    opened()
    assert not (tmp_path / "never").exists()
