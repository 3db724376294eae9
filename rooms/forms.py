"""What a stranger may send: strict models whose errors name the field and never repeat the value.

``NewRoom.read(body)``, ``RoomPatch.read(body)`` and ``JoinAsk.read(body)`` raise ``InvalidRequest``; the
models are frozen, and texts come out normalised (NFC, trimmed).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError, from_json, to_json

from rooms import codes
from rooms.errors import InvalidRequest
from rooms.models import AccessLevel

NAME_LENGTH = 64
"""Characters of a room's or a person's name, after normalisation."""

PASSWORD_BYTES = 1024
"""UTF-8 bytes of a password, after normalisation: more is refused before anything is hashed."""

METADATA_BYTES = 4 * 1024
CONFIG_BYTES = 64 * 1024
JSON_DEPTH = 8
USERS = 1000
"""Entries of a list of allowed or blocked users."""

HOURS = 24 * 366
"""The longest a room may be asked to live, in hours."""

_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
"""Control, format (among them the bidirectional marks), private, surrogate and line-separating characters."""

_JOINERS = {"\u200c", "\u200d"}
"""Zero-width (non-)joiners: format characters that Persian, Hindi and emoji are spelt with."""


def _refuse(kind: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(kind, message)


def _clean(text: str) -> str:
    """One line of text that shows what it is: NFC, trimmed, nothing invisible in it."""
    text = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(char) in _UNSEEN and char not in _JOINERS for char in text):
        raise _refuse("unseen_characters", "must not hold control or direction-changing characters")
    if len(text) > NAME_LENGTH:
        raise _refuse("too_long", f"must have at most {NAME_LENGTH} characters")
    return text


def _some(text: str) -> str:
    if not text:
        raise _refuse("empty", "must not be empty")
    return text


def _password(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(char) == "Cs" for char in text):
        raise _refuse("not_unicode", "must be valid Unicode")
    if len(text.encode()) > PASSWORD_BYTES:
        raise _refuse("too_long", f"must have at most {PASSWORD_BYTES} bytes")
    return text


def _code(text: str) -> str:
    code = codes.normalise(text)
    if not codes.is_code(code):
        raise _refuse("code", f"must have {codes.SHORTEST} to {codes.LONGEST} characters of {codes.ALPHABET}")
    return code


def _depth(value: JsonValue) -> int:
    """How deep lists and objects are nested; walks level by level, so depth costs no stack."""
    level, depth = [value], 0
    while level:
        inner: list[JsonValue] = []
        for one in level:
            if isinstance(one, dict):
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        depth += any(isinstance(one, (dict, list)) for one in level)
        level = inner
    return depth


def _bounded(limit: int, depth: int) -> AfterValidator:
    """JSON of so many bytes and levels; a number that is not finite becomes null."""

    def check(value: Any) -> Any:
        if _depth(value) > depth:
            raise _refuse("too_deep", f"must be nested at most {depth} deep")
        try:
            text = to_json(value, inf_nan_mode="null")
        except (ValueError, TypeError):
            raise _refuse("not_json", "must hold nothing but JSON in valid Unicode") from None
        if len(text) > limit:
            raise _refuse("too_large", f"must have at most {limit} bytes as JSON")
        return from_json(text)

    return AfterValidator(check)


def _level(value: Any) -> Any:
    """A level by its value, as JSON has it; strict models would take only the enum itself."""
    if isinstance(value, str) and value in set(AccessLevel):
        return AccessLevel(value)
    raise _refuse("level", f"must be one of {', '.join(AccessLevel)}")


Name = Annotated[str, AfterValidator(_clean), AfterValidator(_some)]
Label = Annotated[str, AfterValidator(_clean)]
Password = Annotated[str, AfterValidator(_password)]
Code = Annotated[str, StringConstraints(max_length=64), AfterValidator(_code)]
Users = Annotated[list[Name], Field(max_length=USERS)]
Level = Annotated[AccessLevel, BeforeValidator(_level)]
Mode = Literal["live_training", "replay", "comparison"]
Hours = Annotated[float, Field(gt=0, le=HOURS, allow_inf_nan=False)]
IdleHours = Annotated[float, Field(ge=1 / 60, le=HOURS, allow_inf_nan=False)]
Seats = Annotated[int, Field(ge=1, le=10_000)]
ApprovalSeconds = Annotated[int, Field(ge=10, le=24 * 3600)]
Config = Annotated[dict[str, JsonValue], _bounded(CONFIG_BYTES, 32)]
Metadata = Annotated[dict[str, JsonValue], _bounded(METADATA_BYTES, JSON_DEPTH)]
Graphs = Annotated[list[dict[str, JsonValue]], Field(max_length=50), _bounded(CONFIG_BYTES, JSON_DEPTH)]


def _shown(field: str) -> str:
    """The path of a field as an error may show it: strangers choose the names of unknown fields."""
    return "".join(char for char in field[:NAME_LENGTH] if char.isprintable())


class Form(BaseModel):
    """What the forms have in common: strict types, no unknown fields, no inputs in errors."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Check a decoded JSON object. Raises ``InvalidRequest`` with the first wrong field."""
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            field = _shown(".".join(str(part) for part in first["loc"])) or None
            raise InvalidRequest(f"{field or 'The request'}: {first['msg']}.", field=field) from None


class NewRoom(Form):
    """The body of ``POST /rooms``. Fields that were left out keep their defaults.

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
    listed: bool = False
    enable_metrics_overlay: bool = True
    enable_performance_graphs: bool = True
    enable_decision_visualization: bool = True
    graphs: Graphs | None = None
    config: Config = Field(default_factory=dict)
    metadata: Metadata = Field(default_factory=dict)
    owner_id: Name | None = None
    reuse: bool = False


class RoomPatch(Form):
    """The body of ``PATCH /rooms/{room}``: fields that are present are changed, all others stay.

    ``password`` null takes the password away (with a level that needs none); ``password_protected`` true
    keeps the password there is, or has one generated. Hours count from now.
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

    user_id: Name
    name: Label | None = None
    hours: Annotated[float, Field(gt=0, le=24 * 31, allow_inf_nan=False)] = 24.0
