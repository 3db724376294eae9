import json
import subprocess
import sys

import pytest

from spectator.cli.exits import CommandError, Exit, guarded
from spectator.cli.output import Output
from spectator.client.errors import NoServer, Refused, SpectatorError, Unreachable
from tests.harness.servers import environment


def failing(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (CommandError("odd", "An odd thing."), "odd", Exit.FAILED),
        (CommandError("odd", "An odd thing.", Exit.CANNOT_START), "odd", Exit.CANNOT_START),
        (Refused("room_full", 409, "No seat is free."), "room_full", Exit.FAILED),
        (Unreachable("no answer"), "no_server", Exit.NO_SERVER),
        (NoServer("none"), "no_server", Exit.NO_SERVER),
        (SpectatorError("odd"), "invalid_request", Exit.FAILED),
        (ValueError("url must begin with http://"), "invalid_request", Exit.FAILED),
        (ZeroDivisionError("division by zero"), "internal_error", Exit.FAILED),
    ],
)
def test_each_error_has_its_code_and_exit(error, code, exit_code, capsys):
    assert guarded(failing(error), Output(as_json=True)) == exit_code
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_people_see_a_sentence_and_no_stack(capsys):
    guarded(failing(KeyError("x")), Output(as_json=False))
    told = capsys.readouterr().err
    assert told.startswith("spectator: KeyError")
    assert "Traceback" not in told


def test_debug_shows_the_stack(capsys):
    guarded(failing(KeyError("x")), Output(as_json=False), debug=True)
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_no_error(capsys):
    assert guarded(failing(KeyboardInterrupt()), Output(as_json=False)) == Exit.INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_reader_that_leaves_is_no_error(tmp_path):
    script = (
        "import sys\n"
        "from spectator.cli.exits import guarded\n"
        "from spectator.cli.output import Output\n"
        "def talk():\n"
        "    while True: Output(as_json=False).line('x' * 10000)\n"
        "sys.exit(guarded(talk, Output(as_json=False)))\n"
    )
    talker = subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert talker.stdout is not None
    assert talker.stderr is not None
    talker.stdout.read(10)
    talker.stdout.close()
    with talker.stderr:
        assert (talker.wait(20), talker.stderr.read()) == (0, b"")
