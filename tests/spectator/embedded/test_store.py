import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spectator.embedded import EmbeddedStore, StoreElsewhere, StoreFailed, open_store, process
from tests.harness.servers import environment
from tests.harness.waiting import until

# A user of the store in a process of its own: says the store's process, ends when its input does.
USER = """
import sys, pathlib
from spectator.embedded import EmbeddedStore
store = EmbeddedStore.start(pathlib.Path(sys.argv[1]))
print(store.pid, flush=True)
sys.stdin.read()
store.stop()
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder; no store over it is left behind."""
    folder = tmp_path / "data"
    yield folder
    with contextlib.suppress(OSError, ValueError):
        socket = Path(json.loads((folder / "store.lock").read_text())["socket"])
        process.shut_down(socket)


def user(data_dir: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", "-c", USER, str(data_dir)],
        env=environment(data_dir),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told_pid(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def say(store: EmbeddedStore, *command: str) -> bytes:
    return process.ask(store.socket, 5, *command)


def test_two_users_share_one_store_and_the_last_one_ends_it(data_dir):
    one, two = EmbeddedStore.start(data_dir), EmbeddedStore.start(data_dir)
    assert one.pid == two.pid
    one.stop()
    assert process.answers(two.socket)
    two.stop()
    assert not process.listens(two.socket)
    assert (data_dir / "store.lock").read_bytes() == b""


def test_stopping_twice_is_harmless(data_dir):
    one, two = EmbeddedStore.start(data_dir), EmbeddedStore.start(data_dir)
    one.stop()
    one.stop()
    assert process.answers(two.socket)
    two.stop()


def test_data_survives_the_store(data_dir):
    store = EmbeddedStore.start(data_dir)
    say(store, "SET", "kept", "yes")
    store.stop()
    store = EmbeddedStore.start(data_dir)
    assert say(store, "STRLEN", "kept") == b":3"
    store.stop()


@pytest.mark.faults
def test_two_starters_at_once_get_one_store(data_dir):
    starters = [user(data_dir) for _ in range(4)]
    assert len({told_pid(starter) for starter in starters}) == 1
    for starter in starters:
        starter.communicate()
        assert starter.returncode == 0
    assert (data_dir / "store.lock").read_bytes() == b""


@pytest.mark.faults
def test_after_kill_9_the_store_stays_and_is_adopted(data_dir):
    first = user(data_dir)
    pid = told_pid(first)
    first.kill()
    first.communicate()
    second = EmbeddedStore.start(data_dir)
    assert second.pid == pid
    second.stop()
    assert not process.listens(second.socket)


@pytest.mark.faults
def test_a_store_that_is_killed_is_started_again_with_its_data(data_dir):
    store = EmbeddedStore.start(data_dir)
    say(store, "SET", "kept", "yes")
    dead = store.pid
    until(lambda: store._line is not None)
    os.kill(dead, signal.SIGKILL)
    until(lambda: store.pid != dead and process.answers(store.socket))
    assert say(store, "STRLEN", "kept") == b":3"
    store.stop()


def test_the_store_is_in_a_session_of_its_own(data_dir):
    store = EmbeddedStore.start(data_dir)
    assert os.getsid(store.pid) not in {os.getsid(0), 0}
    store.stop()


def test_a_forked_child_does_not_keep_the_store_alive(data_dir):
    store = EmbeddedStore.start(data_dir)
    fork = multiprocessing.get_context("fork")
    ours, childs = fork.Pipe()
    child = fork.Process(target=childs.recv, daemon=True)  # never outlives a failure
    child.start()
    store.stop()
    assert not process.listens(store.socket)
    ours.send("go")
    child.join()


def test_a_folder_of_another_host_is_a_clear_error(data_dir):
    store = EmbeddedStore.start(data_dir)
    note = json.loads((data_dir / "store.lock").read_text())
    store.stop()
    (data_dir / "store.lock").write_text(json.dumps({**note, "host": "far-away"}))
    with pytest.raises(StoreElsewhere, match="far-away"):
        EmbeddedStore.start(data_dir)


def test_after_the_machine_was_started_again_the_note_is_history(data_dir):
    store = EmbeddedStore.start(data_dir)
    note = json.loads((data_dir / "store.lock").read_text())
    store.stop()
    (data_dir / "store.lock").write_text(json.dumps({**note, "boot": "an earlier one"}))
    store = EmbeddedStore.start(data_dir)
    assert process.answers(store.socket)
    store.stop()


def test_a_living_store_without_a_note_is_never_joined_by_a_second(data_dir):
    store = EmbeddedStore.start(data_dir)
    note = (data_dir / "store.lock").read_text()
    (data_dir / "store.lock").write_text("")
    with pytest.raises(StoreElsewhere):
        EmbeddedStore.start(data_dir)
    (data_dir / "store.lock").write_text(note)
    store.stop()


@pytest.mark.faults
def test_a_store_whose_socket_was_removed_is_replaced(data_dir):
    first = user(data_dir)
    pid = told_pid(first)
    first.kill()
    first.communicate()
    Path(json.loads((data_dir / "store.lock").read_text())["socket"]).unlink()
    store = EmbeddedStore.start(data_dir)
    assert store.pid != pid
    assert process.answers(store.socket)
    store.stop()


def test_a_damaged_note_is_told(data_dir):
    data_dir.mkdir(mode=0o700)
    (data_dir / "store.lock").write_text("{")
    with pytest.raises(StoreFailed, match="damaged"):
        EmbeddedStore.start(data_dir)
    (data_dir / "store.lock").write_text("")


async def test_the_async_face_opens_and_closes(data_dir):
    store = await open_store(data_dir)
    assert store.url == f"unix://{store.socket}"
    await store.close()
    assert not process.listens(store.socket)
