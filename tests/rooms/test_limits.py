from dataclasses import FrozenInstanceError

import pytest

from rooms import Bucket, Limits
from rooms.limits import Guesses


def test_the_defaults_leave_a_classroom_alone_and_a_guesser_with_little() -> None:
    limits = Limits()
    assert limits.enabled
    assert limits.client_in_room.burst < limits.client.burst < limits.server.burst
    guesses_a_day = limits.client.burst + limits.client.per_minute * 60 * 24
    assert guesses_a_day / 32**limits.code_length < 1e-4


def test_quotas_are_those_of_the_protocol() -> None:
    assert (Limits().waiting_in_room, Limits().waiting_of_person) == (100, 3)


def test_limits_cannot_be_changed_by_accident() -> None:
    with pytest.raises(FrozenInstanceError):
        Bucket(1, 1).burst = 2  # type: ignore[misc]  # that it cannot be is what is tested


def test_guesses_of_one_moment_learn_of_each_other_and_leave_nothing_behind() -> None:
    guesses = Guesses()
    with guesses.guess("ann", left=1) as first, guesses.guess("ann", left=1) as second:
        assert first.is_worth_it()
        with guesses.guess("bob", left=1) as other:
            first.was_wrong()
            assert not second.is_worth_it()
            assert other.is_worth_it()
        with guesses.guess("ann", left=1) as late:  # it found one left after the first was charged
            assert late.is_worth_it()
    with guesses.guess("ann", left=1) as later:
        assert later.is_worth_it()
