"""The key and the secret of a data folder: made once, private, the same for all who start together."""

import multiprocessing
import re
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from spectator.manager.local import UnsafeFileError, changing_secrets, local_key, local_secrets, write_secrets
from spectator.settings import SettingsError


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    key = local_key(tmp_path)
    assert re.fullmatch(r"sk_local_[A-Za-z0-9_-]{43}", key)
    assert local_key(tmp_path) == key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "key").read_text() == key + "\n"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_the_secret_is_long_and_another_one(tmp_path: Path) -> None:
    (secret,) = local_secrets(tmp_path)
    assert len(secret) >= 64
    assert secret.decode() not in local_key(tmp_path)
    assert local_secrets(tmp_path) == (secret,)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_several_secrets_stand_on_lines_of_their_own(tmp_path: Path) -> None:
    both = (b"the newer one, long enough", b"the older one, long enough")
    write_secrets(tmp_path, both)
    assert local_secrets(tmp_path) == both
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["a secret that is long enough", "short"], "line 2 of .* shorter than 16"),
        (["a secret that is long enough"] * 9, "more than 8"),
    ],
)
def test_secrets_that_are_none_are_refused(tmp_path: Path, lines: list[str], told: str) -> None:
    write_secrets(tmp_path, [line.encode() for line in lines])
    with pytest.raises(UnsafeFileError, match=told) as error:
        local_secrets(tmp_path)
    assert not any(line in str(error.value) for line in lines if len(line) > 5)


def test_one_at_a_time_changes_the_secrets(tmp_path: Path) -> None:
    with changing_secrets(tmp_path), pytest.raises(SettingsError, match="being changed already"):
        changing_secrets(tmp_path).__enter__()
    with changing_secrets(tmp_path):
        pass


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    local_key(tmp_path)
    (tmp_path / "key").chmod(mode)
    with pytest.raises(UnsafeFileError, match="chmod 600"):
        local_key(tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0o600)
    with pytest.raises(UnsafeFileError, match="empty"):
        local_key(tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("sk_local_x")
    (tmp_path / "elsewhere").chmod(0o600)
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeFileError, match="regular file"):
        local_key(tmp_path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir(mode=0o700)
    with pytest.raises(UnsafeFileError, match="regular file"):
        local_key(tmp_path)


def start_together(barrier: Barrier, folders: list[Path], told: "Queue[list[str]]") -> None:
    keys = []
    for folder in folders:
        barrier.wait(timeout=30)
        keys.append(local_key(folder))
    told.put(keys)


def test_those_who_start_in_the_same_moment_end_with_one_key(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(100)]
    for folder in folders:
        folder.mkdir()
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(3), context.Queue()
    starters = [context.Process(target=start_together, args=(barrier, folders, told)) for _ in range(3)]
    for one in starters:
        one.start()
    keys = [told.get(timeout=50) for _ in starters]
    for one in starters:
        one.join(timeout=10)
    assert keys[0] == keys[1] == keys[2]
    assert len(set(keys[0])) == len(folders)
