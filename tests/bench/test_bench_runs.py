"""The bench itself works: its smallest settings, no assertion on time."""

import math
from pathlib import Path

import pytest

from tests.bench import fan_out, hidden_rooms, publish
from tests.bench.__main__ import run
from tests.bench.effort import TINY
from tests.bench.fan_out import CANDIDATES, Candidate
from tests.bench.figures import written
from tests.bench.load.wire import Reader, frame, next_frame
from tests.bench.parts import PARTS, part
from tests.bench.table import DOCUMENT, Table, put

PEERS = [one for one in CANDIDATES if one.name in {"websockets.broadcast", "python-socketio"}]
OURS = [one for one in CANDIDATES if not one.peer]


@pytest.mark.parametrize("candidate", PEERS, ids=lambda one: one.name)
def test_a_peer_delivers_to_the_load_generator(candidate: Candidate) -> None:
    sample, *_ = fan_out.sample(candidate, 3, TINY)
    assert sample.delivered > 0.5
    assert sample.cpu > 0
    assert sample.p50 > 0


@pytest.mark.parametrize("candidate", OURS, ids=lambda one: one.name)
def test_ours_delivers_to_the_load_generator(candidate: Candidate) -> None:
    sample, *_ = fan_out.sample(candidate, 3, TINY)
    assert sample.delivered > 0.5
    assert 0 < sample.cpu <= sample.cpu_all
    assert sample.p50 > 0


@pytest.mark.parametrize("name", [name for name in PARTS if name != "fan-out"])
def test_a_part_runs_and_writes_its_tables(name: str, tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    names = part(name).TABLES
    document.write_text("".join(f"<!-- bench:{table} -->\n<!-- /bench:{table} -->\n" for table in names))
    assert run(name, TINY, document)
    text = document.read_text()
    assert text.count(f"python -m tests.bench --only {name}") == len(names)
    assert text.count("\n|---") == len(names)


def test_every_published_event_reaches_the_local_viewer() -> None:
    (table,) = publish.measure(TINY)
    assert [row[-1] for row in table.rows] == ["100.0%", "100.0%"]


def test_what_is_always_slower_is_told_apart_and_what_is_the_same_is_not() -> None:
    assert hidden_rooms.auc([1.0, 2.0], [3.0, 4.0]) == 1
    assert hidden_rooms.auc([1.0, 2.0], [1.0, 2.0]) == 0.5
    assert hidden_rooms.auc([3.0, 4.0], [1.0, 2.0]) == 0


def test_a_frame_is_read_only_when_it_is_whole() -> None:
    for length in (0, 125, 126, 70_000):
        whole = b"\x81" + _length(length) + b"x" * length
        assert next_frame(whole[:-1], 0) is None
        found = next_frame(whole + b"\x81", 0)
        assert found is not None
        assert found.end == len(whole)
        assert Reader().open(whole) == (1, b"x" * length)


def _length(length: int) -> bytes:
    if length < 126:
        return bytes((length,))
    return b"\x7e" + length.to_bytes(2, "big") if length < 65_536 else b"\x7f" + length.to_bytes(8, "big")


def test_a_viewers_frame_is_masked_with_zeros() -> None:
    assert frame(b"hi") == b"\x81\x82\0\0\0\0hi"
    assert frame(b"x" * 200)[:8] == b"\x81\xfe\x00\xc8\0\0\0\0"


def test_a_table_replaces_what_stood_between_its_markers() -> None:
    table = Table("one", ("a", "b"), [("x", "1")])
    text = "before\n<!-- bench:one -->\nold\n<!-- /bench:one -->\nafter\n"
    wanted = "before\n<!-- bench:one -->\n| a | b |\n|---|---:|\n| x | 1 |\n<!-- /bench:one -->\nafter\n"
    assert put(text, [table]) == wanted
    assert put(wanted, [table]) == wanted


def test_a_table_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="bench:one"):
        put("nothing here", [Table("one", ("a",))])


def test_the_document_has_a_place_for_every_table() -> None:
    names = [table for name in PARTS for table in part(name).TABLES]
    put(DOCUMENT.read_text(), [Table(name, ("",)) for name in names])


def test_nothing_measured_is_written_as_such() -> None:
    assert written(math.nan) == "n/a"
