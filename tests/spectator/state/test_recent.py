from spectator.state.recent import Kept, Recent


def test_only_the_newest_stay() -> None:
    recent = Recent(3, 1_000)
    for seq in range(10):
        recent.add(Kept(seq, {}, 1))
    assert [kept.seq for kept in recent] == [7, 8, 9]


def test_long_ones_push_out_more_but_never_themselves() -> None:
    recent = Recent(100, 50)
    for seq in range(10):
        recent.add(Kept(seq, {}, 10))
    assert len(recent) == 5
    recent.add(Kept(10, {}, 1_000))
    assert [kept.seq for kept in recent] == [10]
    recent.add(Kept(11, {}, 10))
    assert [kept.seq for kept in recent] == [11]
