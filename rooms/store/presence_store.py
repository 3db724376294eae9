"""Who is here: seats held by live connections, and on which nodes people are. One method, one operation.

A person whose connection a node holds has a tie to it, renewed with the seat: ``ties`` names the nodes,
``here`` says until when the last of them counts, ``arrived`` since when the person is here. What nobody
renews lapses, so a killed node leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rooms.connection import Connection
from rooms.errors import RoomsError
from rooms.models import OWNER_PERSON, Present
from rooms.presence import HERE_MS, SEAT_MS
from rooms.store import keys, rows, scripts

FORGOTTEN_AT_ONCE = 500
"""People whose ties lapsed that one reading forgets at most; the count never holds any of them."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a renewal set: the ends of the lease and of the tie. By these a release knows what is its own.

    ``seated`` is false for moderators and owners, who take no seat.
    """

    lease_ms: int
    here_ms: int
    seated: bool


class PresenceStore:
    """Seats and ties of the people whose connections one node holds.

    Args:
        connection: the store.
        node: names this node among those that share the store; no spaces.
    """

    def __init__(self, connection: Connection, node: str) -> None:
        self._connection = connection
        self._node = node

    @property
    def now_ms(self) -> int:
        """The store's time."""
        return self._connection.clock.now_ms()

    async def renew(self, held: Sequence[tuple[str, str, int]]) -> list[tuple[bool, Held] | RoomsError]:
        """Renew (room id, person, lag in ms): (may stay, what was set), or why nothing is known."""
        now_ms = self.now_ms
        lease_ms, here_ms = now_ms + SEAT_MS, now_ms + HERE_MS
        parts = ("room", "members", "seats", "here", "arrived", "ties")
        calls = []
        for room_id, person, lag_ms in held:
            kind = "owner" if person == OWNER_PERSON else "member"
            args = [now_ms, person, lease_ms, self._node, here_ms, max(0, lag_ms), kind]
            calls.append((scripts.RENEW, keys.of_room(room_id, *parts), args))
        replies = await self._connection.run_many(calls)
        return [
            reply if isinstance(reply, RoomsError) else (bool(reply), Held(lease_ms, here_ms, reply == 1))
            for reply in replies
        ]

    async def release(self, room_id: str, person: str, held: Held) -> bool:
        """Say that this node has no connection of the person any more, unless it renewed since ``held``.

        True: the person was on no other node, so the seat is free.
        """
        names = keys.of_room(room_id, "seats", "here", "arrived", "ties")
        args = [self.now_ms, person, self._node, held.lease_ms, held.here_ms]
        return bool(await self._connection.run(scripts.RELEASE, names, args))

    async def present(self, room_ids: Sequence[str], named: int) -> dict[str, Present]:
        """How many are here and who of them came first, in one pipeline; what cannot be read is missing."""
        args = [self.now_ms, named, FORGOTTEN_AT_ONCE]
        parts = ("here", "arrived", "ties")
        calls = [(scripts.PRESENT, keys.of_room(room_id, *parts), args) for room_id in room_ids]
        replies = await self._connection.run_many(calls)
        return {
            room_id: Present(reply[0], tuple(person.decode() for person in reply[1]))
            for room_id, reply in zip(room_ids, replies, strict=True)
            if not isinstance(reply, RoomsError)
        }

    async def lags(self, room_id: str) -> dict[str, int]:
        """Everybody who is here, and how far behind in ms: of several nodes the best, as renewed last."""
        now_ms, found = self.now_ms, dict[str, int]()
        ties = await self._connection.command("HGETALL", *keys.of_room(room_id, "ties"))
        for person, row in ties.items():
            lag_ms = rows.least_lag(row, now_ms)
            if lag_ms is not None:
                found[person.decode()] = lag_ms
        return found
