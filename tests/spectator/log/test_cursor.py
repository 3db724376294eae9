import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectator.log import Cursor, InvalidCursor

numbers = st.integers(0, 10**16 - 1)
tags = st.one_of(st.just(b""), st.integers(0, 2**32 - 1).map(lambda value: b"%08x" % value))


@given(st.builds(Cursor, numbers, numbers, tags))
def test_a_cursor_comes_back_from_its_text(cursor: Cursor) -> None:
    assert Cursor.parse(cursor.text) == cursor
    assert len(cursor.text) <= 48


@given(st.text())
def test_any_other_text_is_refused_in_one_way(text: str) -> None:
    try:
        cursor = Cursor.parse(text)
    except InvalidCursor:
        return
    assert Cursor.parse(cursor.text) == cursor


@pytest.mark.parametrize(
    "text", ["", "1.2", "1.2.xyz", "-1.2.", "1.2.0123456789", "\u0661.\u0662.", "1" * 1000, "1.2.\n"]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.parse(text)
