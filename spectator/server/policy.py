"""Who may call what: one record a kind of caller, checked in one function, told in the OpenAPI document.

A route names its policy; no handler decides for itself who may call it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rooms import Caller, NotAllowed, Room, Unauthorized


@dataclass(frozen=True, slots=True)
class Policy:
    """A kind of caller. Without ``roles``, ``scopes`` and ``kinds``: anyone, with or without a credential.

    Args:
        told: how the OpenAPI document names it.
        roles: roles in the room, one of which the caller must have.
        scopes: scopes of an API key of the room's tenant, one of which is enough as well.
        kinds: kinds of credential that are enough when they were made for this very room.
    """

    told: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        """Whether a stranger may call."""
        return not (self.roles or self.scopes or self.kinds)


def _policy(told: str, *, roles: str = "", scopes: str = "", kinds: str = "") -> Policy:
    return Policy(told, frozenset(roles.split()), frozenset(scopes.split()), frozenset(kinds.split()))


ANYONE: Final = _policy("anyone")
CREATOR: Final = _policy("an API key with scope publish or manage", scopes="publish manage")
READER: Final = _policy("an API key with scope read or manage", scopes="read manage")
MANAGER: Final = _policy("an API key with scope manage", scopes="manage")
OWNER: Final = _policy("owner", roles="owner")
STAFF: Final = _policy("owner or moderator", roles="owner moderator")
WATCHER: Final = _policy("a grant or more", roles="owner moderator spectator reader", scopes="read manage")
PUBLISHER: Final = _policy(
    "an API key with scope publish, or the room key", roles="owner publisher", scopes="publish manage"
)
MEMBER: Final = _policy("the spectator's grant", roles="moderator spectator", kinds="grant")
ASKER: Final = _policy("the lobby token of the request", kinds="lobby")
CLAIMANT: Final = _policy("whoever holds a claim")


def has_scope(policy: Policy, caller: Caller, tenant: str | None) -> bool:
    """Whether an API key is enough; ``tenant`` is the room's, None where no room is meant."""
    if caller.kind != "api_key" or not policy.scopes & caller.scopes:
        return False
    return tenant is None or caller.tenant == tenant


def check(policy: Policy, caller: Caller, room: Room | None, role: str | None) -> None:
    """Return when ``caller`` satisfies ``policy``.

    Args:
        policy: the route's.
        caller: who calls.
        room: the room in the address, None where there is none.
        role: what the caller is in that room.

    Raises:
        Unauthorized: nobody in particular calls.
        NotAllowed: somebody calls who has not the role, scope or kind of credential for it.
    """
    if policy.open or role in policy.roles:
        return
    if has_scope(policy, caller, room.tenant if room is not None else None):
        return
    if room is not None and caller.kind in policy.kinds and caller.room_id == room.id:
        return
    if caller.kind == "grant" and role is None and room is not None and caller.room_id == room.id:
        raise Unauthorized  # expired, left, or put out: joining again may give a fresh one
    if caller.kind in {"anonymous", "visitor"}:
        raise Unauthorized(f"This call takes {policy.told}. Send it as Authorization: Bearer ….")
    raise NotAllowed(f"This call takes {policy.told}.")
