import io
import os
import pty
import sys

import pytest

from spectator.cli.exits import CommandError
from spectator.cli.passwords import ask_password
from tests.harness.servers import ROOT, environment


def test_without_a_terminal_the_first_line_is_taken(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("pass word \nrest\n"))
    assert ask_password("? ") == "pass word "


def test_nothing_is_an_error(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="No password"):
        ask_password("? ")


def test_what_is_typed_is_not_shown():
    asking = (
        "import sys; from spectator.cli.passwords import ask_password;"
        "sys.exit(ask_password('Password: ') != 's3cret')"
    )
    child, terminal = pty.fork()
    if child == 0:  # getpass wants a terminal of its own
        os.execve(sys.executable, [sys.executable, "-c", asking], environment(ROOT))
    shown = os.read(terminal, 100)
    os.write(terminal, b"s3cret\n")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    try:
        shown += os.read(terminal, 100)
    except OSError:
        pass  # Linux says so when the other end of a terminal is gone
    os.close(terminal)
    assert b"Password: " in shown
    assert b"s3cret" not in shown
