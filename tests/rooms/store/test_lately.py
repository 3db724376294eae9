import pytest

from rooms.store.lately import Kept, Lately, same


def test_what_was_read_is_there_with_its_mark() -> None:
    lately: Lately[str] = Lately(2)
    assert lately.get("a") == Kept("", None)
    assert lately.keep("a", "1", "value") == "value"
    assert lately.get("a") == Kept("1", "value")
    lately.keep("a", "2", "newer")
    assert lately.get("a") == Kept("2", "newer")


def test_the_oldest_go_first() -> None:
    lately: Lately[int] = Lately(2)
    for number, key in enumerate(["a", "b", "a", "c"]):
        lately.keep(key, "m", number)
    assert [lately.get(key).value for key in "abc"] == [2, None, 3]


def test_the_same_as_nothing_is_a_defect() -> None:
    assert same(Kept("1", "value")) == "value"
    with pytest.raises(LookupError):
        same(Kept("", None))
