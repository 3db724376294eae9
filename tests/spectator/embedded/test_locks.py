import multiprocessing

import pytest

from spectator.embedded.errors import StoreFailed
from spectator.embedded.locks import FileLock, exclusive


def test_sharers_keep_an_exclusive_holder_out(tmp_path):
    with FileLock(tmp_path / "l") as one, FileLock(tmp_path / "l") as two, FileLock(tmp_path / "l") as three:
        one.share()
        two.share()
        assert not three.try_exclusive()
        one.close()
        two.close()
        assert three.try_exclusive()


def test_text_outlives_its_writer(tmp_path):
    with FileLock(tmp_path / "l") as lock:
        lock.write(b"a longer text")
        lock.write(b"short")
    with FileLock(tmp_path / "l") as lock:
        assert lock.read() == b"short"


def test_exclusive_gives_up_at_its_deadline(tmp_path):
    with (
        exclusive(tmp_path / "l", 1),
        pytest.raises(StoreFailed, match=str(tmp_path / "l")),
        exclusive(tmp_path / "l", 0.05),
    ):
        pass


def _hold(line) -> None:
    line.send("here")
    line.recv()


def test_a_forked_child_holds_no_lock_of_its_parent(tmp_path):
    fork = multiprocessing.get_context("fork")
    ours, childs = fork.Pipe()
    lock = FileLock(tmp_path / "l")
    lock.share()
    child = fork.Process(target=_hold, args=(childs,), daemon=True)  # never outlives a failure
    child.start()
    ours.recv()
    lock.close()
    with FileLock(tmp_path / "l") as other:
        assert other.try_exclusive()
    ours.send("go")
    child.join()
    assert child.exitcode == 0


def test_the_file_is_its_owners_only(tmp_path):
    with FileLock(tmp_path / "l"):
        assert (tmp_path / "l").stat().st_mode & 0o777 == 0o600
