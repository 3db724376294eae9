import socket
from pathlib import Path

import pytest

from spectator.embedded import StoreFailed, process


def test_a_running_store_answers_and_tells_its_process(store):
    assert process.answers(store.socket)
    assert process.listens(store.socket)
    assert process.pid_of(store.socket) == store.pid


def test_nothing_there_is_told_apart_from_something_silent(tmp_path):
    assert not process.listens(tmp_path / "none.sock")
    assert not process.answers(tmp_path / "none.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        assert process.listens(tmp_path / "s")
        assert not process.answers(tmp_path / "s", timeout_s=0.05)
    assert not process.listens(tmp_path / "s")  # the file is still there, nobody behind it


def test_a_store_keeps_to_what_was_decided(store):
    def setting(name: str) -> bytes:
        with process.dial(store.socket, 5) as line:
            line.sendall(process._command("CONFIG", "GET", name))
            return line.recv(4096).split(b"\r\n")[-2]

    assert setting("port") == b"0"
    assert setting("appendonly") == b"yes"
    assert setting("appendfsync") == b"everysec"
    assert setting("maxmemory-policy") == b"noeviction"


def test_a_refused_argument_is_told_with_the_programs_words(tmp_path):
    with (tmp_path / "w").open("w") as lock, pytest.raises(StoreFailed, match="did not start"):
        process.start(Path("/bin/false"), tmp_path, tmp_path / "s", lock.fileno())


def test_the_log_is_told_by_its_end(tmp_path):
    (tmp_path / "log").write_text("a\nb\nc\nd\n")
    assert process.tail(tmp_path / "log") == "b / c / d"
    assert process.tail(tmp_path / "none") == "(nothing)"


def test_ending_what_has_ended_is_harmless(tmp_path):
    process.terminate(2**22 - 1)
    process.shut_down(tmp_path / "none.sock")
