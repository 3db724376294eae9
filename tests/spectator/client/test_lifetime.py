"""What happens at the ends of a process, in processes of their own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spectator.client.lifetime import uncaught
from tests.spectator.client.conftest import ROOT, Script
from tests.spectator.client.fake_server import FakeServer
from tests.spectator.client.until import until

OPEN = """
import spectator, sys, os
room = spectator.open_room("a run", url={url!r}, api_key="sk_local_x")
"""


def code(fake: FakeServer, rest: str) -> str:
    return OPEN.format(url=fake.url) + rest


def test_a_script_that_just_ends_loses_nothing(fake: FakeServer, script: Script) -> None:
    done = script(code(fake, "for n in range(3000): room.log(loss=n)"))
    assert done.returncode == 0
    assert fake.metrics("loss") == list(range(3000))
    assert fake.life() == ["training_started", "training_finished"]
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_an_exception_fails_the_run_and_is_shown_as_ever(fake: FakeServer, script: Script) -> None:
    done = script(code(fake, "room.log(loss=1)\nraise ValueError('the secret of the day')"))
    assert done.returncode == 1
    assert done.stderr.endswith("ValueError: the secret of the day\n")
    assert fake.metrics("loss") == [1]
    assert fake.of_type("training_event")[-1]["event"] == "training_failed"
    assert fake.of_type("training_event")[-1]["data"] == {"error": "ValueError"}  # its text may be private


def test_an_exception_hook_of_somebody_else_stays(fake: FakeServer, script: Script) -> None:
    hook = "sys.excepthook = lambda *error: print('mine', error[0].__name__)\nroom.log(loss=1)\n1 / 0"
    done = script(code(fake, hook))
    assert done.stdout == "mine ZeroDivisionError\n"
    assert fake.life()[-1] == "training_failed"


def test_leaving_on_purpose_is_no_failure(fake: FakeServer, script: Script) -> None:
    done = script(code(fake, "room.log(loss=1)\nsys.exit(0)"))
    assert done.returncode == 0
    assert fake.life()[-1] == "training_finished"


def test_an_interrupt_fails_the_run(fake: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(code(fake, "import time\nroom.log(loss=1)\nprint('ready', flush=True)\ntime.sleep(60)"))
    process = subprocess.Popen(
        [sys.executable, str(path)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=-1,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert fake.of_type("training_event")[-1]["data"] == {"error": "KeyboardInterrupt"}
    assert fake.metrics("loss") == [1]


def test_a_server_that_hangs_holds_up_the_end_for_two_seconds_at_most(
    fake: FakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "script.py"
    path.write_text(code(fake, "print('ready', flush=True)\nsys.stdin.readline()\nroom.log(loss=1)"))
    process = subprocess.Popen(
        [sys.executable, str(path)],
        env={"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        fake.held.clear()
        begun = time.monotonic()
        _, said = process.communicate(b"go on\n", timeout=50)
        took = time.monotonic() - begun
    assert process.returncode == 0
    assert 1.5 < took < 9, "an answer would be waited for ten seconds"
    assert b"events could not be sent" in said


def test_a_server_that_is_gone_does_not_hold_up_the_end(script: Script) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    done = script(
        f"""
import spectator, time
room = spectator.open_room("a run", url="http://127.0.0.1:{port}", api_key="k", wait=0)
room.log(loss=1)
import atexit
begun = time.monotonic()
atexit._run_exitfuncs()
print(time.monotonic() - begun)
"""
    )
    assert float(done.stdout) < 1.5
    assert "events could not be sent" in done.stderr


def test_several_rooms_share_the_two_seconds(fake: FakeServer, script: Script) -> None:
    done = script(
        f"""
import spectator
rooms = [spectator.open_room(f"run {{n}}", url={fake.url!r}, api_key="k") for n in range(5)]
for room in rooms:
    for n in range(100): room.log(loss=n)
"""
    )
    assert done.returncode == 0
    assert len(fake.metrics("loss")) == 500
    assert fake.life().count("training_finished") == 5


def test_a_forked_child_logs_into_the_same_room_and_does_not_end_its_run(
    fake: FakeServer, script: Script
) -> None:
    done = script(
        code(
            fake,
            """
room.log(loss=1)
child = os.fork()
if child == 0:
    room.log(loss=2)
    room.finish()
    sys.exit(0)
os.waitpid(child, 0)
room.log(loss=3)
""",
        )
    )
    assert done.returncode == 0
    assert sorted(fake.metrics("loss")) == [1, 2, 3]
    assert fake.life() == ["training_started", "training_finished"]
    assert fake.rooms == 1


def test_a_worker_of_multiprocessing_is_flushed_too(fake: FakeServer, script: Script) -> None:
    done = script(
        code(
            fake,
            """
import multiprocessing, time
context = multiprocessing.get_context("fork")
def work(n):
    for k in range(50): room.log(loss=100 * n + k)
workers = [context.Process(target=work, args=(n,)) for n in (1, 2)]
for worker in workers: worker.start()
for worker in workers: worker.join()
print([worker.exitcode for worker in workers])
""",
        )
    )
    assert done.stdout == "[0, 0]\n"
    assert sorted(fake.metrics("loss")) == [*range(100, 150), *range(200, 250)]
    assert fake.life() == ["training_started", "training_finished"]


def test_a_fork_in_the_middle_of_everything_harms_neither(fake: FakeServer, script: Script) -> None:
    done = script(
        code(
            fake,
            """
import threading
stop = threading.Event()
def chatter():
    n = 0
    while not stop.is_set():
        room.log(noise=n, step=n); n += 1
threads = [threading.Thread(target=chatter) for _ in range(2)]
for thread in threads: thread.start()
for k in range(20):
    child = os.fork()
    if child == 0:
        room.log(child=k)
        room.finish()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads: thread.join()
""",
        )
    )
    assert "Traceback" not in done.stderr
    assert done.stderr.count("spectator:") == 1, done.stderr
    assert sorted(fake.metrics("child")) == list(range(20))


def test_a_killed_trainer_falls_silent(fake: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(code(fake, "room.log(loss=1)\nimport time\ntime.sleep(60)"))
    process = subprocess.Popen(
        [sys.executable, str(path)], env={"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
    )
    until(lambda: fake.metrics("loss") == [1])
    process.kill()
    process.wait(10)
    assert fake.life() == ["training_started"]  # the server tells by the silence


def test_what_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("last_exc", "last_value"):
        monkeypatch.setattr(sys, name, None, raising=False)
    assert uncaught() is None
    monkeypatch.setattr(sys, "last_value", ValueError("x"), raising=False)
    assert uncaught() == "ValueError"
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert uncaught() is None  # in a session of questions and answers an exception ends nothing
