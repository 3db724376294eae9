"""The bench itself works: its smallest settings, no assertion on time."""

import math

import pytest

from tests.bench import fan_out, hidden_rooms, publish, wrong_passwords
from tests.bench.effort import FULL, TINY
from tests.bench.fan_out import CANDIDATES, Candidate
from tests.bench.figures import written
from tests.bench.load.wire import frame, next_frame, payload_of
from tests.bench.table import DOCUMENT, Table, put

PEERS = [one for one in CANDIDATES if one.name in {"websockets.broadcast", "python-socketio"}]
OURS = [one for one in CANDIDATES if not one.peer]


@pytest.mark.parametrize("candidate", PEERS, ids=lambda one: one.name)
def test_a_peer_delivers_to_the_load_generator(candidate: Candidate) -> None:
    (sample,) = fan_out.sample(candidate, 3, TINY)
    assert sample.delivered > 0.5
    assert sample.cpu > 0
    assert sample.p50 > 0


@pytest.mark.parametrize("candidate", OURS, ids=lambda one: one.name)
def test_ours_delivers_to_the_load_generator(candidate: Candidate) -> None:
    (sample,) = fan_out.sample(candidate, 3, TINY)
    assert sample.delivered > 0.5
    assert 0 < sample.cpu <= sample.cpu_all
    assert sample.p50 > 0


def test_every_published_event_reaches_the_local_viewer() -> None:
    (table,) = publish.measure(TINY)
    assert [row[-1] for row in table.rows] == ["100.0%", "100.0%"]


def test_guesses_are_answered_while_the_other_room_is_watched() -> None:
    (table,) = wrong_passwords.measure(TINY)
    assert [row[0] for row in table.rows] == ["on", "off"]
    for row in table.rows:
        assert int(row[1].replace(",", "")) >= TINY.guesses
        assert "n/a" not in row


def test_hidden_and_unknown_rooms_are_asked_in_turns() -> None:
    (table,) = hidden_rooms.measure(TINY)
    assert [row[0] for row in table.rows].count("GET") == 4
    assert all(0 <= float(row[8]) <= 1 for row in table.rows)


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
        assert payload_of(whole) == (1, b"x" * length)


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
    names = [
        "machine",
        "log-call",
        "training-loop",
        "import",
        "publish",
        "memory",
        "joins",
        "wrong-passwords",
        "hidden-rooms",
        "events",
        "pictures",
    ]
    names += [
        f"fan-out-{viewers}-{rate:g}" for viewers in FULL.fan_out_viewers for rate in FULL.fan_out_rates
    ]
    put(DOCUMENT.read_text(), [Table(name, ("",)) for name in names])


def test_nothing_measured_is_written_as_such() -> None:
    assert written(math.nan) == "n/a"
