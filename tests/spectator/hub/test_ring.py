import pytest

from spectator.hub.packets import Packet
from spectator.hub.ring import Ring
from spectator.overlay import Completed


def packet(first: int, count: int = 1, size: int = 100, marks: tuple[int, ...] = ()) -> Packet:
    events = [Completed(seq, {}, {}, b"x" * size, b"x" * size) for seq in range(first, first + count)]
    ends = marks or (first + count - 1,)
    return Packet(events, tuple((end, b"t%d" % end) for end in ends), "c", 0.0, lambda _: None)


def filled(capacity: int = 10_000, count: int = 5) -> Ring:
    ring = Ring(capacity, (0, b""))
    for number in range(count):
        ring.append(packet(number * 2 + 1, 2))
    return ring


def test_places_count_up_and_stay():
    ring = filled()
    assert (ring.start, ring.end, len(ring)) == (0, 5, 5)
    assert ring[2].first == 5
    with pytest.raises(IndexError):
        ring[5]


def test_what_no_longer_fits_falls_out_at_the_old_end():
    ring = filled(capacity=1000, count=20)
    assert ring.size <= 1000
    assert ring.end == 20
    assert ring[ring.end - 1].first == 39
    assert ring.base == (ring[ring.start].first - 1, b"t%d" % (ring[ring.start].first - 1))
    with pytest.raises(IndexError):
        ring[0]


def test_the_newest_always_stays_however_long():
    ring = Ring(10, (0, b""))
    ring.append(packet(1, size=5000))
    assert len(ring) == 1


def test_lag_is_what_is_missing():
    ring = filled()
    assert ring.lag(5) == 0
    assert ring.lag(4) == ring[4].size
    assert ring.lag(0) == ring.size == sum(ring[place].size for place in range(5))


def test_a_mark_at_a_packets_end_is_found():
    assert filled().locate((4, b"t4")) == (2, True)
    assert filled().locate((10, b"t10")) == (5, True)


def test_a_mark_within_a_packet_is_found():
    ring = Ring(10_000, (0, b""))
    ring.append(packet(1, 6, marks=(2, 4, 6)))
    assert ring.locate((4, b"t4")) == (0, False)


def test_the_end_of_what_came_before_is_known():
    ring = filled(capacity=1000, count=20)
    assert ring.locate(ring.base) == (ring.start, True)
    assert Ring(10, (17, b"z")).locate((17, b"z")) == (0, True)


@pytest.mark.parametrize("mark", [(4, b"other"), (3, b"t3"), (99, b"t99"), (0, b"other")])
def test_a_mark_that_is_not_of_this_log_is_not_found(mark: tuple[int, bytes]):
    assert filled().locate(mark) is None


def test_the_place_behind_an_event():
    ring = filled()
    assert [ring.after(seq) for seq in (0, 1, 2, 3, 10, 99)] == [0, 0, 1, 1, 5, 5]


def test_older_packets_go_before_the_oldest():
    ring = Ring(10_000, (4, b"t4"))
    ring.append(packet(5, 2))
    ring.extend_back([packet(1, 2), packet(3, 2)], (0, b""))
    assert (ring.start, ring.end) == (-2, 1)
    assert [ring[place].first for place in range(-2, 1)] == [1, 3, 5]
    assert ring.base == (0, b"")
    assert ring.lag(-2) == ring.size
    assert ring.locate((2, b"t2")) == (-1, True)


def test_older_packets_that_do_not_fit_stay_out():
    ring = Ring(700, (6, b"t6"))
    ring.append(packet(7, 2, size=10))
    ring.extend_back([packet(1, 2, size=300), packet(3, 2, size=50), packet(5, 2, size=10)], (0, b""))
    assert ring[ring.start].first == 5
    assert ring.base == (4, b"t4")
    assert ring.size <= 700


def test_into_an_empty_ring_older_packets_go_too():
    ring = Ring(10_000, (2, b"t2"))
    ring.extend_back([packet(1, 2)], (0, b""))
    assert ring.locate((0, b"")) == (-1, True)
    assert ring.lag(-1) == ring.size > 0
