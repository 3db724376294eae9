from spectator.log import Cursor, Entry, Head
from spectator.log.chain import Chain, check, linked


def entry(first: int, last: int, tag: bytes, previous: bytes) -> Entry:
    return Entry(first, last, tag, previous, 0, [b"{}"] * (last - first + 1), 2)


A = entry(1, 2, b"a", b"")
B = entry(3, 3, b"b", b"a")
C = entry(4, 6, b"c", b"b")
HEAD = Head(epoch=9, seq=6, tag=b"c")


def test_entries_that_follow_are_intact() -> None:
    assert check(Cursor.START, HEAD, [A, B, C]) is Chain.INTACT
    assert check(Cursor(9, 2, b"a"), HEAD, [B, C]) is Chain.INTACT
    assert check(Cursor(9, 6, b"c"), HEAD, []) is Chain.INTACT
    assert check(Cursor.START, Head(), []) is Chain.INTACT


def test_another_epoch_breaks_every_cursor_but_the_start() -> None:
    assert check(Cursor(8, 6, b"c"), HEAD, []) is Chain.BROKEN
    assert check(Cursor(9, 6, b"c"), Head(), []) is Chain.BROKEN


def test_a_log_that_ends_before_the_cursor_is_broken() -> None:
    assert check(Cursor(9, 7, b"d"), HEAD, []) is Chain.BROKEN


def test_the_same_number_with_another_tag_is_broken() -> None:
    assert check(Cursor(9, 6, b"x"), HEAD, []) is Chain.BROKEN
    assert check(Cursor(9, 2, b"x"), HEAD, [B, C]) is Chain.BROKEN


def test_a_cursor_inside_an_entry_is_broken() -> None:
    assert check(Cursor(9, 5, b"c"), HEAD, [C]) is Chain.BROKEN
    assert check(Cursor(9, 1, b"a"), HEAD, [A, B]) is Chain.BROKEN


def test_entries_that_should_be_there_and_are_not_are_broken() -> None:
    assert check(Cursor(9, 2, b"a"), HEAD, []) is Chain.BROKEN
    assert check(Cursor(9, 2, b"a"), HEAD, [C]) is Chain.BROKEN


def test_what_was_trimmed_is_not_lost() -> None:
    trimmed = Head(epoch=9, seq=6, tag=b"c", first=4)
    assert check(Cursor.START, trimmed, [C]) is Chain.TRIMMED
    assert check(Cursor(9, 2, b"a"), trimmed, [C]) is Chain.TRIMMED
    assert check(Cursor(9, 3, b"b"), trimmed, [C]) is Chain.INTACT


def test_links_are_checked_between_entries_too() -> None:
    assert linked(0, b"", [A, B, C])
    assert not linked(0, b"", [A, C])
    assert not linked(0, b"", [A, entry(3, 3, b"b", b"x")])
