import pytest

from spectator.events.walk import Refused, Walked


def test_an_event_that_needs_no_change_is_not_changed() -> None:
    walked = Walked(
        b'{"type":"state","state":{"a":[1,{"b":2.5}]},"more":true,"timestamp":"2024-01-15T10:30:00Z"}'
    )
    assert (walked.kind, walked.changed, walked.non_finite) == ("state", False, 0)


def test_what_python_writes_is_read() -> None:
    walked = Walked(b'{"type":"state","state":{"a":[NaN,-Infinity,1e999]}}')
    assert walked.changed
    assert walked.non_finite == 3
    assert walked.encode() == b'{"type":"state","state":{"a":[null,null,null]}}'


def test_half_a_surrogate_pair_is_no_text() -> None:
    walked = Walked(b'{"type":"log","message":"\\ud800","metadata":{"a":NaN}}')
    with pytest.raises(Refused, match="invalid_json"):
        walked.encode()


def test_a_time_with_offset_is_moved_to_utc() -> None:
    walked = Walked(b'{"type":"log","message":"a","timestamp":"2024-01-15T00:30:00-01:00"}')
    assert walked.event["timestamp"] == "2024-01-15T01:30:00Z"
    assert walked.changed
