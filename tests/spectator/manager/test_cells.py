"""A CSV that holds what was put into it, and nothing that a spreadsheet would calculate."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectator.manager import cells
from tests.harness.hostile import TEXTS

STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def read(line: str, delimiter: str = ",") -> list[str]:
    (row,) = csv.reader(io.StringIO(line, newline=""), delimiter=delimiter)
    return row


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_hostile_text_is_a_formula_in_any_cell(text: str) -> None:
    line = cells.line([1, text, "end"])
    assert line.endswith("\r\n")
    row = read(line)
    assert len(row) == 3
    assert row[1].replace("'", "") == text.replace("'", "").replace("\0", "")
    for delimiter in ",;\t|":
        for records in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, quoting=csv.QUOTE_NONE):
            split = [cell.lstrip('" \u3000\u00a0') for cell in records]
            if delimiter != ",":  # in a comma's table the quotes hold
                assert not [cell for cell in split if cell.startswith(STARTS)], (delimiter, split)
    assert not row[1].lstrip().startswith(STARTS)


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
        min_size=2,
        max_size=4,
    )
)
def test_what_is_written_is_read_again(texts: list[str]) -> None:
    row = read(cells.line(["first", *texts]))
    assert row == ["first", *(cells.text(text) for text in texts)]
    for cell in row:
        assert not cell.lstrip(" ").startswith(STARTS) or not cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (0, "0"),
        (-1.5, "-1.5"),
        (1e-300, "1e-300"),
        (-0.0, "-0.0"),
        (2**53, "9007199254740992"),
        (True, "TRUE"),
        ("", ""),
        ("plain", "plain"),
        ("a,b", '"a,b"'),
        ('say "hi"', '"say ""hi"""'),
        ("two\nlines", '"two\nlines"'),
        ("=1+1", "'=1+1"),
        ("-5", "'-5"),
        (" =1", '" \'=1"'),
        ([1, 2], '"[1,2]"'),
        ({"=a": 1}, '"{""=a"":1}"'),
    ],
)
def test_one_cell(value: Any, cell: str) -> None:
    assert cells.line([value]) == f"{cell}\r\n"
