"""What the managers need from below: rooms, people, publishing. Over HTTP, or straight on the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Protocol
from urllib.parse import urlsplit

from spectator.client.local_server import cannot_serve

Fields = Dict[str, Any]
IN_PROCESS = frozenset(
    {"redis", "rediss", "unix", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel"}
)


@dataclass(frozen=True)
class Founded:
    """A room that was created.

    Attributes:
        room: as the protocol's `room`, as its owner sees it.
        owner_token: the room's key.
        password: the password, if there is one.
        join_url: the room's page; empty where there is no server.
        owner_url: a link that makes whoever opens it owner, once; None where there is no server.
    """

    room: Fields
    owner_token: str = field(repr=False)
    password: Optional[str] = field(repr=False)
    join_url: str
    owner_url: Optional[str] = field(repr=False)


class Publisher(Protocol):
    """Publishes one run into one room; nothing of it waits for a server."""

    def publish(self, kind: int, fields: Fields) -> None:
        """Queue an event of a class of `spectator.client.pending`."""

    async def finish(self) -> None:
        """End the run, and wait some seconds until everything is sent."""


class Backend(Protocol):
    """Rooms and people of one tenant. What is refused raises `Refused`, no answer `Unreachable`."""

    async def create(self, fields: Mapping[str, Any]) -> Founded:
        """Create a room; ``fields`` are the body of ``POST /rooms``."""

    async def room(self, room: str) -> Fields:
        """Return a room as its owner sees it; by id or code."""

    async def rooms(self) -> List[Fields]:
        """Return the tenant's rooms."""

    async def close(self, room: str, user: Optional[str]) -> None:
        """End a room; as ``user``, or with the key's own right."""

    async def change(self, room: str, fields: Mapping[str, Any], user: Optional[str]) -> Fields:
        """Change a room; ``fields`` are the body of ``PATCH /rooms/{room}``. As ``user``, as all below."""

    async def extend(self, room: str, hours: float, user: Optional[str]) -> Fields:
        """Let a room live longer."""

    async def rotate(self, room: str, what: str, user: Optional[str]) -> Fields:
        """Replace a room's code, password or key; the room, with ``password`` or ``owner_token``."""

    async def transfer(self, room: str, new_owner: str, user: Optional[str]) -> Fields:
        """Give a room to another user."""

    async def people(self, room: str) -> Fields:
        """Return ``{spectators, blocked}``, as ``GET /rooms/{room}/spectators``."""

    async def use_power(self, room: str, person: str, power: str, user: Optional[str]) -> Fields:
        """Kick, block, unblock, promote or demote a person: ``{id, name, status}``."""

    async def invite(self, room: str, fields: Mapping[str, Any], user: Optional[str]) -> Fields:
        """Make an invitation, with ``token`` and ``url``."""

    async def invitations(self, room: str, user: Optional[str]) -> List[Fields]:
        """Return a room's invitations."""

    async def withdraw_invitation(self, room: str, invitation: str, user: Optional[str]) -> None:
        """Make an invitation worth nothing."""

    async def join(
        self,
        room: str,
        name: str,
        password: Optional[str],
        user: Optional[str],
        invitation: Optional[str] = None,
    ) -> Fields:
        """Join as ``user``, or as somebody unknown; the answer of ``POST /rooms/{room}/join``."""

    async def leave(self, room: str, token: str, request_id: Optional[str]) -> None:
        """Give back the seat that a join's token stands for, or take the request back that still waits."""

    async def requests(self, room: str) -> List[Fields]:
        """Return who asks to come in."""

    async def settle(self, room: str, request_id: str, approve: bool, user: Optional[str]) -> Fields:
        """Answer a join request; as ``user``, or with the key's own right."""

    async def mint_identity(self, user_id: str, name: Optional[str], hours: float) -> Fields:
        """Vouch for a user: ``{token, user_id, name, expires_at}``."""

    async def history(self, room: str, max_points: int) -> Fields:
        """Return ``{name: {step, time, value}}``."""

    def publisher(self, room: Fields, owner_token: Optional[str]) -> Publisher:
        """Return what publishes into ``room``."""

    async def stop(self) -> None:
        """Close what is open."""


def is_user(person: str, user_id: str) -> bool:
    """Tell whether a person of a room, ``u:<tenant>:<user id>``, is that user."""
    kind, _, rest = person.partition(":")
    return kind == "u" and rest.partition(":")[2] == user_id


def make_backend(url: Optional[str], api_key: Optional[str]) -> Backend:
    """Return the backend for a manager's ``url``: http(s), or a store's (redis, rediss, unix), or None.

    Raises:
        ValueError: it is none of these.
    """
    if url is not None and urlsplit(url).scheme in IN_PROCESS:
        missing = cannot_serve()
        if missing is not None:
            raise ValueError(
                f"a store's URL needs what a server needs, and {missing}; or give a server's URL"
            )
        from spectator.sessions.in_process import StoreRooms

        return StoreRooms(url)
    from spectator.sessions.over_http import ServedRooms

    return ServedRooms(url, api_key)
