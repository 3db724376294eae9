"""What an owner asked for, worked out: a room's document and plain fields, or which field contradicts.

Pure: no store, no hashing. Passwords appear here only as a plan of what is to be hashed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rooms.errors import InvalidRequest
from rooms.fields import HOURS
from rooms.forms import NewRoom, RoomPatch
from rooms.models import AccessLevel, Room

HOUR_MS = 3_600_000
DEFAULT_HOURS = 24.0
LATEST_MS = HOURS * HOUR_MS

_AS_GIVEN = (
    "name", "training_session_id", "mode", "require_approval", "approval_timeout", "listed",
    "enable_metrics_overlay", "enable_performance_graphs", "enable_decision_visualization", "graphs",
    "config", "metadata", "presence", "webhook",
)  # fmt: skip
"""Fields of a form that go into the document as they are."""

_MAY_BE_NULL = {"training_session_id", "graphs", "webhook"}


@dataclass(frozen=True, slots=True)
class PasswordPlan:
    """What becomes of a room's password: none, the one there is, the one given, or a new one made up."""

    what: Literal["none", "keep", "given", "generate"]
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a room ends: at a fixed time, after so much silence, or whichever comes first."""

    absolute_at_ms: int | None
    idle_ms: int | None

    def expires_at_ms(self, now_ms: int) -> int:
        """The end, if the last event is now."""
        ends = [] if self.absolute_at_ms is None else [self.absolute_at_ms]
        ends += [] if self.idle_ms is None else [now_ms + self.idle_ms]
        return min(ends)

    def fields(self, now_ms: int) -> dict[str, int | None]:
        """The lifetime as fields of the room."""
        return {
            "absolute_at": self.absolute_at_ms,
            "idle_ms": self.idle_ms,
            "expires_at": self.expires_at_ms(now_ms),
        }


def lifetime(new: NewRoom, now_ms: int) -> Lifetime:
    """The lifetime of a new room: 24 hours if nothing is said."""
    hours = new.session_duration_hours
    if hours is None and new.idle_hours is None:
        hours = DEFAULT_HOURS
    return Lifetime(
        None if hours is None else now_ms + int(hours * HOUR_MS),
        None if new.idle_hours is None else int(new.idle_hours * HOUR_MS),
    )


def changed_lifetime(room: Room, patch: RoomPatch, now_ms: int) -> Lifetime | None:
    """The lifetime after a change, hours counted from now; None when it is not changed."""
    given = patch.model_fields_set
    if not given & {"session_duration_hours", "idle_hours"}:
        return None
    absolute, idle = room.absolute_at_ms, room.idle_ms
    if "session_duration_hours" in given:
        hours = patch.session_duration_hours
        absolute = None if hours is None else now_ms + int(hours * HOUR_MS)
    if "idle_hours" in given:
        idle = None if patch.idle_hours is None else int(patch.idle_hours * HOUR_MS)
    if absolute is None and idle is None:
        raise InvalidRequest(
            "session_duration_hours: a room needs session_duration_hours or idle_hours.",
            field="session_duration_hours",
        )
    return Lifetime(absolute, idle)


def password_plan(
    form: NewRoom | RoomPatch, level: AccessLevel = AccessLevel.PUBLIC, *, has_password: bool = False
) -> tuple[AccessLevel, PasswordPlan]:
    """The level and what becomes of the password, from what is there and what is asked for.

    Raises ``InvalidRequest`` where level, ``password`` and ``password_protected`` contradict each other.
    """
    named = "password" if form.password is not None else "password_protected"
    if form.password == "":
        raise InvalidRequest("password: must not be empty.", field="password")
    removed = isinstance(form, RoomPatch) and form.password is None and "password" in form.model_fields_set
    wanted = form.password is not None or form.password_protected is True
    unwanted = removed or form.password_protected is False
    if wanted and unwanted:
        raise InvalidRequest(
            "password_protected: contradicts password. Leave one of them out.", field="password_protected"
        )
    if wanted and form.access_level not in {None, AccessLevel.PASSWORD}:
        raise InvalidRequest(
            f"{named}: only access_level 'password' has one. Leave out {named} or access_level.", field=named
        )
    if wanted:
        kept = PasswordPlan("keep" if has_password else "generate")
        return AccessLevel.PASSWORD, kept if form.password is None else PasswordPlan("given", form.password)
    chosen = form.access_level or level
    if chosen is not AccessLevel.PASSWORD:
        return chosen, PasswordPlan("none")
    if unwanted:
        raise InvalidRequest(
            "access_level: say which one the room has without a password.", field="access_level"
        )
    return chosen, PasswordPlan("keep" if has_password else "generate")


def document(
    new: NewRoom, *, name: str, tenant: str, key_id: str | None, name_key: str | None
) -> dict[str, Any]:
    """The document of a new room, without its level and hash. Raises ``InvalidRequest``."""
    _check_users(new.allowed_users, new.blocked_users)
    return {
        **{field_name: getattr(new, field_name) for field_name in _AS_GIVEN},
        "name": name,
        "tenant": tenant,
        "key_id": key_id,
        "name_key": name_key,
        "owner_id": new.owner_id,
        "allowed_users": sorted(set(new.allowed_users)),
        "blocked_users": sorted(set(new.blocked_users)),
    }


def changed_document(before: Mapping[str, Any], patch: RoomPatch) -> dict[str, Any]:
    """The document after a change, without its level and hash. Raises ``InvalidRequest``.

    Who is on both lists already (listed, and blocked since) may stay so: blocked wins while it lasts.
    """
    after = dict(before)
    for name in sorted(patch.model_fields_set):
        value = getattr(patch, name)
        if name in _AS_GIVEN:
            if value is None and name not in _MAY_BE_NULL:
                raise InvalidRequest(f"{name}: must not be null. Leave it out to keep it.", field=name)
            after[name] = value
        elif name in {"allowed_users", "blocked_users"}:
            after[name] = sorted(set(value or ()))
    on_both_already = set(before["allowed_users"]) & set(before["blocked_users"])
    _check_users(set(after["allowed_users"]) - on_both_already, after["blocked_users"])
    return after


def as_patch(new: NewRoom) -> RoomPatch:
    """What a request to find a room again changes in it: the fields that were given; null says nothing."""
    names = (new.model_fields_set & RoomPatch.model_fields.keys()) - {"name"}
    given = {name: getattr(new, name) for name in names if getattr(new, name) is not None}
    return RoomPatch.model_construct(_fields_set=set(given), **given)


def _check_users(allowed: Iterable[str], blocked: Iterable[str]) -> None:
    both = sorted(set(allowed) & set(blocked))
    if both:
        raise InvalidRequest("blocked_users: somebody is on both lists.", field="blocked_users")
