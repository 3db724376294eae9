from rooms.manager.context import Recent, nonce


def test_only_so_many_are_kept_and_the_oldest_go_first() -> None:
    recent: Recent[int] = Recent(2)
    for number, key in enumerate(["a", "b", "a", "c"]):
        assert recent.keep(key, number) == number
    assert [recent.get(key) for key in "abc"] == [2, None, 3]


def test_marks_differ() -> None:
    assert len({nonce() for _ in range(1000)}) == 1000
