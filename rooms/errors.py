"""What can go wrong, one class per cause.

The tree::

    RoomsError
    ├── NotFound            RoomNotFound, RequestNotFound, InvitationNotFound, SpectatorNotFound,
    │                       TenantNotFound, KeyNotFound
    ├── Gone                RoomClosed, RoomExpired
    ├── Unproven            PasswordRequired, Unauthorized, WrongPassword, InvitationRequired, InvitationSpent
    ├── Refused             Blocked, ApprovalDenied, NotAllowed, OriginNotAllowed, HostNotAllowed
    ├── Conflict            RoomFull, CodeTaken, TenantTaken, RequestSettled, ClaimLost, SequenceGap
    ├── Exhausted           TooManyAttempts, QuotaExceeded
    ├── Malformed           InvalidRequest, PayloadTooLarge, UnsupportedMediaType
    ├── Unavailable         Busy, StoreUnavailable (StoreFull), InternalError
    └── Misconfigured       StoreUnsuitable, SecretsUnknown       (a node that must not start)

Every leaf carries a stable ``code`` (the ``code`` of problem+json), a message for people that says what to do
next, and whether the same call may succeed later. There is no HTTP here: one table elsewhere maps classes to
statuses and close codes. A message never holds a credential.
"""

from __future__ import annotations

from typing import ClassVar


class RoomsError(Exception):
    """The root of everything this package raises on purpose.

    ``retry_after`` is in seconds and only set where waiting helps; ``field`` names the field that is wrong.
    """

    code: ClassVar[str] = "internal_error"
    retry: ClassVar[bool] = False
    text: ClassVar[str] = "Something went wrong."

    def __init__(
        self, message: str | None = None, *, retry_after: float | None = None, field: str | None = None
    ) -> None:
        self.message = message if message is not None else self.text
        self.retry_after = retry_after
        self.field = field
        super().__init__(self.message)


class NotFound(RoomsError):
    """The thing named does not exist for this caller."""


class RoomNotFound(NotFound):
    """Unknown, long ended, or private and not shown to this caller: the three cannot be told apart."""

    code = "room_not_found"
    text = "There is no such room. Check the code with whoever gave it to you."


class RequestNotFound(NotFound):
    """No join request with this id, or its asker withdrew it."""

    code = "request_not_found"
    text = "There is no such join request; it may have been withdrawn. Ask for the list again."


class InvitationNotFound(NotFound):
    """No invitation with this id in the room."""

    code = "invitation_not_found"
    text = "There is no such invitation; it may have been cleared away. Ask for the list again."


class SpectatorNotFound(NotFound):
    """Nobody of this id is, or lately was, in the room or at its door."""

    code = "spectator_not_found"
    text = "There is nobody of that id in this room. Ask for the list of spectators again."


class TenantNotFound(NotFound):
    """No tenant with this id."""

    code = "tenant_not_found"
    text = "There is no such tenant. The list of tenants tells which there are."


class KeyNotFound(NotFound):
    """No API or operator key with this id, or it was revoked."""

    code = "key_not_found"
    text = "There is no key with this id; it may have been revoked. The list of keys tells which there are."


class Gone(RoomsError):
    """The room has ended."""


class RoomClosed(Gone):
    """The owner closed the room."""

    code = "room_closed"
    text = "The owner has closed this room. Ask for the code of a new one."


class RoomExpired(Gone):
    """The room's time is over."""

    code = "room_expired"
    text = "This room's time is over. Ask the owner for a new one."


class Unproven(RoomsError):
    """The caller has not shown what this needs; with the right proof the same call succeeds."""


class PasswordRequired(Unproven):
    """The room asks for a password and none was given."""

    code = "password_required"
    text = "This room asks for a password. Send it with the request to join."


class Unauthorized(Unproven):
    """The credential is missing, malformed, expired, revoked, or of the wrong kind."""

    code = "unauthorized"
    text = "The credential is missing or not valid. Send a valid one, or join the room again."


class WrongPassword(Unproven):
    """The password is not the room's."""

    code = "wrong_password"
    text = "That is not the password of this room. Check it and try again."


class InvitationRequired(Unproven):
    """The room lets in only who is invited or listed."""

    code = "invitation_required"
    text = "This room is by invitation only. Ask the owner for an invitation."


class InvitationSpent(Unproven):
    """The invitation is expired, used up, withdrawn, or not of this room."""

    code = "invitation_spent"
    text = "This invitation is no longer valid. Ask the owner for a new one."


class Refused(RoomsError):
    """Known, and not permitted."""


class Blocked(Refused):
    """The owner has blocked this person."""

    code = "blocked"
    text = "The owner has blocked you from this room."


class ApprovalDenied(Refused):
    """The owner denied the request, or ended the visit, less than a minute ago."""

    code = "approval_denied"
    retry = True
    text = "The owner has not let you in. You may ask again in a minute."


