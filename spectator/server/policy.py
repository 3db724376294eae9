"""Who may call what: one record a kind of call, checked in one place, told in the OpenAPI document.

A route names its policy; no handler decides for itself who may call it. A policy lists every kind of
credential it takes: what is not on its list is refused, also by those calls that anyone may make.

The order of the questions keeps what exists from whom it does not concern: whether the *kind* of credential
is taken is answered before the room is looked for, so that answer is the same for every room and for none.
A caller of a kind that is taken, but from elsewhere (another tenant, another room), learns as much as about
a room that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

from rooms import Caller, CallerKind, NotAllowed, Role, Room, RoomNotFound, Unauthorized

NOBODY: Final = frozenset({"anonymous", "visitor"})
"""Kinds that are nobody in particular: they are asked for a credential, others are told theirs is not it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A kind of call.

    Args:
        told: how the OpenAPI document names who may call.
        kinds: the kinds of credential it takes; ``anonymous`` is a call without one.
        roles: roles in the room of the address, one of which the caller must have; empty: the kind is enough
            (of a token made for one room: for this very room).
        scopes: scopes of an API key, one of which it must carry; for a room, as a key of the room's tenant.
    """

    told: str
    kinds: frozenset[CallerKind]
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        """Whether a stranger may call."""
        return "anonymous" in self.kinds

    def takes(self, caller: Caller) -> bool:
        """Whether this credential is of a kind, and an API key of a scope, that the call takes at all."""
        if caller.kind not in self.kinds:
            return False
        return caller.kind != "api_key" or not self.scopes or bool(self.scopes & caller.scopes)


def _policy(told: str, kinds: str, *, roles: str = "", scopes: str = "") -> Policy:
    """A policy whose lists are written as words; one that is no kind or role is found at once."""
    listed = {word: word for word in get_args(CallerKind)}
    known = {word: word for word in get_args(Role)}
    return Policy(
        told,
        frozenset(listed[word] for word in kinds.split()),
        frozenset(known[word] for word in roles.split()),
        frozenset(scopes.split()),
    )


_ALL: Final = "anonymous visitor identity grant lobby room_key api_key operator"

ANYONE: Final = _policy("anyone", _ALL)
CLAIMANT: Final = _policy("whoever holds a claim", _ALL)
JOINER: Final = _policy(
    "anyone; with an API key only one with scope manage",
    "anonymous visitor identity grant lobby room_key api_key",
    scopes="manage",
)
CREATOR: Final = _policy("an API key with scope publish or manage", "api_key", scopes="publish manage")
READER: Final = _policy("an API key with scope read or manage", "api_key", scopes="read manage")
MANAGER: Final = _policy("an API key with scope manage", "api_key", scopes="manage")
OPERATOR: Final = _policy("an operator key", "operator")
METRICS_READER: Final = _policy(
    "an operator key; from this machine's loopback, and with SPECTATOR_METRICS=open, anyone", "operator"
)
TENANT_READER: Final = _policy(
    "an API key with scope read or manage (its own tenant), or an operator key",
    "api_key operator",
    scopes="read manage",
)
TENANT_MANAGER: Final = _policy(
    "an API key with scope manage (its own tenant), or an operator key", "api_key operator", scopes="manage"
)
OWNER: Final = _policy("owner", "room_key api_key identity", roles="owner", scopes="manage")
STAFF: Final = _policy(
    "owner or moderator", "room_key api_key identity grant", roles="owner moderator", scopes="manage"
)
WATCHER: Final = _policy(
    "a grant or more",
    "grant room_key api_key identity",
    roles="owner moderator spectator reader",
    scopes="read manage",
)
PUBLISHER: Final = _policy(
    "an API key with scope publish, or the room key",
    "api_key room_key",
    roles="owner publisher",
    scopes="publish manage",
)
STREAMER: Final = _policy(
    "a grant, the room key, or an API key with scope read or manage",
    "grant room_key api_key",
    roles="owner moderator spectator reader",
    scopes="read manage",
)
SOCKET: Final = _policy(
    "a grant, the room key, an API key with scope read or manage, or the lobby token of a request "
    "(without subprotocol also nobody, who joins a public room that asks for nothing as a visitor)",
    "grant lobby room_key api_key",
    roles="owner moderator spectator reader",
    scopes="read manage",
)
MEMBER: Final = _policy("the spectator's grant", "grant", roles="moderator spectator")
ASKER: Final = _policy("the lobby token of the request", "lobby")


def check_credential(policy: Policy, caller: Caller) -> None:
    """Return when the call takes this kind of credential; asked before anything is looked up.

    Raises:
        Unauthorized: nobody in particular calls.
        NotAllowed: somebody calls with another kind of credential, or an API key without the scope.
    """
    if policy.takes(caller):
        return
    if caller.kind in NOBODY:
        raise Unauthorized(f"This call takes {policy.told}. Send it as Authorization: Bearer ….")
    raise NotAllowed(f"This call takes {policy.told}.")


def check_standing(policy: Policy, caller: Caller, room: Room, role: Role | None) -> None:
    """Return when ``caller``, whose credential the call takes, may make it about this room.

    Args:
        policy: the route's; ``check_credential`` has returned for it.
        caller: who calls.
        room: the room in the address.
        role: what the caller is in that room now.

    Raises:
        RoomNotFound: the credential is of another tenant or room: to it, this room does not exist.
        Unauthorized: the credential was made for this room and is worth nothing any more.
        NotAllowed: it belongs here and has not the role.
    """
    if policy.open or role in policy.roles:
        return
    own_tenant, own_room = _home(caller, room)
    # A key that publishes and reads is named by one of the two roles, and may do both.
    if (caller.kind == "api_key" and own_tenant) or (not policy.roles and own_room):
        return
    if not (own_tenant or own_room):
        raise RoomNotFound
    if role is None and own_room:
        raise Unauthorized  # expired, left, put out, or rotated: joining again may give a fresh one
    raise NotAllowed(f"This call takes {policy.told}.")


def belongs(caller: Caller, room: Room) -> bool:
    """Whether the credential is of the room's tenant or was made for the room: to others it is not there."""
    return any(_home(caller, room))


def _home(caller: Caller, room: Room) -> tuple[bool, bool]:
    """Whether the credential is of the room's tenant, and whether it was made for the room."""
    own_tenant = caller.tenant is not None and caller.tenant == room.tenant
    own_room = caller.room_id is not None and caller.room_id == room.id
    return own_tenant, own_room
