"""What the tests of rooms play in: a manager on a real store, an owner's key, a clock one can push."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rooms import (
    Admitted,
    Caller,
    Clock,
    Connection,
    Created,
    JoinAsk,
    Limits,
    NewRoom,
    RoomManager,
    Secrets,
    Waiting,
    connect,
)

SECRET = b"a secret of the tests, long enough"
KEY = "sk_local_aaaaaaaaaaaaaaaaaaaaaaaa"
OTHER_KEY = "sk_other_bbbbbbbbbbbbbbbbbbbbbbbb"
ALL_SCOPES = frozenset({"publish", "read", "manage"})
CLIENT = "192.0.2.1"

SECOND = 1_000
HOUR = 3_600_000
DAY = 24 * HOUR


class PushedClock(Clock):
    """The store's clock, and as much later as it was pushed; each look at it may take ``stride_ms``."""

    def __init__(self) -> None:
        super().__init__()
        self.pushed_ms = self.stride_ms = 0

    def now_ms(self) -> int:
        self.pushed_ms += self.stride_ms
        return super().now_ms() + self.pushed_ms

    def push(self, ms: int) -> None:
        self.pushed_ms += ms


class World:
    """A manager on a store, and shorthands for what an owner and visitors do."""

    def __init__(self, connection: Connection, clock: PushedClock, manager: RoomManager) -> None:
        self.connection = connection
        self.clock = clock
        self.manager = manager
        self.owner = Caller("anonymous")

    async def room(self, **fields: Any) -> Created:
        return await self.manager.create(self.owner, NewRoom.read({"name": "a room", **fields}))

    async def ask(
        self, ref: str, bearer: str | None = None, client: str = CLIENT, **fields: Any
    ) -> Admitted | Waiting:
        caller = await self.manager.caller(bearer)
        return await self.manager.join(ref, caller, JoinAsk.read(fields), client)

    async def enter(self, ref: str, bearer: str | None = None, **fields: Any) -> Admitted:
        outcome = await self.ask(ref, bearer, **fields)
        assert isinstance(outcome, Admitted)
        return outcome

    async def wait(self, ref: str, bearer: str | None = None, **fields: Any) -> Waiting:
        outcome = await self.ask(ref, bearer, **fields)
        assert isinstance(outcome, Waiting)
        return outcome

    async def identity(self, user_id: str, tenant: str = "local") -> str:
        return await self.manager.mint_identity(tenant, user_id, f"{user_id.title()}", 1)


@asynccontextmanager
async def world_on(url: str, limits: Limits | None = None) -> AsyncIterator[World]:
    """A world on an empty store at ``url``."""
    clock = PushedClock()
    connection = await connect(url, clock)
    await connection.command("FLUSHALL", "SYNC")
    manager = RoomManager(connection, Secrets([SECRET]), limits=limits)
    world = World(connection, clock, manager)
    await manager.ensure_key(KEY, "local", ALL_SCOPES, "the tests' key")
    world.owner = await manager.caller(KEY)
    try:
        yield world
    finally:  # a test that fails must not leave a connection behind for a later one to stumble over
        await manager.close()
        await connection.close()
