import fcntl
import json
import socket

import pytest

from spectator.cli.doctor.folder import _mount, look, read_note


def levels(folder):
    return {finding.check: finding.level for finding in look(folder)}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "data"
    made.mkdir(mode=0o700)
    return made


def test_a_folder_of_ones_own_is_fine(folder):
    assert levels(folder) == {"folder": "ok", "folder.disk": "ok"}


def test_one_that_is_not_there_is_no_trouble(tmp_path):
    assert levels(tmp_path / "none") == {"folder": "note"}


def test_others_may_not_write_into_it(folder):
    folder.chmod(0o777)
    (found,) = [one for one in look(folder) if one.check == "folder"]
    assert (found.level, found.do) == ("problem", f"chmod 700 {folder}")


@pytest.mark.parametrize("name", ["key", "secret"])
def test_others_may_not_read_what_is_secret(folder, name):
    (folder / name).write_text("x")
    (folder / name).chmod(0o644)
    (found,) = [one for one in look(folder) if one.check == f"folder.{name}"]
    assert found.level == "problem"
    assert f"chmod 600 {folder / name}" in found.do
    (folder / name).chmod(0o600)
    assert f"folder.{name}" not in levels(folder)


@pytest.mark.parametrize("name", ["server.json", "store.lock"])
def test_another_machines_server_or_store_is_not_used_from_here(folder, name):
    claim = folder / name
    claim.write_text(json.dumps({"host": "another-machine", "url": "http://127.0.0.1:1"}))
    assert levels(folder)["folder.claim"] == "warning"
    claim.write_text(json.dumps({"host": socket.gethostname()}))
    assert "folder.claim" not in levels(folder)
    claim.write_text("[")
    assert read_note(claim) is None


def test_who_starts_a_server_just_now_is_told(folder):
    (folder / "server.lock").touch()
    assert "folder.lock" not in levels(folder)
    with (folder / "server.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert levels(folder)["folder.lock"] == "note"


def test_the_disk_is_the_one_of_the_longest_mount(folder):
    kind, place = _mount(folder)  # of Linux; elsewhere it is not known
    assert kind == "unknown" or place.startswith("/")
    assert str(folder.resolve()).startswith(place.rstrip("/"))
