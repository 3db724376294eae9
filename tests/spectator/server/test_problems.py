"""The table of errors: complete, as protocol.md says, and silent about what was sent."""

import json

import pytest

from rooms import errors
from rooms.errors import RoomsError
from spectator.hub.codes import Close
from spectator.server import problems

PROTOCOL = {
    "room_not_found": 404,
    "request_not_found": 404,
    "room_closed": 410,
    "room_expired": 410,
    "password_required": 401,
    "unauthorized": 401,
    "wrong_password": 403,
    "invitation_required": 403,
    "invitation_spent": 403,
    "blocked": 403,
    "approval_denied": 403,
    "not_allowed": 403,
    "origin_not_allowed": 403,
    "room_full": 409,
    "code_taken": 409,
    "request_settled": 409,
    "sequence_gap": 409,
    "too_many_attempts": 429,
    "quota_exceeded": 429,
    "invalid_request": 422,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "host_not_allowed": 421,
    "busy": 503,
    "store_unavailable": 503,
    "store_full": 503,
    "internal_error": 500,
}


def leaves(cls: type[RoomsError]) -> list[type[RoomsError]]:
    own = [cls] if "code" in vars(cls) and cls is not RoomsError else []
    return own + [leaf for one in cls.__subclasses__() for leaf in leaves(one)]


@pytest.mark.parametrize("error", leaves(RoomsError), ids=lambda error: error.code)
def test_every_leaf_of_the_tree_has_an_answer(error: type[RoomsError]) -> None:
    assert error in problems.ANSWERS, f"{error.__name__} has no row in the table of spectator.server.problems"


def test_statuses_are_those_of_the_protocol() -> None:
    ours = {cls.code: answer.status for cls, answer in problems.ANSWERS.items()}
    assert {code: ours.get(code) for code in PROTOCOL} == PROTOCOL


@pytest.mark.parametrize(
    ("error", "close"),
    [
        (errors.RoomNotFound, 4504),
        (errors.RoomFull, 4509),
        (errors.RoomClosed, 4510),
        (errors.RoomExpired, 4511),
        (errors.Blocked, 4512),
        (errors.ApprovalDenied, 4503),
        (errors.Unauthorized, 4501),
        (errors.TooManyAttempts, 4005),
        (errors.Busy, 4005),
        (errors.StoreUnavailable, 4004),
    ],
)
def test_close_codes_are_those_of_the_protocol(error: type[RoomsError], close: int) -> None:
    assert problems.answer_of(error()).close == close


def test_an_error_nobody_placed_is_an_internal_one() -> None:
    class Stray(RoomsError):
        code = "stray"

    assert problems.answer_of(Stray()) == (500, Close.RESTARTING)
    del Stray


def test_a_problem_tells_code_field_and_what_to_do() -> None:
    response = problems.problem_response(errors.InvalidRequest("name: must not be empty.", field="name"))
    assert response.status == 422
    assert response.content_type == "application/problem+json"
    assert json.loads(response.body) == {
        "title": "Invalid request",
        "status": 422,
        "code": "invalid_request",
        "detail": "name: must not be empty.",
        "retry": False,
        "field": "name",
    }


def test_a_gap_tells_the_last_batch_that_is_stored() -> None:
    assert json.loads(problems.problem_response(errors.SequenceGap(7)).body)["last"] == 7


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (errors.TooManyAttempts(retry_after=12.2), "13"),
        (errors.TooManyAttempts(), "30"),
        (errors.ApprovalDenied(retry_after=0.2), "1"),
        (errors.QuotaExceeded(), "60"),
        (errors.StoreUnavailable(), "2"),
        (errors.StoreFull(), "5"),
        (errors.Busy(), "1"),
        (errors.RoomFull(), None),
    ],
)
def test_retry_after_stands_where_waiting_helps(error: RoomsError, seconds: str | None) -> None:
    assert problems.problem_response(error).headers.get("Retry-After") == seconds


def test_unauthorized_names_the_scheme() -> None:
    assert problems.problem_response(errors.Unauthorized()).headers["WWW-Authenticate"] == "Bearer"
