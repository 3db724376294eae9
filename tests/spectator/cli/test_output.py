import json

import pytest

from spectator.cli.output import Output, moment, printable, table


def test_people_get_text_and_programs_json(capsys):
    Output(as_json=False).result({"a": 1}, "one a")
    Output(as_json=True).result({"a": 1}, "one a")
    assert capsys.readouterr().out == 'one a\n{"a": 1}\n'


def test_a_line_is_for_people_only(capsys):
    Output(as_json=False).line("hello")
    Output(as_json=True).line("hello")
    assert capsys.readouterr().out == "hello\n"


def test_errors_go_to_stderr_or_into_the_json(capsys):
    Output(as_json=False).error("room_full", "No seat is free.")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "spectator: No seat is free.\n")
    Output(as_json=True).error("room_full", "No seat is free.", retry_after=3.0, field=None)
    assert json.loads(capsys.readouterr().out) == {
        "error": {"code": "room_full", "message": "No seat is free.", "retry_after": 3.0}
    }


def test_columns_line_up():
    assert table(["A", "LONG"], [["xyz", "1"], ["", "22"]]) == "A    LONG\nxyz  1\n     22"


def test_a_strangers_name_cannot_command_the_terminal():
    assert printable("a\x1b[31mb\nc") == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}c"


def test_columns_are_as_wide_as_they_are_shown():
    rows = table(["NAME", "ROLE"], [["王王", "x"], ["e\u0301e", "y"], ["plain", "z"]]).splitlines()
    assert rows == ["NAME   ROLE", "王王   x", "e\u0301e     y", "plain  z"]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("2024-01-15T10:30:00.000Z", "2024-01-15 10:30 UTC"),
        ("2024-01-15T10:30:00Z", "2024-01-15 10:30 UTC"),
        (None, "-"),
        ("", "-"),
        ("a\x1b[2Jstrange", "a\ufffd[2Jstrange"),
        ("\x1b[2J567890T12:34:00Z", "\ufffd[2J567890T12:34:00Z"),
    ],
)
def test_a_time_is_told_as_people_read_it_and_nothing_else_is_taken_for_one(told, shown):
    assert moment(told) == shown
