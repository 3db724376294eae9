"""Links that let people in: n times, until some time, for anybody who holds them or for one user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional

Withdraw = Callable[[str], bool]


@dataclass(frozen=True)
class Invitation:
    """An invitation to a room.

    Attributes:
        id: names the invitation; None for one that could not be made.
        url: the link to give away. The server tells it this once: None in a list.
        uses: how many people it lets in.
        used: how many it has let in.
        status: open, spent, expired or withdrawn.
        expires_at: until when, ISO-8601 UTC.
        user_id: the only user it lets in, or None: whoever holds it.
        note: what it is for.
        created_at: since when, ISO-8601 UTC.
    """

    id: Optional[str]
    url: Optional[str] = field(repr=False)
    uses: int
    used: int
    status: str
    expires_at: str
    user_id: Optional[str] = None
    note: Optional[str] = None
    created_at: str = ""
    _withdraw: Withdraw = field(default=lambda _: False, repr=False, compare=False)

    def __bool__(self) -> bool:
        """Whether there is such an invitation: one that could not be made is false."""
        return self.id is not None

    def withdraw(self) -> bool:
        """Make it worth nothing; whoever came in by it stays. Return whether that is done."""
        return self.id is not None and self._withdraw(self.id)

    @classmethod
    def read(cls, told: Mapping[str, Any], withdraw: Withdraw) -> Invitation:
        """Return the invitation that a server's answer tells of."""
        return cls(
            id=str(told["id"]),
            url=told.get("url"),
            uses=int(told.get("uses", 1)),
            used=int(told.get("used", 0)),
            status=str(told.get("status", "open")),
            expires_at=str(told.get("expires_at", "")),
            user_id=told.get("user_id"),
            note=told.get("note"),
            created_at=str(told.get("created_at", "")),
            _withdraw=withdraw,
        )

    @classmethod
    def none(cls) -> Invitation:
        """Return what stands for an invitation that could not be made."""
        return cls(id=None, url=None, uses=0, used=0, status="withdrawn", expires_at="")
