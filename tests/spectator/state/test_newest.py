from typing import Any

import msgspec

from spectator.state.newest import LONG, MOST_BYTES, MOST_KEYS, MOST_NAMES, Newest
from spectator.state.recent import Kept


def metrics(seq: int, **values: Any) -> Kept:
    return Kept(seq, {"type": "training_metrics", "data": values}, 100)


def test_keys_are_bounded_and_the_one_that_changed_longest_ago_goes() -> None:
    newest = Newest()
    for number in range(MOST_KEYS):
        newest.put(f"k{number}", Kept(number, {}, 1))
    newest.put("k0", Kept(1000, {}, 1))
    newest.put("more", Kept(1001, {}, 1))
    assert newest.get("k1") is None
    assert newest.get("k0") is not None
    assert len(newest.items()) == MOST_KEYS


def test_length_is_bounded_too() -> None:
    newest = Newest()
    for number in range(40):
        newest.put(f"k{number}", Kept(number, {}, 64 * 1024))
    assert sum(kept.size for _, kept in newest.items()) <= MOST_BYTES
    assert newest.get("k39") is not None


def test_joined_names_are_bounded_and_known_ones_go_on() -> None:
    newest = Newest()
    newest.join("m", metrics(1, a=0))
    for seq in range(2, MOST_NAMES + 100):
        newest.join("m", metrics(seq, **{f"n{seq}": seq}, a=seq))
    kept = newest.get("m")
    assert kept is not None
    assert len(kept.event["data"]) == MOST_NAMES
    assert kept.event["data"]["a"] == MOST_NAMES + 99


def test_long_values_are_not_joined() -> None:
    newest = Newest()
    newest.join("m", metrics(1, a="x" * LONG, b="x" * (LONG + 1), c={"d": 1}))
    kept = newest.get("m")
    assert kept is not None
    assert set(kept.event["data"]) == {"a", "c"}


def test_one_key_survives_a_new_run() -> None:
    newest = Newest()
    newest.put("a", Kept(1, {}, 1))
    newest.put("graph_config", Kept(2, {}, 1))
    newest.clear(but="graph_config")
    assert newest.items() == [("graph_config", Kept(2, {}, 1))]
    newest.clear(but="a")
    assert newest.items() == []


def test_what_was_joined_of_many_short_events_is_counted_in_its_whole_length() -> None:
    """Many workers, each with many texts: no event of theirs is long, what is kept of them would be."""
    newest = Newest()
    for seq in range(20_000):
        data = {f"n{seq % 300}-{name}": "x" * 1_000 for name in range(2)}
        event = {"type": "training_metrics", "data": data, "source": seq % 40}
        newest.join(f"training_metrics@{seq % 40}", Kept(seq, event, 2_100))
    kept = len(msgspec.json.encode([kept.event for _, kept in newest.items()]))
    assert MOST_BYTES / 2 < kept <= MOST_BYTES * 1.1


def test_numbers_in_the_place_of_numbers_are_not_counted_again() -> None:
    newest = Newest()
    for seq in range(1_000):
        newest.join("training_metrics", Kept(seq, {"type": "training_metrics", "data": {"a": seq / 7}}, 60))
    (_, kept) = newest.items()[0]
    assert kept.size < 100
