"""What lies outside of any room: names and codes that lead to rooms, lists, keys, budgets, secrets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rooms.connection import Call, Connection
from rooms.errors import RoomsError
from rooms.limits import Bucket
from rooms.presence import LINK_MS
from rooms.store import keys, rows, scripts

SECRETS_KEPT_MS = 30 * 24 * 3_600_000
"""A fingerprint that no node used for so long is forgotten."""


class NamesStore:
    """Indexes in other slots than their rooms; a half-done change of one heals or lapses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def now_ms(self) -> int:
        """The store's time."""
        return self._connection.clock.now_ms()

    # ------------------------------------------------------------ names that point at rooms

    async def hold(self, key: str, value: str, ttl_ms: int, replaced: str = "") -> tuple[str, bool]:
        """Take or keep a name for a value (``ttl_ms`` 0: for good). Returns (holder, whether for good)."""
        held, left = await self._connection.run(scripts.HOLD, [key], [value, ttl_ms, replaced])
        return held.decode(), left == -1

    async def drop(self, key: str) -> None:
        """Give a name back that was only taken a moment ago."""
        await self._connection.command("DEL", key)

    async def give_back(self, key: str, room_id: str) -> None:
        """Give a name back, if it still leads to this room."""
        await self._connection.run(scripts.DROP_NAME, [key], [room_id])

    async def room_of(self, key: str) -> str | None:
        """The room a code or a name points at, or None."""
        return rows.text(await self._connection.command("GET", key)) or None

    # ------------------------------------------------------------ lists of rooms

    async def enlist(self, tenant: str, room_id: str, created_ms: int, due_ms: int) -> None:
        """Write a room into its tenant's list, and when it is to be looked at."""
        await self._all(
            ("ZADD", keys.tenant_rooms(tenant), created_ms, room_id),
            ("ZADD", keys.DUE, due_ms, f"{tenant} {room_id}"),
        )

    async def quota(self, tenant: str, room_id: str, ends_ms: float, most: int) -> bool:
        """Count a room against its tenant's quota until ``ends_ms`` (``inf``: until it ends)."""
        args = [self.now_ms, room_id, ends_ms, most]
        return bool(await self._connection.run(scripts.RESERVE, [keys.tenant_active(tenant)], args))

    async def list_in_lobby(self, room_id: str, created_ms: int, listed: bool) -> None:
        """Put a room into the lobby's list, or take it out."""
        if listed:
            await self._connection.command("ZADD", keys.LISTED, created_ms, room_id)
        else:
            await self._connection.command("ZREM", keys.LISTED, room_id)

    async def newest(self, key: str, most: int) -> list[str]:
        """The rooms of a list, newest first."""
        found = await self._connection.command("ZRANGE", key, 0, most - 1, "REV")
        return [room_id.decode() for room_id in found]

    async def unlist(self, key: str, room_ids: Iterable[str]) -> None:
        """Take rooms out of a list."""
        dangling = list(room_ids)
        if dangling:
            await self._connection.command("ZREM", key, *dangling)

    async def ended(self, tenant: str, room_id: str) -> None:
        """Take a room that ended out of what only active ones are in."""
        await self._all(("ZREM", keys.tenant_active(tenant), room_id), ("ZREM", keys.LISTED, room_id))

    async def gone(self, tenant: str, room_id: str) -> None:
        """Take a room that is gone out of every list."""
        await self._all(
            ("ZREM", keys.tenant_rooms(tenant), room_id),
            ("ZREM", keys.tenant_active(tenant), room_id),
            ("ZREM", keys.LISTED, room_id),
            ("ZREM", keys.DUE, f"{tenant} {room_id}"),
        )

    async def due(self, most: int) -> list[tuple[str, str]]:
        """The rooms that are to be looked at by now: (tenant, room id), the longest overdue first."""
        found = await self._connection.command(
            "ZRANGE", keys.DUE, "-inf", self.now_ms, "BYSCORE", "LIMIT", 0, most
        )
        return [_split(entry) for entry in found]

    async def look_again(self, tenant: str, room_id: str, at_ms: int, *, sooner: bool = False) -> None:
        """Say when a room is to be looked at; with ``sooner`` an earlier time stays."""
        options = ["LT"] if sooner else []
        await self._connection.command("ZADD", keys.DUE, *options, at_ms, f"{tenant} {room_id}")

    # ------------------------------------------------------------ keys, links, secrets

    async def write_claim(self, room_id: str, claim_id: str) -> None:
        """Make a claim good for its ten minutes."""
        now_ms = self.now_ms
        names = keys.of_room(room_id, "room", "claims")
        await self._connection.run(scripts.WRITE_CLAIM, names, [now_ms, claim_id, now_ms + LINK_MS])

    async def redeem_claim(self, room_id: str, claim_id: str, nonce: str) -> bool:
        """Use a claim up; false when it is not good any more."""
        return bool(
            await self._connection.run(
                scripts.REDEEM_CLAIM, keys.of_room(room_id, "claims"), [self.now_ms, claim_id, nonce]
            )
        )

    async def know_secrets(self, fingerprints: Sequence[str]) -> bool:
        """Compare fingerprints with those of earlier nodes and write them down; false when none is shared."""
        args = [self.now_ms, self.now_ms - SECRETS_KEPT_MS, *fingerprints]
        return bool(await self._connection.run(scripts.KNOW_SECRETS, [keys.SECRETS], args))

    async def forget_secrets(self, fingerprints: Sequence[str]) -> None:
        """Forget fingerprints: a node that has no other secret does not start any more."""
        if fingerprints:
            await self._connection.command("HDEL", keys.SECRETS, *fingerprints)

    # ------------------------------------------------------------ budgets

    def budget_call(self, key: str, bucket: Bucket, cost: float, nonce: str, *, debt: float) -> Call:
        """The call that looks at a bucket (cost 0) or takes from it: into ``debt``, or (0) whole or not.

        It answers [for how many ms the bucket is used up, whether the cost was taken, whole tokens left].
        """
        args: list[Any] = [self.now_ms, bucket.burst, bucket.per_minute / 60_000, cost, nonce, debt]
        return (scripts.ATTEMPTS, [key], args)

    async def _all(self, *commands: Sequence[Any]) -> None:
        for reply in await self._connection.command_many(commands):
            if isinstance(reply, RoomsError):
                raise reply


def _split(entry: bytes) -> tuple[str, str]:
    tenant, _, room_id = entry.decode().partition(" ")
    return tenant, room_id
