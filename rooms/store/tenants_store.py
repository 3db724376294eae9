"""Tenants, their keys, and what they have used up. One method, one operation; the rules are elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

from rooms.connection import Call, Connection
from rooms.errors import RoomsError
from rooms.store import keys, rows, scripts
from rooms.tenants import LOCAL, ApiKey, KeyKind, Tenant, TenantStatus

KEY_KEPT_MS = 7 * 24 * 3_600_000
"""For so long after its end a key is still listed, so that whoever wonders can see why it is refused."""

SEATS_KEPT_MS = 600_000
"""The list of a tenant's seats is forgotten when nobody took or renewed one for so long."""

INDEX_SLACK_MS = 3_600_000
"""For so much longer than the names in it the list of a tenant's names is kept."""


class Cost(NamedTuple):
    """An amount to take from one of a tenant's buckets.

    ``burst``: how deep the bucket is; ``rate``: tokens that come back each ms; ``window_ms``: over how long
    it is counted for ``usage``.
    """

    name: str
    amount: float
    burst: float
    rate: float
    window_ms: int


class TenantsStore:
    """Everything that lies in the store for tenants and keys. The rows of all tenants share one slot."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def now_ms(self) -> int:
        """The store's time."""
        return self._connection.clock.now_ms()

    # ------------------------------------------------------------ tenants

    async def create(self, one: Tenant) -> bool:
        """Write a tenant; false when there is one of this id."""
        row = rows.write(_tenant_row(one))
        return bool(await self._connection.command("HSETNX", keys.TENANTS, one.id, row))

    async def tenant(self, tenant: str) -> Tenant | None:
        """A tenant, or None."""
        row, status = await self._all(
            ("HGET", keys.TENANTS, tenant),
            ("HGET", keys.HALTED, tenant),
        )
        return _tenant(tenant, row, rows.text(status)) if row else None

    async def tenants(self) -> list[Tenant]:
        """All tenants, by id."""
        found, halted = await self._all(("HGETALL", keys.TENANTS), ("HGETALL", keys.HALTED))
        return [
            _tenant(tenant.decode(), row, rows.text(halted.get(tenant)))
            for tenant, row in sorted(found.items())
        ]

    async def rewrite(self, before: Tenant, after: Tenant) -> Literal["unknown", "changed", "ok"]:
        """Write a tenant's row anew, if it still is as ``before`` says; the status is left alone."""
        old, new = rows.write(_tenant_row(before)), rows.write(_tenant_row(after))
        reply = await self._connection.run(scripts.REWRITE_TENANT, [keys.TENANTS], [before.id, old, new])
        return cast('Literal["unknown", "changed", "ok"]', reply.decode())

    async def halt(self, tenant: str, status: TenantStatus) -> TenantStatus | Literal["unknown"]:
        """Suspend, resume or begin to delete; what is being deleted stays so. Returns what it is now."""
        reply = await self._connection.run(scripts.HALT, [keys.TENANTS, keys.HALTED], [tenant, status])
        return cast('TenantStatus | Literal["unknown"]', reply.decode())

    async def halted(self) -> Mapping[str, TenantStatus]:
        """Which tenants are not active."""
        found = await self._connection.command("HGETALL", keys.HALTED)
        return {tenant.decode(): status.decode() for tenant, status in found.items()}

    def halted_call(self) -> Call:
        """The call that tells which tenants are halted, for a pipeline of scripts; see ``halted_in``."""
        return (scripts.HALTED, [keys.HALTED], [])

    async def look(
        self, key_ids: Sequence[str], tenants: Sequence[str]
    ) -> tuple[list[ApiKey | None], set[str], set[str]]:
        """The keys of these ids, all halted tenants, and which of ``tenants`` are gone; one pipeline."""
        commands: list[Sequence[Any]] = [("HGETALL", keys.HALTED)]
        if key_ids:
            commands.append(("HMGET", keys.KEYS, *key_ids))
        if tenants:
            commands.append(("HMGET", keys.TENANTS, *tenants))
        replies = await self._all(*commands)
        halted = {tenant.decode() for tenant in replies[0]}
        found = [_key(row) if row else None for row in (replies[1] if key_ids else [])]
        known = replies[-1] if tenants else []
        gone = {tenant for tenant, row in zip(tenants, known, strict=True) if not row}
        return found, halted, gone

    async def forget(self, tenant: str) -> None:
        """Remove the last of a tenant that is being deleted: its row and its mark."""
        await self._connection.run(scripts.FORGET_TENANT, [keys.TENANTS, keys.HALTED], [tenant])

    async def unlink(self, names: Iterable[str]) -> None:
        """Remove keys, wherever they lie."""
        wanted = [("UNLINK", name) for name in names]
        if wanted:
            await self._all(*wanted)

    # ------------------------------------------------------------ keys

    async def key(self, digest: str) -> ApiKey | None:
        """What the key of this hash is, or None."""
        row = await self._connection.command("GET", keys.key_row(digest))
        return _key(row) if row else None

    async def keys(self) -> list[tuple[ApiKey, str]]:
        """All keys that are not revoked, each with its hash."""
        found = await self._connection.command("HGETALL", keys.KEYS)
        listed = [(_key(row), json.loads(row)) for row in found.values()]
        return [(key, row["sha"]) for key, row in listed if not row.get("revoked")]

    async def find_key(self, key_id: str) -> tuple[ApiKey, str, bool] | None:
        """The key of this id, its hash, and whether it was revoked and must not come back."""
        row = await self._connection.command("HGET", keys.KEYS, key_id)
        if not row:
            return None
        data = json.loads(row)
        return _key(row), data["sha"], bool(data.get("revoked"))

    async def write_key(self, digest: str, one: ApiKey) -> None:
        """Make a key known by its hash; the list is written first, so that no key is unlisted."""
        row = _key_row(one)
        await self._connection.command("HSET", keys.KEYS, one.id, rows.write(row | {"sha": digest}))
        ends = [] if one.expires_at_ms is None else ["PXAT", one.expires_at_ms + KEY_KEPT_MS]
        await self._connection.command("SET", keys.key_row(digest), rows.write(row), *ends)

    async def drop_key(self, digest: str, one: ApiKey, *, for_good: bool) -> None:
        """Make a key worthless. ``for_good``: remember that, for a data folder would make it known again."""
        await self._connection.command("DEL", keys.key_row(digest))
        if for_good:
            row = _key_row(one) | {"sha": digest, "revoked": True}
            await self._connection.command("HSET", keys.KEYS, one.id, rows.write(row))
        else:
            await self._connection.command("HDEL", keys.KEYS, one.id)

    # ------------------------------------------------------------ names that lead into a tenant's rooms

    def note_name(self, tenant: str, name: str, until_ms: int) -> list[Sequence[Any]]:
        """The commands that note a key of the store which belongs to a tenant and lies in no room of it.

        What bears a digest for a name (a replay, a budget) could not be found otherwise when the tenant is
        deleted. The note may be forgotten after ``until_ms``, when the key itself is gone.
        """
        index = keys.tenant_names(tenant)
        return [
            ("ZADD", index, "GT", until_ms, name),
            ("ZREMRANGEBYSCORE", index, "-inf", self.now_ms),
            ("PEXPIREAT", index, until_ms + INDEX_SLACK_MS, "NX"),
            ("PEXPIREAT", index, until_ms + INDEX_SLACK_MS, "GT"),
        ]

    async def note_names(self, tenant: str, names: Iterable[tuple[str, int]]) -> None:
        """Note several names at once: (key of the store, until when it may exist).

        For ``local``, which is never deleted, nothing is noted.
        """
        if tenant == LOCAL:
            return
        commands = [command for name, until_ms in names for command in self.note_name(tenant, name, until_ms)]
        if commands:
            await self._all(*commands)

    async def noted_names(self, tenant: str) -> list[str]:
        """The names noted for a tenant."""
        found = await self._connection.command("ZRANGE", keys.tenant_names(tenant), 0, -1)
        return [name.decode() for name in found]

    # ------------------------------------------------------------ what is used up

    async def spend(self, tenant: str, costs: Sequence[Cost], nonce: str) -> tuple[int, int]:
        """Take amounts from a tenant's buckets, all or none.

        Returns (0, 0), or the number from 1 of the first bucket that has not enough and for how many ms.
        """
        args = [self.now_ms, nonce, *(part for cost in costs for part in cost)]
        which, wait_ms = await self._connection.run(scripts.SPEND, [keys.tenant_spent(tenant)], args)
        return which, wait_ms

    async def spent(self, tenant: str, names: Sequence[str]) -> list[tuple[int, float, float]]:
        """What went through buckets lately: (window, spent in it, spent in the one before) each."""
        fields = [f"{name}:{part}" for name in names for part in ("window", "now", "before")]
        found = await self._connection.command("HMGET", keys.tenant_spent(tenant), *fields) if fields else []
        values = [float(value or 0) for value in found]
        return [(int(values[at]), values[at + 1], values[at + 2]) for at in range(0, len(values), 3)]

    async def take_seats(self, leases: Sequence[tuple[str, str, str, int, int]]) -> list[bool | RoomsError]:
        """Count (tenant, room id, person, end of the lease ms, seats of the tenant) in one pipeline.

        Each is true when the tenant had a seat left, or the person had one already in that room.
        """
        now_ms = self.now_ms
        replies = await self._connection.run_many(
            [
                (
                    scripts.RESERVE,
                    [keys.tenant_seats(tenant)],
                    [now_ms, f"{room_id} {person}", ends_ms, most, SEATS_KEPT_MS],
                )
                for tenant, room_id, person, ends_ms, most in leases
            ]
        )
        return [reply if isinstance(reply, RoomsError) else bool(reply) for reply in replies]

    async def give_seat(self, tenant: str, room_id: str, person: str) -> None:
        """Give a tenant's seat back."""
        await self._connection.command("ZREM", keys.tenant_seats(tenant), f"{room_id} {person}")

    async def note_stored(self, tenant: str, room_id: str, size: int) -> int:
        """Write how many bytes a room keeps; returns how many all rooms of the tenant keep."""
        names = [keys.tenant_stored(tenant)]
        return int(await self._connection.run(scripts.NOTE_STORED, names, [room_id, size]))

    async def stored(self, tenant: str) -> int:
        """How many bytes the rooms of a tenant keep, as far as they were noted."""
        return int(await self._connection.command("HGET", keys.tenant_stored(tenant), "") or 0)

    async def counts(self, tenant: str) -> tuple[int, int]:
        """How many rooms of a tenant have not ended, and how many of its seats are taken."""
        after = f"({self.now_ms}"
        active, seats = await self._all(
            ("ZCOUNT", keys.tenant_active(tenant), after, "+inf"),
            ("ZCOUNT", keys.tenant_seats(tenant), after, "+inf"),
        )
        return int(active), int(seats)

    async def sizes(self, room_ids: Sequence[str]) -> list[int]:
        """How many bytes rooms keep now: their events and the checkpoint."""
        commands: list[Sequence[Any]] = []
        for room_id in room_ids:
            head, checkpoint = keys.of_room(room_id, "head", "checkpoint")
            commands += [("HGET", head, "kept"), ("STRLEN", checkpoint)]
        replies = await self._all(*commands) if commands else []
        return [int(replies[at] or 0) + int(replies[at + 1]) for at in range(0, len(replies), 2)]

    async def seated(self, room_ids: Sequence[str]) -> int:
        """How many seats are taken in these rooms."""
        after = f"({self.now_ms}"
        commands = [("ZCOUNT", keys.of_room(room_id, "seats")[0], after, "+inf") for room_id in room_ids]
        return sum(await self._all(*commands)) if commands else 0

    async def _all(self, *commands: Sequence[Any]) -> list[Any]:
        replies = await self._connection.command_many(commands)
        for reply in replies:
            if isinstance(reply, RoomsError):
                raise reply
        return replies


def halted_in(reply: Any) -> set[str]:
    """The tenants that a ``halted_call`` named. Raises what the call failed with."""
    if isinstance(reply, RoomsError):
        raise reply
    return {tenant.decode() for tenant in reply}


def _tenant_row(one: Tenant) -> dict[str, Any]:
    return {"name": one.name, "created_at": one.created_at_ms, "quotas": dict(one.quotas)}


def _tenant(tenant: str, row: bytes, status: str) -> Tenant:
    data = json.loads(row)
    shown = cast("TenantStatus", status or "active")
    return Tenant(tenant, data["name"], shown, data["created_at"], data["quotas"])


def _key_row(one: ApiKey) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "tenant": one.tenant,
        "scopes": sorted(one.scopes),
        "name": one.name,
        "created_at": one.created_at_ms,
        "expires_at": one.expires_at_ms,
        "kept": one.kept,
    }


def _key(row: bytes) -> ApiKey:
    data = json.loads(row)
    return ApiKey(
        data["id"],
        cast("KeyKind", data["kind"]),
        data["tenant"],
        frozenset(data["scopes"]),
        data["name"],
        data.get("created_at", 0),
        data.get("expires_at"),
        data.get("kept", False),
    )
