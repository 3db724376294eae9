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
        name: what the person calls themselves.
        role: spectator or moderator.
        joined_at: when, ISO-8601 UTC.
        lag_ms: how far behind the live run they watch, in milliseconds; None when not known.
    """

    id: str
    name: str
    role: str
    joined_at: str
    lag_ms: Optional[float]

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
        )
