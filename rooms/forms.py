"""What a stranger may send: strict models whose errors name the field and never repeat the value.

``NewRoom.read(body)``, ``RoomPatch.read(body)`` and so on raise ``InvalidRequest``; the models are frozen,
and texts come out normalised (NFC, trimmed). What a field may hold is in ``rooms.fields``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rooms.errors import InvalidRequest
from rooms.fields import (
    HOURS,
    NAME_LENGTH,
    ApprovalSeconds,
    Code,
    Config,
    Graphs,
    Hours,
    IdleHours,
    Label,
    Level,
    Metadata,
    Mode,
    Name,
    Password,
    Presence,
    Quota,
    Scope,
    Seats,
    TenantId,
    UserId,
    Users,
    Webhook,
)

MOST_FIELDS = 64
"""Fields of a body. Each one that is unknown costs an error, and 20,000 of them a tenth of a second."""


_A_NAME = re.compile(r"[A-Za-z_]{1,32}|[0-9]{1,6}")


def shown_field(location: Iterable[int | str]) -> str:
    """The path of a field as an error may show it.

    Strangers choose the names of unknown fields; what is no name of one, a credential in the wrong place
    perhaps, is a ``?``.
    """
    parts = (str(part) for part in location)
    return ".".join(part if _A_NAME.fullmatch(part) else "?" for part in parts)[:NAME_LENGTH]


def check_count(body: Mapping[str, Any]) -> None:
    """Refuse more fields than any form has, before each is told apart. Raises ``InvalidRequest``."""
    if len(body) > MOST_FIELDS:
        raise InvalidRequest(f"The request has {len(body)} fields; no form has more than {MOST_FIELDS}.")


class Form(BaseModel):
    """What the forms have in common: strict types, no unknown fields, no inputs in errors."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Check a decoded JSON object. Raises ``InvalidRequest`` with the first wrong field."""
        check_count(body)
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            field = shown_field(first["loc"]) or None
            raise InvalidRequest(f"{field or 'The request'}: {first['msg']}.", field=field) from None


class NewRoom(Form):
    """The body of ``POST /rooms``. Fields that were left out keep their defaults.

    ``presence`` is what spectators are told about who is here; ``webhook`` is an address told of requests.

    ``password`` with no level means level password; ``password_protected`` without one has it generated.
    """

    name: Name | None = None
    training_session_id: Label | None = None
    mode: Mode = "live_training"
    access_level: Level | None = None
    password: Password | None = Field(default=None, repr=False)
    password_protected: bool | None = None
    custom_code: Code | None = None
    max_spectators: Seats = 10
    session_duration_hours: Hours | None = None
    idle_hours: IdleHours | None = None
    require_approval: bool = False
    approval_timeout: ApprovalSeconds = 600
    allowed_users: Users = Field(default_factory=list)
    blocked_users: Users = Field(default_factory=list)
    presence: Presence = "count"
    webhook: Webhook | None = Field(default=None, repr=False)
    listed: bool = False
    enable_metrics_overlay: bool = True
    enable_performance_graphs: bool = True
    enable_decision_visualization: bool = True
    graphs: Graphs | None = None
    config: Config = Field(default_factory=dict)
    metadata: Metadata = Field(default_factory=dict)
    owner_id: UserId | None = None
    reuse: bool = False


class RoomPatch(Form):
    """The body of ``PATCH /rooms/{room}``: fields that are present are changed, all others stay.

    ``password`` null takes the password away (with a level that needs none); ``password_protected`` true
    keeps the password there is, or has one generated. Hours count from now. ``webhook`` null takes it away.
    """

    name: Name | None = None
    training_session_id: Label | None = None
    mode: Mode | None = None
    access_level: Level | None = None
    password: Password | None = Field(default=None, repr=False)
    password_protected: bool | None = None
    custom_code: Code | None = None
    max_spectators: Seats | None = None
    session_duration_hours: Hours | None = None
    idle_hours: IdleHours | None = None
    require_approval: bool | None = None
    approval_timeout: ApprovalSeconds | None = None
    allowed_users: Users | None = None
    blocked_users: Users | None = None
    presence: Presence | None = None
    webhook: Webhook | None = Field(default=None, repr=False)
    listed: bool | None = None
    enable_metrics_overlay: bool | None = None
    enable_performance_graphs: bool | None = None
    enable_decision_visualization: bool | None = None
    graphs: Graphs | None = None
    config: Config | None = None
    metadata: Metadata | None = None


class JoinAsk(Form):
    """The body of ``POST /rooms/{room}/join``. Empty texts count as left out."""

    display_name: Label | None = None
    password: Password | None = Field(default=None, repr=False)
    invitation: Annotated[str, Field(max_length=2048)] | None = Field(default=None, repr=False)


class NewIdentity(Form):
    """The body of ``POST /identities``: who somebody is, as the tenant vouches for it."""

    user_id: UserId
    name: Label | None = None
    hours: Annotated[float, Field(gt=0, le=24 * 31, allow_inf_nan=False)] = 24.0


class Rotation(Form):
    """The body of ``POST /rooms/{room}/rotate``: what is replaced by a new one; the old is worth nothing."""

    what: Literal["code", "password", "key"]


class Transfer(Form):
    """The body of ``POST /rooms/{room}/transfer``: the user of the tenant who is the owner from now on."""

    user_id: UserId


class NewInvitation(Form):
    """The body of ``POST /rooms/{room}/invitations``.

    ``user_id``: only this user of the tenant can use it; None: whoever holds it. ``note`` is the owner's own.
    """

    uses: Annotated[int, Field(ge=1, le=1000)] = 1
    hours: Annotated[float, Field(gt=0, le=HOURS, allow_inf_nan=False)] = 24.0
    user_id: UserId | None = None
    note: Label | None = None


class Quotas(Form):
    """Bounds of a tenant; None is unlimited, what is not in ``model_fields_set`` was not spoken of."""

    rooms: Quota | None = None
    seats: Quota | None = None
    events_per_second: Quota | None = None
    bytes_per_second: Quota | None = None
    stored_bytes: Quota | None = None
    frames_per_second: Quota | None = None
    requests_per_minute: Quota | None = None


class NewTenant(Form):
    """The body of ``POST /tenants``. Quotas that are left out have the defaults of a new tenant."""

    id: TenantId
    name: Label | None = None
    quotas: Quotas = Field(default_factory=Quotas)


class TenantPatch(Form):
    """The body of ``PATCH /tenants/{tenant}``: what is given is changed, quota by quota; the rest stays."""

    name: Label | None = None
    status: Literal["active", "suspended"] | None = None
    quotas: Quotas | None = None


class NewKey(Form):
    """The body of ``POST /keys``: a key of a tenant, or with ``operator`` one of the operator.

    Scopes that are left out are all of them. Which fields contradict each other is told when it is made.
    """

    tenant: TenantId | None = None
    operator: bool = False
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)] | None = None
    name: Label | None = None
    expires_hours: Annotated[float, Field(gt=0, le=10 * HOURS, allow_inf_nan=False)] | None = None
