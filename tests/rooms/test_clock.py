import pytest

from rooms.clock import Clock


class Monotonic:
    """A monotonic clock that goes where it is pushed; in seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_goes_on_from_what_the_store_said() -> None:
    monotonic = Monotonic()
    clock = Clock(monotonic)
    clock.observe(1_000_000)
    monotonic.now += 2.5
    assert clock.now_ms() == 1_002_500


def test_it_is_no_clock_before_the_store_was_asked() -> None:
    with pytest.raises(RuntimeError, match="connect"):
        Clock().now_ms()


def test_it_never_runs_backwards_by_a_little() -> None:
    monotonic = Monotonic()
    clock = Clock(monotonic)
    clock.observe(1_000_000)
    clock.now_ms()
    clock.observe(999_000)
    assert clock.now_ms() == 1_000_000
    monotonic.now += 2
    assert clock.now_ms() == 1_001_000
    assert not clock.jumped()


@pytest.mark.parametrize("difference", [5_001, -5_001])
def test_a_jump_is_followed_at_once_and_remembered_for_a_minute(difference: int) -> None:
    monotonic = Monotonic()
    clock = Clock(monotonic)
    clock.observe(1_000_000)
    clock.now_ms()
    clock.observe(1_000_000 + difference)
    assert clock.now_ms() == 1_000_000 + difference
    assert clock.jumped()
    assert clock.jumps == 1
    monotonic.now += 59.9
    assert clock.jumped()
    monotonic.now += 0.2
    assert not clock.jumped()


def test_five_seconds_are_not_yet_a_jump() -> None:
    clock = Clock(Monotonic())
    clock.observe(1_000_000)
    clock.observe(1_005_000)
    assert not clock.jumped()
