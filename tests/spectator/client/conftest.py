from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from spectator.client.environment import RANKS
from spectator.client.open_room import open_room
from spectator.client.room import Room
from tests.spectator.client.fake_server import FakeServer

ROOT = Path(__file__).resolve().parents[3]

OpenRoom = Callable[..., Room]
Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test meets the settings, the key or the server of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("SPECTATOR_") or name in RANKS or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SPECTATOR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SPECTATOR_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SPECTATOR_AUTOSTART", "off")


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


@pytest.fixture
def opened(fake: FakeServer) -> Iterator[OpenRoom]:
    """Opens rooms on the fake server; they are ended with the test."""
    rooms: List[Room] = []

    def opens(name: str = "a run", **arguments: Any) -> Room:
        room = open_room(name, **{"url": fake.url, "api_key": "sk_local_test", "quiet": True, **arguments})
        rooms.append(room)
        return room

    yield opens
    fake.held.set()
    for room in rooms:
        if room._run is not None:
            room._run.end_run(None)
            # Whoever cannot send any more must not meet the next test's server at the same port.
            room._run.outbox._give_up_at = 0.0
            room._run.wait_sent(5)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Runs Python code in a process of its own, as a user would run a script."""

    def run(code: str, **environ: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "script.py"
        path.write_text(code, encoding="utf-8")
        return subprocess.run(
            [sys.executable, str(path)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environ},
            capture_output=True,
            encoding="utf-8",
            timeout=30,
            check=False,
        )

    return run
