"""docs/promised.md: every promise names tests that there are, every fault has a row, every row a fault."""

import re

import pytest

from tests.docs.blocks import ROOT
from tests.docs.test_security import TEST, names
from tests.faults.long import LONG
from tests.faults.short import SHORT

TEXT = (ROOT / "docs" / "promised.md").read_text()
PROMISES = re.split(
    r"^- ", TEXT[TEXT.index("## Promises") : TEXT.index("## What happens")], flags=re.MULTILINE
)[1:]
ROWS = re.findall(r"^\| `([^`]+)` \|(.*)\|$", TEXT, re.MULTILINE)
MEASURED = re.compile(r"<!-- measured: (.+?) -->(.*?)<!-- / -->")


@pytest.mark.parametrize("promise", PROMISES, ids=lambda text: text.partition("**.")[0].strip("*"))
def test_every_promise_names_tests_that_there_are(promise: str) -> None:
    named = TEST.findall(promise)
    assert named, "a promise without a test is a hope"
    assert not [f"{path}::{name}" for path, name in named if name not in names(path)]


def test_the_tests_that_play_the_faults_are_there() -> None:
    told = TEST.findall(TEXT[TEXT.index("## What happens") :])
    assert {path for path, _ in told} == {"tests/faults/test_short.py", "tests/faults/long/test_long.py"}
    assert not [f"{path}::{name}" for path, name in told if name not in names(path)]


def test_every_fault_has_a_row_and_every_row_a_fault() -> None:
    assert [name for name, _ in ROWS] == [*SHORT, *LONG]


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_a_row_says_what_everybody_sees_and_what_was_measured(name: str, row: str) -> None:
    cells = [cell.strip() for cell in row.split(" | ")]
    assert len(cells) == 5
    assert all(cells)
    [(marked, told)] = MEASURED.findall(cells[-1])
    assert marked == name
    assert re.search(r"[\d,]+ sent, .* 0 silent gaps", told), (
        "never measured: python -m tests.faults --report"
    )
