"""Every part runs at its smallest and writes its tables; no assertion on time."""

from pathlib import Path

import pytest

from tests.bench import hidden_rooms
from tests.bench.__main__ import run
from tests.bench.candidates import FEW
from tests.bench.effort import TINY, Effort
from tests.bench.goals import NAME
from tests.bench.parts import PARTS, part
from tests.bench.table import DOCUMENT, Table, put, rows_of


def document(folder: Path, name: str) -> Path:
    """Return the document with nothing in the tables of a part."""
    made = folder / "performance.md"
    nothing = [Table(table, ("what was there",)) for table in part(name).TABLES]
    made.write_text(put(DOCUMENT.read_text(), nothing))
    return made


@pytest.mark.timeout(240)  # several servers start and end
@pytest.mark.parametrize("name", PARTS)
def test_a_part_runs_and_writes_its_tables(name: str, tmp_path: Path) -> None:
    target = document(tmp_path, name)
    assert run(name, TINY, target)
    text = target.read_text()
    assert text.count(f"python -m tests.bench --only {name} --tiny`") == len(part(name).TABLES)
    assert "what was there" not in text
    if name == "publish":
        # Every published event reached the viewer, in both forms.
        assert [row["delivered"] for row in rows_of(text, name)] == ["100.0%", "100.0%"]
    if name == "hidden-rooms":
        assert [row["asked"] for row in rows_of(text, name)].count("GET") == 4
    if name == "fan-out":
        assert "without being declared: none." in text
        # A server that could not be measured would be missing.
        assert {row["server"] for row in rows_of(text, "fan-out-peers")} == {one.name for one in FEW}


def test_a_part_that_fails_leaves_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARTS, "broken", "tests.bench.no_such_part")
    target = tmp_path / "performance.md"
    target.write_text("as it was")
    assert not run("broken", Effort("tiny"), target)
    assert target.read_text() == "as it was"


def test_the_document_has_a_place_for_every_table() -> None:
    names = [NAME, *(table for name in PARTS for table in part(name).TABLES)]
    assert len(names) == len(set(names))
    put(DOCUMENT.read_text(), [Table(name, ("",)) for name in names])


def test_what_is_always_slower_is_told_apart_and_what_is_the_same_is_not() -> None:
    assert hidden_rooms.auc([1.0, 2.0], [3.0, 4.0]) == 1
    assert hidden_rooms.auc([1.0, 2.0], [1.0, 2.0]) == 0.5
    assert hidden_rooms.auc([3.0, 4.0], [1.0, 2.0]) == 0
