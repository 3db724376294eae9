"""``spectator doctor`` as a user runs it, on a real server."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spectator.client.address import Address
from spectator.client.api import Api
from tests.harness.servers import ServerProcess, environment
from tests.harness.terminal import spectator_command
from tests.harness.waiting import until
from tests.spectator.cli.doctor.stripping import StrippingProxy

ORDER = [
    "python", "package", "shadowing", "extras", "open_files", "folder", "folder.disk", "server",
    "server.version", "key", "clock", "store", "websocket",
    "measured.log", "measured.steady", "measured.burst",
]  # fmt: skip


def run(
    folder: Path, *arguments: str, cwd: Path | None = None, **more: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "spectator", "doctor", *arguments],
        env=environment(folder, **more), cwd=cwd, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip


def findings(told: str) -> dict[str, dict[str, Any]]:
    """The findings of a JSON answer by their check; of several of one check the worst."""
    levels = ["ok", "note", "warning", "problem"]
    found = sorted(json.loads(told)["findings"], key=lambda one: levels.index(one["level"]))
    return {one["check"]: one for one in found}


def rooms(server: ServerProcess) -> list[str]:
    return [room["name"] for room in Api(Address.parse(server.url), server.api_key).rooms()]


def test_a_healthy_installation(server: ServerProcess, tmp_path: Path) -> None:
    done = run(server.data_dir, "--json", "--seconds", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["healthy"] is True
    assert [one["check"] for one in told["findings"] if one["check"] in ORDER] == ORDER
    assert not [one for one in told["findings"] if one["level"] == "problem"]
    assert {name: one["count"] for name, one in told["measured"].items()} == {
        "log": 500,
        "steady": 10,
        "burst": 500,
    }
    assert all(one["median_ms"] <= one["p99_ms"] for one in told["measured"].values())
    found = findings(done.stdout)
    assert found["server"]["figures"]["url"] == server.url
    assert found["store"]["figures"]["eviction"] == "noeviction"
    assert "spectator doctor" not in rooms(server), "it left its room behind"
    assert server.api_key not in done.stdout


def test_what_people_read_fits_their_terminal_and_ends_with_a_verdict(
    server: ServerProcess, tmp_path: Path
) -> None:
    done = run(server.data_dir, "--no-room", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [
        line for line in lines if line and not line.startswith((" ", "ok ", "note ", "warning ", "problem "))
    ] == [
        "This machine",
        "The data folder",
        "The server",
        lines[-1],
    ]
    assert lines[-1].endswith((".", "mend."))
    assert "WebSocket" not in done.stdout


def test_ctrl_c_leaves_no_room_behind(server: ServerProcess, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "spectator", "doctor", "--seconds", "300"],
        env=environment(server.data_dir),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: "spectator doctor" in rooms(server), 60, "its room")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "spectator doctor" not in rooms(server)


def test_without_a_server_it_says_what_open_room_would_do(tmp_path: Path) -> None:
    done = run(tmp_path / "data", "--json", cwd=tmp_path)
    assert done.returncode == 3
    found = findings(done.stdout)
    assert found["server"]["level"] == "problem"
    assert "spectator serve" in found["server"]["do"]
    assert found["folder"]["level"] == "note"
    assert not (tmp_path / "data").exists(), "looking makes nothing"


def test_another_server_by_its_address_and_key(server: ServerProcess, tmp_path: Path) -> None:
    away = tmp_path / "elsewhere"
    without = run(away, "--json", "--no-room", "--url", server.url, cwd=tmp_path)
    assert without.returncode == 5
    assert "spectator login" in findings(without.stdout)["key"]["do"]
    wrong = run(
        away,
        "--json",
        "--no-room",
        "--url",
        server.url,
        cwd=tmp_path,
        SPECTATOR_API_KEY="sk_local_" + "x" * 43,
    )
    assert wrong.returncode == 5
    assert findings(wrong.stdout)["key"]["level"] == "problem"
    right = run(
        away, "--json", "--no-room", "--url", server.url, cwd=tmp_path, SPECTATOR_API_KEY=server.api_key
    )
    assert right.returncode == 0, right.stdout
    assert findings(right.stdout)["key"]["level"] == "ok"


def test_nobody_at_the_address(tmp_path: Path) -> None:
    done = run(tmp_path / "data", "--json", "--url", "http://127.0.0.1:9", cwd=tmp_path)
    assert done.returncode == 3
    assert "cannot be reached" in findings(done.stdout)["server"]["found"]


@pytest.fixture
def stripping(server: ServerProcess) -> Iterator[str]:
    with StrippingProxy(server.url) as proxy:
        yield proxy.url


def test_a_proxy_that_takes_the_upgrade_away(server: ServerProcess, stripping: str, tmp_path: Path) -> None:
    done = run(tmp_path / "d", "--json", "--url", stripping, cwd=tmp_path, SPECTATOR_API_KEY=server.api_key)
    assert done.returncode == 0, done.stdout
    found = findings(done.stdout)["websocket"]
    assert (found["level"], found["figures"]) == ("warning", {"status": 400, "streams": True})
    assert "proxy_set_header Upgrade" in found["do"]
    assert "spectator doctor" not in rooms(server)


def test_a_file_that_hides_the_package(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "spectator.py").write_text("")
    (tmp_path / "rooms").mkdir()
    (tmp_path / "rooms" / "__init__.py").write_text("")
    done = run(server.data_dir, "--json", "--no-room", cwd=tmp_path)
    assert done.returncode == 5
    shadows = [one for one in json.loads(done.stdout)["findings"] if one["check"] == "shadowing"]
    assert [one["level"] for one in shadows] == ["problem", "warning"]
    assert str(tmp_path / "spectator.py") in shadows[0]["found"]


def test_the_settings_that_open_no_room(server: ServerProcess, tmp_path: Path) -> None:
    done = run(server.data_dir, "--json", "--no-room", cwd=tmp_path, SPECTATOR_MODE="disabled", RANK="3")
    found = findings(done.stdout)
    assert found["settings.mode"]["level"] == "warning"
    assert "RANK" in found["settings.rank"]["found"]


def test_its_help_tells_the_exit_code() -> None:
    assert "5     spectator doctor found something" in spectator_command(Path("/nowhere"), "--help").stdout
