"""Who asks to come in, and who is in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional

Answer = Callable[[str], bool]


@dataclass(frozen=True)
class JoinRequest:
    """Somebody asks to come in.

    Attributes:
        id: names the request.
        name: what the person calls themselves; anybody may call themselves anything.
        user_id: who it is, if an identity vouches for it; else None.
        requested_at: when, ISO-8601 UTC.
        status: pending_approval, approved, denied or expired.
    """

    id: str
    name: str
    user_id: Optional[str]
    requested_at: str
    status: str
    _approve: Answer = field(repr=False, compare=False)
    _deny: Answer = field(repr=False, compare=False)

    def approve(self) -> bool:
        """Let the person in; see `Room.approve`."""
        return self._approve(self.id)

    def deny(self) -> bool:
        """Turn the person away; see `Room.deny`."""
        return self._deny(self.id)

    @classmethod
    def read(cls, told: Mapping[str, Any], approve: Answer, deny: Answer) -> JoinRequest:
        """Return the request that a server's answer tells of."""
        return cls(
            id=str(told["id"]),
            name=str(told.get("name", "")),
            user_id=told.get("user_id"),
            requested_at=str(told.get("requested_at", "")),
            status=str(told.get("status", "pending_approval")),
            _approve=approve,
            _deny=deny,
        )


@dataclass(frozen=True)
class Spectator:
    """Somebody is in the room.

    Attributes:
        id: names the person in this room.
        name: what the person calls themselves; anybody may call themselves anything.
        role: spectator or moderator.
        joined_at: when, ISO-8601 UTC.
        lag_ms: how far behind the live run they watch, in milliseconds; None when not known.
        watching: whether they have a live connection now, or have only been let in.
        user_id: who it is, if an identity vouches for it; else None.
    """

    id: str
    name: str
    role: str
    joined_at: str
    lag_ms: Optional[float]
    watching: bool = True
    user_id: Optional[str] = None

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Spectator:
        """Return the person that a server's answer tells of."""
        lag = told.get("lag_ms")
        return cls(
            id=str(told["id"]),
            name=str(told.get("name", "")),
            role=str(told.get("role", "spectator")),
            joined_at=str(told.get("joined_at", "")),
            lag_ms=float(lag) if isinstance(lag, (int, float)) else None,
            watching=bool(told.get("watching", True)),
            user_id=told.get("user_id"),
        )


@dataclass(frozen=True)
class Blocked:
    """Somebody who may not come in, until unblocked.

    Attributes:
        id: names the person in this room.
        name: what the person called themselves; empty where nobody knows.
        user_id: who it is, if an identity vouches for it; else None.
        blocked_at: since when, ISO-8601 UTC; empty where nobody knows.
    """

    id: str
    name: str
    user_id: Optional[str]
    blocked_at: str

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Blocked:
        """Return the person that a server's answer tells of."""
        return cls(
            id=str(told["id"]),
            name=str(told.get("name") or ""),
            user_id=told.get("user_id"),
            blocked_at=str(told.get("blocked_at") or ""),
        )


def person_id(person: Any) -> str:
    """Return the id of a person: of a `Spectator`, a `Blocked`, or an id itself.

    Raises:
        TypeError: it is none of these. A `JoinRequest` is not: who asks is not in yet; deny it.
    """
    if isinstance(person, (Spectator, Blocked)):
        return person.id
    if isinstance(person, str) and person:
        return person
    raise TypeError(f"a person is a Spectator, or the id of one, not {type(person).__name__}")


def request_id(request: Any) -> str:
    """Return the id of a request: of a `JoinRequest`, or an id itself.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(request, JoinRequest):
        return request.id
    if isinstance(request, str) and request:
        return request
    raise TypeError(f"a request is a JoinRequest or its id, not {type(request).__name__}")
