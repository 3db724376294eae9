import pytest

from spectator.log import Cursor
from spectator.server.sockets.returning import UNKNOWN_PLACE, place


def test_a_cursor_is_a_place():
    cursor = Cursor(7, 3, b"0000000a")
    assert place(cursor.text) == cursor


@pytest.mark.parametrize("text", [None, ""])
def test_who_was_never_here(text: str | None):
    assert place(text) is None


@pytest.mark.parametrize("text", ["x", "1", "1.2", "1.2.zz", "-1.2.00000000", "1.2.00000000\n", "9" * 1000])
def test_what_cannot_be_read_is_nowhere(text: str):
    assert place(text) is UNKNOWN_PLACE
    assert place(text) != Cursor.START
