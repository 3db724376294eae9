from __future__ import annotations

from spectator.client.words import LONGEST, MOST_NAMES, QUIET, Words


def test_the_first_text_of_a_name_belongs_to_the_config() -> None:
    words = Words()
    assert words.take({"phase": "warm"}, 0.0)
    assert words.config == {"phase": "warm"}
    assert words.notes(0.0, at_once=True) == []


def test_what_stays_the_same_is_not_told_again() -> None:
    words = Words()
    words.take({"phase": "warm"}, 0.0)
    assert not words.take({"phase": "warm"}, 9.0)
    assert words.notes(9.0) == []


def test_what_changes_becomes_a_note() -> None:
    words = Words()
    words.take({"phase": "warm"}, 0.0)
    words.take({"phase": "hot"}, QUIET)
    assert words.notes(QUIET) == [("phase", "hot")]
    assert words.notes(QUIET + 9) == []
    assert words.config == {"phase": "warm"}


def test_of_what_changes_all_the_time_the_last_is_told() -> None:
    words = Words()
    told = []
    for n in range(100):
        words.take({"phase": f"p{n}"}, n * QUIET / 10)
        told += words.notes(n * QUIET / 10)
    told += words.notes(99 * QUIET / 10, at_once=True)
    assert len(told) <= 12
    assert told[-1] == ("phase", "p99")


def test_what_changes_back_before_it_was_told_is_no_news() -> None:
    words = Words()
    words.take({"phase": "warm"}, 0.0)
    words.take({"phase": "hot"}, 0.1)
    words.take({"phase": "warm"}, 0.2)
    assert words.notes(9.0) == []


def test_bounded() -> None:
    words = Words()
    words.take({f"n{n}": "x" * 9_999 for n in range(500)}, 0.0)
    assert len(words.config) == MOST_NAMES
    assert all(len(said) == LONGEST for said in words.config.values())
