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
