import inspect
import re

import pytest

import rooms
from rooms import errors
from rooms.errors import RoomsError

LEAVES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, RoomsError) and cls is not RoomsError and "code" in vars(cls)
]

ON_THE_WIRE = [
    "room_not_found",
    "request_not_found",
    "invitation_not_found",
    "spectator_not_found",
    "tenant_not_found",
    "key_not_found",
    "room_closed",
    "room_expired",
    "password_required",
    "unauthorized",
    "wrong_password",
    "invitation_required",
    "invitation_spent",
    "blocked",
    "approval_denied",
    "not_allowed",
    "origin_not_allowed",
    "room_full",
    "claim_lost",
    "code_taken",
    "tenant_taken",
    "request_settled",
    "sequence_gap",
    "too_many_attempts",
    "quota_exceeded",
    "invalid_request",
    "payload_too_large",
    "unsupported_media_type",
    "host_not_allowed",
    "busy",
    "store_full",
    "store_unavailable",
    "internal_error",
]


def test_every_code_of_the_protocol_has_one_class_and_no_class_has_another() -> None:
    codes = sorted(cls.code for cls in LEAVES)
    assert codes == sorted([*ON_THE_WIRE, "store_unsuitable", "secrets_unknown"])


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.code)
def test_a_leaf_says_in_a_sentence_what_to_do(leaf: type[RoomsError]) -> None:
    error = leaf(3) if leaf is errors.SequenceGap else leaf()
    assert error.message.endswith(".")
    assert str(error) == error.message
    assert getattr(rooms, leaf.__name__) is leaf


def test_the_tree_in_the_docstring_names_every_leaf() -> None:
    named = set(re.findall(r"\w+", errors.__doc__ or ""))
    assert {leaf.__name__ for leaf in LEAVES} <= named


def test_an_error_carries_when_and_where() -> None:
    error = errors.InvalidRequest("name: must not be empty.", field="name", retry_after=1.5)
    assert (error.code, error.field, error.retry_after, error.retry) == (
        "invalid_request",
        "name",
        1.5,
        False,
    )


def test_only_what_may_pass_by_itself_is_worth_a_retry() -> None:
    worth = {leaf.code for leaf in LEAVES if leaf.retry}
    assert worth == {
        "approval_denied",
        "room_full",
        "too_many_attempts",
        "quota_exceeded",
        "busy",
        "store_full",
        "store_unavailable",
    }


def test_a_gap_says_which_number_comes_next() -> None:
    gap = errors.SequenceGap(7)
    assert gap.last == 7
    assert "8" in gap.message
