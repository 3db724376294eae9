from spectator.stats import FAST, SLOW, Histogram, Stats


def test_a_value_counts_below_the_first_bound_that_is_not_smaller():
    found = Histogram((0.01, 0.1))
    for value in (0.005, 0.01, 0.05, 7.0):
        found.add(value)
    assert found.counts == [2, 1, 1]
    assert found.count == 4
    assert found.total == 0.005 + 0.01 + 0.05 + 7.0


def test_a_negative_value_counts_as_nothing():
    found = Histogram(FAST)
    found.add(-0.3)
    assert (found.counts[0], found.total) == (1, 0.0)


def test_two_nodes_share_no_number():
    one, other = Stats(), Stats()
    one.posts["stored"] += 1
    one.beat.add(0.02)
    assert not other.posts
    assert other.beat.count == 0


def test_bounds_ascend():
    for bounds in (FAST, SLOW):
        assert list(bounds) == sorted(set(bounds))
