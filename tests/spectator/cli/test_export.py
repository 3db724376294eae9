"""A recorded run as a file: whole or not at all, and never in the place of another."""

import contextlib
import stat

import pytest

from spectator.cli import export
from spectator.cli.exits import CommandError
from spectator.client.errors import Unreachable
from tests.harness.hostile import ACCEPTED
from tests.harness.terminal import spectator_command, spectator_json

METRICS = {"type": "training_metrics", "data": {"step": 1, "loss": 0.5}}


@pytest.fixture
def recorded(server):
    """The code of a room in which one event was recorded."""

    def made(name):
        room = server.call("POST", "/rooms", {"name": name})[1]["room"]
        assert server.call("POST", f"/rooms/{room['id']}/events", METRICS)[0] == 200
        return room["code"]

    return made


def command(server, folder, *arguments, **more):
    """Run a command in a folder."""
    with contextlib.chdir(folder):
        return spectator_command(server.data_dir, *arguments, **more)


def test_a_file_is_named_after_the_room(server, recorded, tmp_path):
    code = recorded("cartpole export")
    done = command(server, tmp_path, "export", code, "--format", "csv")
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.iterdir()
    assert file.name == "cartpole export.csv"
    assert done.stdout.startswith("cartpole export.csv  (")
    assert file.read_bytes().startswith(b"\xef\xbb\xbfseq,")
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600


def test_the_ending_of_the_file_says_the_form(server, recorded, tmp_path):
    code = recorded("form of the ending")
    told = spectator_json(server.data_dir, "export", code, "-o", str(tmp_path / "run.json"))
    assert told["format"] == "json"
    assert told["bytes"] == (tmp_path / "run.json").stat().st_size


def test_it_goes_to_stdout_by_a_hyphen(server, recorded):
    done = spectator_command(server.data_dir, "export", recorded("to stdout"), "-o", "-")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 3


def test_a_file_that_is_there_stays_unless_told_otherwise(server, recorded, tmp_path):
    code, file = recorded("twice"), tmp_path / "run.ndjson"
    file.write_text("mine")
    done = spectator_command(server.data_dir, "export", code, "-o", str(file))
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert file.read_text() == "mine"
    assert spectator_command(server.data_dir, "export", code, "-o", str(file), "--force").returncode == 0
    assert file.read_text() != "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["run.ndjson"]


def test_a_file_that_came_meanwhile_stays_too(tmp_path):
    file = tmp_path / "run.csv"
    file.write_text("mine")
    with pytest.raises(CommandError):
        export._write(file, iter([b"theirs"]), force=False)
    assert file.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["run.csv"]


def test_a_file_that_breaks_off_is_not_kept(tmp_path):
    def broken():
        yield b"half"
        raise Unreachable("it broke off")

    file = tmp_path / "run.csv"
    file.write_text("mine")
    with pytest.raises(Unreachable):
        export._write(file, broken(), force=True)
    assert file.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["run.csv"]


def test_what_is_refused_leaves_nothing_behind(server, tmp_path):
    done = command(server, tmp_path, "export", "ZZZ999", "-o", str(tmp_path / "run.csv"))
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(server, recorded, tmp_path):
    done = spectator_command(
        server.data_dir, "export", recorded("nowhere"), "-o", str(tmp_path / "no" / "x.csv")
    )
    assert done.returncode == 1
    assert "No such file" in done.stderr


@pytest.mark.parametrize("kind", ["climbing", "device", "hidden", "option", "quotes", "longest wide"])
def test_a_hostile_room_writes_where_it_should(server, recorded, tmp_path, kind):
    done = command(server, tmp_path, "export", recorded(ACCEPTED[kind]))
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.iterdir()
    assert file.suffix == ".ndjson"
    assert not file.name.startswith((".", "-"))
