import json

import pytest

from rooms import Busy, InvalidRequest, RoomClosed, RoomExpired, RoomNotFound, SequenceGap
from spectator.events import Decoded, Refusal, RunChange
from spectator.log.answers import appended, middle, producer_of, run_arguments
from spectator.log.results import Retention


def test_a_publisher_may_stay_unnamed() -> None:
    assert producer_of(None, None) == ("", 0)
    assert producer_of("run-1:abc_D.0", 2**53) == ("run-1:abc_D.0", 2**53)


@pytest.mark.parametrize("name", ["", "a b", "a\n", "p" * 65, "é"])
def test_names_of_producers_are_bounded(name: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        producer_of(name, 1)
    assert error.value.field == "Spectator-Producer"


def test_a_run_goes_to_the_script_as_three_arguments() -> None:
    assert run_arguments(None) == ("", -1, "")
    assert run_arguments(RunChange("finished")) == ("finished", -1, "")
    assert run_arguments(RunChange("active", 0, "abc")) == ("active", 0, "abc")


def test_the_answer_lists_what_was_left_out() -> None:
    batch = Decoded(events=[b"{}"], rejected=[Refusal(2, "too_deep")], non_finite=3)
    assert json.loads(b"{" + middle(batch)[1:] + b"}") == {
        "accepted": 1,
        "rejected": [{"line": 2, "code": "too_deep"}],
        "non_finite": 3,
    }
    assert b"non_finite" not in middle(Decoded())


def test_a_checkpoint_is_due_by_length_and_by_number() -> None:
    keep = Retention(checkpoint_after=10, checkpoint_events=100)
    assert not appended([b"ok", 5, b"{}", 9, 99], keep).compact
    assert appended([b"ok", 5, b"{}", 10, 99], keep).compact
    assert appended([b"ok", 5, b"{}", 9, 100], keep).compact


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ([b"unknown"], RoomNotFound),
        ([b"closed"], RoomClosed),
        ([b"expired"], RoomExpired),
        ([b"busy"], Busy),
        ([b"gap", 4], SequenceGap),
        ([b"something", 1, 2, 3, 4, 5], AssertionError),
    ],
)
def test_every_reply_that_is_no_answer_raises(reply: list[bytes | int], error: type[Exception]) -> None:
    with pytest.raises(error):
        appended(reply, Retention())
