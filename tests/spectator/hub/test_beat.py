import itertools

import pytest

from spectator.hub.beat import Beat

PERIOD = 0.033


def test_an_event_after_silence_leaves_at_once():
    beat = Beat(PERIOD)
    assert beat.wait(5.0) is None
    beat.ring("r", 5.0)
    assert beat.wait(5.0) == 0
    assert beat.take(5.0) == ["r"]
    assert beat.wait(5.0) is None


def test_what_follows_within_a_beat_is_joined_once():
    beat = Beat(PERIOD)
    beat.ring("r", 5.0)
    beat.take(5.0)
    taken = 0
    for step in range(1, 100):  # a hundred rings within a tenth of a second
        now = 5.0 + step / 1000
        beat.ring("r", now)
        taken += len(beat.take(now))
    assert taken in {3, 4}


def test_nobody_waits_longer_than_a_beat():
    beat = Beat(PERIOD)
    for start in (5.0, 5.001, 5.032, 5.0329, 6.7):
        beat.ring("r", start)
        wait = beat.wait(start)
        assert wait is not None
        assert wait <= PERIOD + 1e-9
        assert beat.take(start + wait + 1e-9) == ["r"]


def test_busy_rooms_fall_together():
    beat = Beat(PERIOD)
    rooms = [f"r{number}" for number in range(50)]
    for number, room in enumerate(rooms):
        beat.ring(room, 5.0 + number / 10_000)
        beat.take(5.0 + number / 10_000)
    for number, room in enumerate(rooms):
        beat.ring(room, 5.006 + number / 10_000)
    wait = beat.wait(5.012)
    assert wait is not None
    assert sorted(beat.take(5.012 + wait)) == sorted(rooms)


def test_a_room_that_slept_does_not_wait_for_the_busy_ones():
    beat = Beat(PERIOD)
    beat.ring("busy", 5.0)
    beat.take(5.0)
    beat.ring("busy", 5.01)
    beat.ring("slept", 5.012)
    assert beat.take(5.012) == ["slept"]


def test_a_forgotten_room_is_not_due():
    beat = Beat(PERIOD)
    beat.ring("r", 5.0)
    beat.forget("r")
    assert beat.take(9.0) == []


@pytest.mark.parametrize("multiple", range(1, 400, 7))
def test_at_the_very_edge_of_a_beat_time_goes_on(multiple: int):
    beat, now = Beat(PERIOD), multiple * PERIOD
    beat.ring("r", now)
    beat.take(now)
    beat.ring("r", now)
    wait = beat.wait(now)
    assert wait is not None
    assert beat.take(now + wait) == ["r"]


def ring_often(beat: Beat, seconds: float, sending: float) -> list[float]:
    """Ring every millisecond; return when the room was due."""
    due = []
    for step in range(int(seconds * 1000)):
        now = 5.0 + step / 1000
        beat.ring("r", now)
        if beat.take(now):
            due.append(now)
            beat.took("r", sending)
    return due


def gaps(moments: list[float]) -> list[float]:
    return [later - before for before, later in itertools.pairwise(moments)]


def test_a_room_that_takes_long_to_send_leaves_half_of_the_time_to_all_else():
    sending = 0.060
    found = gaps(ring_often(Beat(PERIOD), 3.0, sending)[1:])
    assert min(found) >= 2 * sending
    assert max(found) <= 2 * sending + PERIOD + 0.002


def test_no_room_waits_longer_than_the_longest_interval_and_a_beat():
    found = gaps(ring_often(Beat(PERIOD, longest=0.2), 3.0, 4.0)[1:])
    assert 0.2 <= min(found) <= max(found) <= 0.2 + PERIOD + 0.002


def test_a_room_that_became_quick_is_due_each_beat_again():
    beat = Beat(PERIOD)
    ring_often(beat, 1.0, 0.1)
    assert max(gaps(ring_often(beat, 2.0, 0.001)[3:])) <= PERIOD + 0.002


def test_one_room_that_takes_long_delays_no_other():
    beat = Beat(PERIOD)
    for room in ("large", "small"):
        beat.ring(room, 5.0)
    beat.take(5.0)
    beat.took("large", 0.1)
    for room in ("large", "small"):
        beat.ring(room, 5.001)
    assert beat.take(5.001 + PERIOD) == ["small"]
    assert beat.take(5.199) == []
    assert beat.take(5.2 + PERIOD) == ["large"]


def test_a_room_that_was_put_away_begins_anew():
    beat = Beat(PERIOD)
    ring_often(beat, 1.0, 0.1)
    beat.forget("r")
    beat.ring("r", 6.1)
    assert beat.take(6.1) == ["r"]
