"""Who may come in, as seed 003 writes it down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, Mapping, Optional, Union

from spectator.protocol.levels import AccessLevel

SHORTEST_APPROVAL, LONGEST_APPROVAL = 10, 24 * 3600  # seconds

Fields = Dict[str, Any]


@dataclass
class RoomAccessControl:
    """The rules of one room.

    Attributes:
        access_level: public, password, invite_only or private.
        password: what people must know, at level password; one is made when it is left out there.
        max_spectators: seats.
        allowed_users: ids of users who may come in at the levels invite_only and private.
        blocked_users: ids of users who may not.
        require_approval: whoever comes in is let in by the creator first.
        auto_approve_timeout: seconds after which a request that nobody answered expires. No answer means no:
            in spite of its name, nobody is ever approved by waiting. From 10 seconds to a day.
    """

    access_level: AccessLevel = AccessLevel.PUBLIC
    password: Optional[str] = field(default=None, repr=False)
    max_spectators: int = 10
    allowed_users: Iterable[str] = field(default_factory=set)
    blocked_users: Iterable[str] = field(default_factory=set)
    require_approval: bool = False
    auto_approve_timeout: int = 600

    def fields(self) -> Fields:
        """Return what ``POST /rooms`` takes of it.

        Raises:
            ValueError: there is no such level, or a password at a level that asks for none.
        """
        level = AccessLevel(self.access_level)
        found: Fields = {
            "access_level": level.value,
            "max_spectators": self.max_spectators,
            "allowed_users": sorted(self.allowed_users),
            "blocked_users": sorted(self.blocked_users),
            "require_approval": self.require_approval,
            "approval_timeout": max(SHORTEST_APPROVAL, min(LONGEST_APPROVAL, int(self.auto_approve_timeout))),
        }
        if level is AccessLevel.PASSWORD:
            found.update({"password": self.password} if self.password else {"password_protected": True})
        elif self.password:
            raise ValueError(f"access level {level.value} asks for no password; leave password out")
        return found


def read_access_control(told: Union[RoomAccessControl, Mapping[str, Any], None]) -> Fields:
    """Return the fields of an access control: the record above, or a mapping of some of its names.

    Raises:
        ValueError, TypeError: a name or a value in it cannot be used.
    """
    if told is None:
        return {}
    if isinstance(told, RoomAccessControl):
        return told.fields()
    known = {**told}
    # Seed 003's own default; anonymous visitors are what the level says.
    if not known.pop("allow_anonymous", True):
        known.setdefault("access_level", AccessLevel.INVITE_ONLY)
    if not known:
        return {}
    all_fields = RoomAccessControl(**known).fields()
    names = {"auto_approve_timeout": "approval_timeout"}
    given = {names.get(name, name) for name in known} | {"password_protected"}
    return {name: value for name, value in all_fields.items() if name in given}
