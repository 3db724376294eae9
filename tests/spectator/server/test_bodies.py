"""Bodies and queries: strict, bounded, and silent about values."""

import pytest

from rooms import NewIdentity
from rooms.errors import InvalidRequest
from spectator.server.bodies import (
    ClaimBody,
    ExtendBody,
    HistoryQuery,
    WaitQuery,
    check,
    parse_json,
)

SECRET = "cl_0123456789"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"1",
        b"null",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\xef\xbb\xbf{}",
        b"{} {}",
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_json(body)


@pytest.mark.parametrize(
    ("model", "values", "field"),
    [
        (ExtendBody, {}, "hours"),
        (ExtendBody, {"hours": "5"}, "hours"),
        (ExtendBody, {"hours": 0}, "hours"),
        (ExtendBody, {"hours": 10**9}, "hours"),
        (ExtendBody, {"hours": True}, "hours"),
        (ExtendBody, {"hours": 1, "more": SECRET}, "more"),
        (ClaimBody, {"claim": ""}, "claim"),
        (ClaimBody, {"claim": SECRET * 1000}, "claim"),
        (ClaimBody, {"claim": [SECRET]}, "claim"),
        (NewIdentity, {"user_id": ""}, "user_id"),
        (NewIdentity, {"user_id": SECRET, "hours": -1}, "hours"),
        (WaitQuery, {"wait": "26"}, "wait"),
        (WaitQuery, {"wait": "nan"}, "wait"),
        (WaitQuery, {"wait": SECRET}, "wait"),
        (HistoryQuery, {"max_points": "0"}, "max_points"),
        (HistoryQuery, {"max_points": "1000000"}, "max_points"),
        (HistoryQuery, {"from": SECRET}, "from"),
        (HistoryQuery, {"from": "inf"}, "from"),
        (HistoryQuery, {"to_step": "nan"}, "to_step"),
        (HistoryQuery, {"unknown": SECRET}, "unknown"),
        (HistoryQuery, {"start": "1"}, "start"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not(
    model: type, values: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check(model, values)
    assert caught.value.field == field
    assert field in caught.value.message
    assert SECRET not in caught.value.message


def test_the_name_of_an_unknown_field_is_told_as_far_as_it_is_a_name() -> None:
    """Somebody may have put a password, or half a megabyte, where the name belongs."""
    with pytest.raises(InvalidRequest) as caught:
        check(ExtendBody, {"hours": 1, "colour\x1b" + "x" * 100_000: 1})
    assert caught.value.field == "?"
    assert len(caught.value.message) <= 200


def test_times_are_seconds_or_iso() -> None:
    query = check(HistoryQuery, {"from": "1700000000.5", "to": "2023-11-14T22:13:21Z", "metrics": "a, b,,c"})
    assert isinstance(query, HistoryQuery)
    assert (query.start, query.end) == (1700000000.5, 1700000001.0)
    assert query.names == ("a", "b", "c")


def test_defaults() -> None:
    query = check(HistoryQuery, {})
    assert isinstance(query, HistoryQuery)
    assert (query.names, query.start, query.end, query.max_points) == ((), None, None, 1000)
    waits = check(WaitQuery, {"wait": "2.5"})
    assert isinstance(waits, WaitQuery)
    assert waits.wait == 2.5
