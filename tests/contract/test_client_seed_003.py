"""Every Python snippet of seed 003 runs as written, once the package's name is changed."""

from __future__ import annotations

import asyncio
import re
import sys
import types
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import spectator
from tests.harness.servers import ServerProcess

TEXT = (Path(__file__).parent / "seed_003.md").read_text(encoding="utf-8")
SNIPPETS = [
    snippet.replace("bot.rl_bot_system.spectator", "spectator")
    for snippet in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
]


class TrainingEngine:
    """The little that the integration snippet asks of its own project."""

    def __init__(self, session_id: str = "integrated") -> None:
        self.session_id = session_id

    def _create_metrics_data(self, episode_data: dict[str, Any]) -> spectator.MetricsData:
        return spectator.MetricsData(episode=episode_data["episode"], current_reward=episode_data["reward"])


@pytest.fixture(autouse=True)
def _as_a_user_would(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECTATOR_DATA_DIR", str(server.data_dir))
    training = types.ModuleType("bot.rl_bot_system.training")
    training.TrainingEngine = TrainingEngine  # type: ignore[attr-defined]  # a module made here has none yet
    for name in ("bot", "bot.rl_bot_system"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "bot.rl_bot_system.training", training)


def snippet(words: str) -> str:
    (found,) = [one for one in SNIPPETS if words in one]
    return found


def run(words: str) -> dict[str, Any]:
    names: dict[str, Any] = {"datetime": datetime, "__name__": "snippet"}
    exec(compile(snippet(words), "seed_003", "exec"), names)  # noqa: S102 - running it is the test
    return names


def room_of(server: ServerProcess, out: str) -> dict[str, Any]:
    (code,) = re.findall(r": ([A-Z2-9]{6})$", out, re.MULTILINE)
    status, room = server.call("GET", f"/rooms/{code}")
    assert status == 200
    return room


def test_all_snippets_are_here() -> None:
    assert len(SNIPPETS) == 6


def test_basic_spectator_session(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    run("create_basic_session")  # it calls asyncio.run itself
    out = capsys.readouterr().out
    room = room_of(server, out)
    assert f"Session ID: {room['id']}" in out
    assert room["training_session_id"] == "my_training_session"
    assert room["mode"] == "live_training"
    assert room["max_spectators"] == 10
    assert room["metadata"] == {"game_server_url": "http://localhost:4000"}


def test_password_protected_room(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(run("create_protected_session")["create_protected_session"]())
    out = capsys.readouterr().out
    room = room_of(server, out)
    (password,) = re.findall(r"Password: (\S+)", out)
    assert (room["access_level"], room["max_spectators"]) == ("password", 5)
    ref = f"/rooms/{room['code']}/join"
    assert server.call("POST", ref, {"display_name": "Ada", "password": "wrong"}, token=None)[0] == 403
    assert server.call("POST", ref, {"display_name": "Ada", "password": password}, token=None)[0] == 200


def test_room_access_control(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(run("create_controlled_room")["create_controlled_room"]())
    room = room_of(server, capsys.readouterr().out)
    assert (room["access_level"], room["max_spectators"], room["owner_id"]) == (
        "private",
        3,
        "lead_researcher",
    )
    assert sorted(room["allowed_users"]) == ["researcher3", "user1", "user2"]
    assert server.call("POST", f"/rooms/{room['code']}/join", {"display_name": "Eve"}, token=None)[0] == 404
    identity = server.call("POST", "/identities", {"user_id": "user1"})[1]["token"]
    assert server.call("POST", f"/rooms/{room['code']}/join", {"display_name": "U"}, token=identity)[0] == 200


def test_metrics_configuration() -> None:
    metrics = run("metrics = MetricsData(")["metrics"]
    assert metrics.algorithm == "DQN"
    assert metrics.decision()["selected_action"] == "shoot"


def test_automatic_metrics_updates(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    names = run("class SpectatorIntegratedTraining")
    training = names["SpectatorIntegratedTraining"]("integrated")  # no loop runs here

    async def train() -> None:
        await training.start_training_with_spectators()
        for episode in range(1, 21):
            await training.on_episode_complete({"episode": episode, "reward": episode * 1.5})
        await training.spectator_manager.cleanup()

    asyncio.run(train())
    room = room_of(server, capsys.readouterr().out)
    _, history = server.call("GET", f"/rooms/{room['id']}/history")
    assert history["metrics"]["current_reward"]["value"] == [episode * 1.5 for episode in range(1, 21)]
    assert server.call("GET", f"/rooms/{room['id']}")[1]["run"]["status"] == "finished"


def test_debug_logging() -> None:
    run("logging.basicConfig")
