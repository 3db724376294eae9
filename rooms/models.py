"""What the package speaks of, as plain values: rooms, callers, members, requests, and what a join answers.

Times are milliseconds since 1970 by the store's clock. What is secret is left out of every ``repr``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Role = Literal["owner", "moderator", "spectator", "publisher", "reader"]
"""What a caller is to a room. ``publisher`` and ``reader`` are API keys that only publish or only read."""

CallerKind = Literal[
    "anonymous", "api_key", "room_key", "grant", "lobby", "visitor", "identity", "claim", "operator"
]

RequestStatus = Literal["pending_approval", "approved", "denied", "expired"]

Grounds = Literal["code", "password", "approval", "list", "invitation"]
"""What somebody became a member by: what ends the ground (taken off the list) can end the membership."""

InvitationStatus = Literal["open", "spent", "expired", "withdrawn"]

OWNER_PERSON = "owner"
"""The person under which whoever holds the room's key or the tenant's is counted. Owners take no seat."""


class AccessLevel(StrEnum):
    """Who may come in. The values are those of ``spectator.protocol`` (a contract test keeps them equal)."""

    PUBLIC = "public"
    PASSWORD = "password"
    INVITE_ONLY = "invite_only"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, as far as the credential proves it. Fields that a kind does not carry are empty.

    A caller is not yet permitted anything: ``RoomManager.role`` says what it is to a room, and looks
    whether the grant's member row or the room key's generation still stands. ``expired`` is only ever true
    for a grant: it still proves who the person is, and no more.
    """

    kind: CallerKind
    tenant: str | None = None
    scopes: frozenset[str] = frozenset()
    room_id: str | None = None
    person: str | None = None
    grant_id: str | None = None
    request_id: str | None = None
    generation: int | None = None
    key_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    expires_at_ms: int | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A room as its owner set it up and as it stands now. It holds no password and no hash of one."""

    id: str
    code: str
    name: str
    tenant: str
    owner_id: str | None
    key_id: str | None
    training_session_id: str | None
    mode: str
    access_level: AccessLevel
    has_password: bool
    require_approval: bool
    approval_timeout: int
    max_spectators: int
    status: Literal["active", "paused", "ended"]
    end_reason: Literal["closed", "expired"] | None
    created_at_ms: int
    expires_at_ms: int
    absolute_at_ms: int | None
    idle_ms: int | None
    ended_at_ms: int | None
    publisher_until_ms: int
    turned_away: int
    generation: int
    listed: bool
    presence: Literal["names", "count", "nothing"] = "count"
    webhook: str | None = field(default=None, repr=False)
    allowed_users: frozenset[str] = frozenset()
    blocked_users: frozenset[str] = frozenset()
    enable_metrics_overlay: bool = True
    enable_performance_graphs: bool = True
    enable_decision_visualization: bool = True
    graphs: tuple[Mapping[str, Any], ...] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    seats: int = 0

    def is_active(self, now_ms: int) -> bool:
        """Whether people may still come in and publishers append: not ended, and its time is not over."""
        return self.status != "ended" and now_ms < self.expires_at_ms


@dataclass(frozen=True, slots=True)
class Member:
    """One row of the member list: the row is the permission, a grant token only names it.

    ``by``: what the person came in by. ``source``: the address it came from, as a hash (see
    ``rooms.manager.budgets.source_mark``); None for rows that were written before there was one.
    """

    person: str
    role: Literal["moderator", "spectator"]
    grant_id: str
    name: str
    joined_at_ms: int
    user_id: str | None = None
    by: Grounds = "code"
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A member as the list of spectators shows it.

    ``seated``: a seat is held now. ``here``: some node holds a connection of this person. ``lag_ms``: how far
    behind the best of them was when it was renewed last, within 10 s; None for who is not here.
    """

    id: str
    name: str
    role: Literal["moderator", "spectator"]
    joined_at_ms: int
    seated: bool
    here: bool = False
    lag_ms: int | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """Who is in a room by a live connection, on all nodes together: each person once.

    ``first`` are those who have been here longest, not all when they are many; ``owner`` may be among them.
    """

    count: int = 0
    first: tuple[str, ...] = ()


PartedBy = Literal["kicked", "blocked", "unlisted", "unblocked"]
"""Why the owner ended a membership, or that it was taken back.

Who left, or was rotated out with all others, is not written down.
"""


@dataclass(frozen=True, slots=True)
class Parted:
    """Somebody whose membership the owner ended lately: what their connections are told, and who they were.

    ``mark`` tells a repeat of the same write from a second one.
    """

    person: str
    name: str
    cause: PartedBy
    at_ms: int
    user_id: str | None = None
    source: str | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class BlockedPerson:
    """Somebody on the list of the blocked.

    Who was put there by a change of the room is known by the user id alone: it is the ``name``, and
    ``blocked_at_ms`` is None.
    """

    id: str
    name: str
    user_id: str | None = None
    blocked_at_ms: int | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Affected:
    """Whom a power was used on, and what they are now."""

    id: str
    name: str
    status: Literal["kicked", "blocked", "unblocked", "moderator", "spectator"]


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Somebody waits to be let in, or waited: ``status`` is ``expired`` when nobody answered in time."""

    id: str
    room_id: str
    person: str
    name: str
    user_id: str | None
    requested_at_ms: int
    expires_at_ms: int
    status: RequestStatus
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who holds its token may come in, so many times, until it expires or is withdrawn.

    ``user_id``: only this user of the tenant may; None: whoever holds it. ``note`` is the owner's own.
    ``used`` counts memberships it made; a member who comes back spends nothing.
    """

    id: str
    room_id: str
    uses: int
    used: int
    created_at_ms: int
    expires_at_ms: int
    user_id: str | None = None
    note: str | None = None
    withdrawn: bool = False

    def status(self, now_ms: int) -> InvitationStatus:
        """What it is worth now: only ``open`` lets anybody in."""
        if self.withdrawn:
            return "withdrawn"
        if self.used >= self.uses:
            return "spent"
        return "expired" if self.expires_at_ms <= now_ms else "open"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A join that succeeded. ``token`` is a grant, for owners a room key; ``visitor`` only if newly made."""

    room: Room
    person: str
    role: Role
    name: str
    token: str = field(repr=False)
    expires_at_ms: int
    visitor: str | None = field(default=None, repr=False)
    status: Literal["approved"] = "approved"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A join that waits for the owner. ``token`` is a lobby token; ``visitor`` only if newly made.

    ``again``: the request waited already when it was asked.
    """

    room: Room
    request: JoinRequest
    token: str = field(repr=False)
    visitor: str | None = field(default=None, repr=False)
    status: Literal["pending_approval"] = "pending_approval"
    again: bool = False

    @property
    def request_id(self) -> str:
        """The request's id, under which the asker reads and withdraws it."""
        return self.request.id


@dataclass(frozen=True, slots=True)
class Created:
    """A room that was made, or found again (``reused``). ``password`` is set only if one was generated."""

    room: Room
    owner_token: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Glance:
    """A room and who is in it at one moment: what a node re-reads at each access bell and every 5 s."""

    room: Room
    members: Mapping[str, Member]
    seats: int
    waiting: tuple[JoinRequest, ...]
    turned_away: int
    now_ms: int
    parted: Mapping[str, Parted] = field(default_factory=dict)
