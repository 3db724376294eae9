import pytest

from spectator.log import Cursor, Head, run_status
from spectator.log.head import FIELDS, read_head


def test_a_room_without_events_has_an_empty_head() -> None:
    assert read_head([None] * len(FIELDS), 5) == Head(now=5)
    assert Head().cursor == Cursor.START


def test_a_head_is_read_in_the_order_of_its_fields() -> None:
    head = read_head(
        [b"1", b"2", b"0000000a", b"3", b"4", b"5", b"run-1", b"active", b"6", b"7", b"0000000b"], 8
    )
    assert head == Head(1, 2, b"0000000a", 3, 4, 5, "run-1", "active", 6, 7, b"0000000b", 8)


@pytest.mark.parametrize(
    ("said", "silence", "status"),
    [
        ("", 0, None),
        ("active", 14_999, "active"),
        ("active", 15_000, "stalled"),
        ("active", 599_999, "stalled"),
        ("active", 600_000, "crashed"),
        ("finished", 10**9, "finished"),
        ("failed", 10**9, "failed"),
    ],
)
def test_a_silent_publisher_is_shown_as_silent(said: str, silence: int, status: str | None) -> None:
    assert run_status(Head(run_status=said, seen_at=1_000), 1_000 + silence) == status
