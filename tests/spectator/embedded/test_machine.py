import os
import stat
import tempfile
from pathlib import Path

from spectator.embedded.machine import LONGEST_SOCKET_PATH, _make_private, socket_path, this_machine


def test_a_machine_is_itself():
    assert this_machine() == this_machine()
    assert this_machine().host


def test_the_socket_lives_in_the_runtime_folder_for_its_user_only(tmp_path):
    path = socket_path(tmp_path / "data", str(tmp_path))
    assert path.parent == tmp_path / "spectator"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_data_folders_have_two_sockets(tmp_path):
    assert socket_path(tmp_path / "a", str(tmp_path)) != socket_path(tmp_path / "b", str(tmp_path))


def test_a_runtime_folder_too_deep_for_a_socket_is_passed_over(tmp_path):
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    path = socket_path(tmp_path / "data", str(deep))
    assert path.parent == Path(tempfile.gettempdir()) / f"spectator-{os.geteuid()}"
    assert len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def test_without_a_runtime_folder_the_temporary_one_serves(tmp_path):
    assert socket_path(tmp_path, None).is_relative_to(tempfile.gettempdir())


def test_a_link_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "spectator").symlink_to(tmp_path / "target")
    assert "own folder" in str(_make_private(tmp_path / "spectator"))


def test_an_open_folder_is_closed(tmp_path):
    folder = tmp_path / "spectator"
    folder.mkdir(mode=0o755)
    assert _make_private(folder) is None
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    assert "too long" in str(_make_private(tmp_path / ("x" * 300)))
