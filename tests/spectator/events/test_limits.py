from spectator.events import LIMITS
from spectator.events.limits import DEPTH, INTEGER, NAME, NAMES


def test_the_limits_are_those_of_the_protocol() -> None:
    assert LIMITS.event == 64 * 1024
    assert LIMITS.episode == 1024 * 1024
    assert LIMITS.body == 4 * 1024 * 1024
    assert LIMITS.lines == 1_000
    assert (DEPTH, INTEGER, NAME, NAMES) == (32, 2**53, 128, 500)
