"""What the parts of the manager share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rooms.connection import Connection
from rooms.errors import RoomClosed, RoomExpired, RoomNotFound, RoomsError
from rooms.limits import Limits
from rooms.manager.marks import nonce
from rooms.manager.places import Places
from rooms.manager.tenancy import RECENT_S, Tenancy
from rooms.passwords import Passwords
from rooms.store import NamesStore, PeopleStore, Record, RoomStore, TenantsStore
from rooms.tokens import Secrets

__all__ = ["RECENT_S", "Context", "Recent", "nonce"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Context:
    """The store in its parts, what is remembered of tenants, the secrets, the hashing threads, the limits."""

    connection: Connection
    rooms: RoomStore
    people: PeopleStore
    names: NamesStore
    secrets: Secrets
    passwords: Passwords
    limits: Limits
    tenants: TenantsStore
    tenancy: Tenancy
    places: Places
    recent_rooms: Recent[Record] = field(default_factory=lambda: Recent(1024))

    @property
    def now_ms(self) -> int:
        """The store's time."""
        return self.connection.clock.now_ms()

    async def current(self, room_id: str) -> Record:
        """A room as it is now. Raises ``RoomNotFound``."""
        record = await self.rooms.read(room_id)
        if record is None:
            raise RoomNotFound
        return record

    async def over(self, room_id: str) -> RoomsError:
        """Why a room takes no changes any more, to be raised. Raises ``RoomNotFound``."""
        room = (await self.current(room_id)).room
        return RoomClosed() if room.end_reason == "closed" else RoomExpired()


class Recent(Generic[_T]):
    """Values not older than ``RECENT_S``; at most ``size`` of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: dict[str, tuple[float, _T]] = {}

    def get(self, key: str) -> _T | None:
        """The value kept a moment ago, or None."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and time.monotonic() - kept[0] < RECENT_S else None

    def keep(self, key: str, value: _T) -> _T:
        """Keep a value, and return it."""
        self._kept.pop(key, None)
        self._kept[key] = (time.monotonic(), value)
        if len(self._kept) > self._size:
            del self._kept[next(iter(self._kept))]
        return value