class NotAllowed(Refused):
    """The credential is valid, and its role or scope does not permit this."""

    code = "not_allowed"
    text = "This credential does not permit that. Use one with the role or scope it needs."


class OriginNotAllowed(Refused):
    """A page of another origin asked."""

    code = "origin_not_allowed"
    text = "Pages of this origin may not connect. Add the address to SPECTATOR_PUBLIC_URL or SPECTATOR_HOSTS."


class HostNotAllowed(Refused):
    """The Host header names an address this server does not go by."""

    code = "host_not_allowed"
    text = "This server does not answer under that name. Add it to SPECTATOR_HOSTS."


class Conflict(RoomsError):
    """The state of the room does not admit it now."""


class RoomFull(Conflict):
    """Every seat is taken."""

    code = "room_full"
    retry = True
    text = "Every seat in this room is taken. Try again when somebody has left."


class CodeTaken(Conflict):
    """Another room has, or lately had, this code."""

    code = "code_taken"
    text = "That code is taken, or was until less than 24 hours ago. Choose another one."


class TenantTaken(Conflict):
    """Another tenant has this id, or had it and is still being deleted."""

    code = "tenant_taken"
    text = "There is a tenant with this id. Choose another one."


class RequestSettled(Conflict):
    """The request was answered otherwise before, or nobody answered it in time."""

    code = "request_settled"
    text = "This join request was already settled. Ask for the list again."


class ClaimLost(Conflict):
    """The publisher was silent for so long that another one of the same name has taken the room over."""

    code = "claim_lost"
    text = "Another publisher has taken this room over. Open the room again: this one gets one of its own."


class SequenceGap(Conflict):
    """A publisher's batch does not follow the last one stored; ``last`` is the number of that one."""

    code = "sequence_gap"

    def __init__(self, last: int) -> None:
        self.last = last
        super().__init__(f"The last batch stored is number {last}. Send number {last + 1} next.")


class Exhausted(RoomsError):
    """A budget is used up; ``retry_after`` says for how long."""

    retry = True


class TooManyAttempts(Exhausted):
    """Too many wrong codes, passwords or invitations from here."""

    code = "too_many_attempts"
    text = "Too many wrong codes or passwords. Wait a little, then try again."


class QuotaExceeded(Exhausted):
    """A quota (waiting requests, rooms, series) is full.

    ``quota`` and ``limit`` name the tenant's quota that it is, where it is one of a tenant.
    """

    code = "quota_exceeded"
    text = "A quota is used up. Try again later."

    def __init__(
        self,
        message: str | None = None,
        *,
        quota: str | None = None,
        limit: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.quota = quota
        self.limit = limit
        super().__init__(message, retry_after=retry_after)


class Malformed(RoomsError):
    """The request itself is wrong; repeating it changes nothing."""


class InvalidRequest(Malformed):
    """A field is missing, of the wrong type, out of bounds, or contradicts another; ``field`` names it."""

    code = "invalid_request"
    text = "The request is not valid."


class PayloadTooLarge(Malformed):
    """More bytes, lines or depth than is taken at once."""

    code = "payload_too_large"
    text = "That is more than is taken at once. Send it in smaller parts."


class UnsupportedMediaType(Malformed):
    """A body of a type this call does not read."""

    code = "unsupported_media_type"
    text = "This call does not read bodies of that type."


class Unavailable(RoomsError):
    """Nothing is wrong with the request; the same one may succeed soon."""

    retry = True


class Busy(Unavailable):
    """More work is waiting than this node takes on."""

    code = "busy"
    text = "The server is busy. Try again in a moment."


class StoreUnavailable(Unavailable):
    """The store did not answer in time, or refused the command; nothing is known to have been written."""

    code = "store_unavailable"
    text = "The store cannot be reached. Nothing was changed for certain; try again in a moment."


class StoreFull(StoreUnavailable):
    """The store answers and refuses to write: its ``maxmemory`` is reached, or its disk is full."""

    code = "store_full"
    text = (
        "The store has no memory or no disk left, so nothing was written. It goes on when whoever runs it "
        "gives it more; send this again later."
    )


class InternalError(Unavailable):
    """A defect of ours."""

    code = "internal_error"
    retry = False
    text = "Something went wrong on the server. It has been logged."


class Misconfigured(RoomsError):
    """This node must not start as it is configured."""


class StoreUnsuitable(Misconfigured):
    """The store is too old, may evict keys, or its URL cannot be understood."""

    code = "store_unsuitable"
    text = "This store cannot be used."


class SecretsUnknown(Misconfigured):
    """This node shares no signing secret with the nodes that used the store before."""

    code = "secrets_unknown"
    text = (
        "None of this node's signing secrets is known to the store. Give it the same SPECTATOR_SECRET_KEYS "
        "(or the same data folder) as the other nodes."
    )
