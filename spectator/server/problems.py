"""One table: class of error → HTTP status → close code of a socket. And RFC 9457 answers made from it.

The domain raises ``RoomsError`` and knows no HTTP; whatever else escapes a handler is an ``InternalError``.
An answer says what happened and what to do next; it never repeats what was sent, so no credential comes
back in it.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, NamedTuple

from aiohttp import web

from rooms import (
    ApprovalDenied,
    Blocked,
    Busy,
    ClaimLost,
    CodeTaken,
    HostNotAllowed,
    InternalError,
    InvalidRequest,
    InvitationNotFound,
    InvitationRequired,
    InvitationSpent,
    KeyNotFound,
    NotAllowed,
    OriginNotAllowed,
    PasswordRequired,
    PayloadTooLarge,
    QuotaExceeded,
    RequestNotFound,
    RequestSettled,
    RoomClosed,
    RoomExpired,
    RoomFull,
    RoomNotFound,
    RoomsError,
    SecretsUnknown,
    SequenceGap,
    SpectatorNotFound,
    StoreFull,
    StoreUnavailable,
    StoreUnsuitable,
    TenantNotFound,
    TenantTaken,
    TooManyAttempts,
    Unauthorized,
    UnsupportedMediaType,
    WrongPassword,
)
from spectator.hub.codes import Close

PROBLEM_TYPE: Final = "application/problem+json"


class PageNotFound(RoomsError):
    """No route of this server."""

    code = "not_found"
    text = "There is nothing at this address. See /docs for what there is."


class MethodNotAllowed(RoomsError):
    """The route exists, the method does not."""

    code = "method_not_allowed"
    text = "This address does not take that method; the header Allow names those it takes."


class MalformedRequest(RoomsError):
    """What came is not HTTP, or breaks a limit of its headers."""

    code = "malformed_request"
    text = "The request is not valid HTTP, or its headers are too long. Send it again as HTTP/1.1."


class RequestTimeout(RoomsError):
    """The body did not arrive in time."""

    retry = True
    code = "request_timeout"
    text = "The body did not arrive in time. Send it again, in smaller parts on a slow line."


class Answer(NamedTuple):
    """What an error becomes: an HTTP status and, on a socket, a close code."""

    status: int
    close: Close


ANSWERS: Final[dict[type[RoomsError], Answer]] = {
    RoomNotFound: Answer(404, Close.ROOM_NOT_FOUND),
    RequestNotFound: Answer(404, Close.REQUEST_GONE),
    InvitationNotFound: Answer(404, Close.PROTOCOL_ERROR),
    SpectatorNotFound: Answer(404, Close.PROTOCOL_ERROR),
    TenantNotFound: Answer(404, Close.ROOM_NOT_FOUND),
    KeyNotFound: Answer(404, Close.ROOM_NOT_FOUND),
    PageNotFound: Answer(404, Close.ROOM_NOT_FOUND),
    RoomClosed: Answer(410, Close.ROOM_CLOSED),
    RoomExpired: Answer(410, Close.ROOM_EXPIRED),
    PasswordRequired: Answer(401, Close.UNAUTHORIZED),
    Unauthorized: Answer(401, Close.UNAUTHORIZED),
    WrongPassword: Answer(403, Close.UNAUTHORIZED),
    InvitationRequired: Answer(403, Close.UNAUTHORIZED),
    InvitationSpent: Answer(403, Close.UNAUTHORIZED),
    Blocked: Answer(403, Close.BLOCKED),
    ApprovalDenied: Answer(403, Close.DENIED),
    NotAllowed: Answer(403, Close.UNAUTHORIZED),
    OriginNotAllowed: Answer(403, Close.UNAUTHORIZED),
    HostNotAllowed: Answer(421, Close.UNAUTHORIZED),
    RoomFull: Answer(409, Close.ROOM_FULL),
    ClaimLost: Answer(409, Close.PROTOCOL_ERROR),
    CodeTaken: Answer(409, Close.PROTOCOL_ERROR),
    TenantTaken: Answer(409, Close.PROTOCOL_ERROR),
    RequestSettled: Answer(409, Close.REQUEST_GONE),
    SequenceGap: Answer(409, Close.PROTOCOL_ERROR),
    TooManyAttempts: Answer(429, Close.BUSY),
    QuotaExceeded: Answer(429, Close.BUSY),
    InvalidRequest: Answer(422, Close.PROTOCOL_ERROR),
    MalformedRequest: Answer(400, Close.PROTOCOL_ERROR),
    MethodNotAllowed: Answer(405, Close.PROTOCOL_ERROR),
    PayloadTooLarge: Answer(413, Close.PROTOCOL_ERROR),
    UnsupportedMediaType: Answer(415, Close.PROTOCOL_ERROR),
    RequestTimeout: Answer(408, Close.BUSY),
    Busy: Answer(503, Close.BUSY),
    StoreUnavailable: Answer(503, Close.STORE_UNAVAILABLE),
    StoreFull: Answer(503, Close.STORE_UNAVAILABLE),
    InternalError: Answer(500, Close.RESTARTING),
    StoreUnsuitable: Answer(503, Close.STORE_UNAVAILABLE),
    SecretsUnknown: Answer(503, Close.STORE_UNAVAILABLE),
}
"""Every leaf; a test walks the tree of errors and fails for one that is missing."""

_RETRY_AFTER_S: Final = {Busy: 1, StoreUnavailable: 2, StoreFull: 5, QuotaExceeded: 60, TooManyAttempts: 30}
"""Said when the error itself does not know how long."""


def answer_of(error: RoomsError) -> Answer:
    """Status and close code of ``error``; a class nobody has placed is an internal error."""
    return ANSWERS.get(type(error), ANSWERS[InternalError])


def problem(error: RoomsError) -> dict[str, Any]:
    """The JSON of an error; ``type`` stays at its default (about:blank), ``code`` tells causes apart."""
    status = answer_of(error).status
    body: dict[str, Any] = {
        "title": error.code.replace("_", " ").capitalize(),
        "status": status,
        "code": error.code,
        "detail": error.message,
        "retry": error.retry,
    }
    if error.field is not None:
        body["field"] = error.field
    if isinstance(error, SequenceGap):
        body["last"] = error.last
    if isinstance(error, QuotaExceeded) and error.quota is not None:
        body |= {"quota": error.quota, "limit": error.limit}
    return body


def problem_response(error: RoomsError) -> web.Response:
    """The HTTP answer to ``error``, with ``Retry-After`` where waiting helps."""
    response = web.Response(
        status=answer_of(error).status,
        body=json.dumps(problem(error)).encode(),
        content_type=PROBLEM_TYPE,
    )
    wait = error.retry_after if error.retry_after is not None else _RETRY_AFTER_S.get(type(error))
    if wait is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def meaning_of(error: web.HTTPException) -> RoomsError:
    """What aiohttp itself refuses, as one of our errors."""
    if isinstance(error, web.HTTPNotFound):
        return PageNotFound()
    if isinstance(error, web.HTTPMethodNotAllowed):
        return MethodNotAllowed()
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return PayloadTooLarge()
    return MalformedRequest() if error.status < 500 else InternalError()


def problem_of(error: web.HTTPException) -> web.Response:
    """The same, as an answer."""
    response = problem_response(meaning_of(error))
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    return response
