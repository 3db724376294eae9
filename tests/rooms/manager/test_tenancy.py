import asyncio
import time
from typing import Any

import pytest

from rooms import NewKey, NewTenant, StoreUnavailable, TenantPatch
from rooms.manager.tenancy import RECENT_S, Shared
from rooms.tenants import QUOTAS
from spectator.tasks import Tasks
from tests.harness.waiting import eventually
from tests.rooms.world import World


class Reader:
    """Something that is read when it is told to, and how often it was."""

    def __init__(self, value: Any = "value") -> None:
        self.value = value
        self.reads = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> Any:
        self.reads += 1
        await self.may_end.wait()
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


async def test_whoever_needs_a_value_at_once_shares_one_reading() -> None:
    memory, read = Shared[str](), Reader()
    read.may_end.set()
    assert set(await asyncio.gather(*(memory.get("k", read) for _ in range(50)))) == {"value"}
    assert await memory.get("k", read) == "value"
    assert read.reads == 1
    assert await memory.get("other", read) == "value"
    assert read.reads == 2


async def test_a_value_is_as_old_as_the_moment_it_was_asked_for() -> None:
    """However late the answer comes: what was revoked meanwhile must not be believed for longer."""
    memory, slow, tasks = Shared[str](), Reader("slow"), Tasks("test")
    before = time.monotonic()
    first = tasks.start(memory.get("k", slow), "read")
    await eventually(lambda: slow.reads == 1)
    asked = time.monotonic()
    await eventually(lambda: time.monotonic() > asked)
    slow.may_end.set()
    assert await first == "slow"
    kept_at, _ = memory._kept["k"]
    assert before <= kept_at <= asked
    memory._kept["k"] = (kept_at - RECENT_S, "slow")  # a second later
    slow.value = "fresh"
    assert await memory.get("k", slow) == "fresh"


async def test_what_is_not_there_is_not_remembered() -> None:
    memory, nothing, something = Shared[str](), Reader(None), Reader()
    nothing.may_end.set()
    something.may_end.set()
    assert await memory.get("k", nothing) is None
    assert await memory.get("k", something) == "value"


async def test_an_error_reaches_all_who_waited_and_nobody_after() -> None:
    memory, broken = Shared[str](), Reader(StoreUnavailable())
    broken.may_end.set()
    outcomes = await asyncio.gather(*(memory.get("k", broken) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(one, StoreUnavailable) for one in outcomes)
    broken.value = "well"
    assert await memory.get("k", broken) == "well"


async def test_when_the_one_who_reads_is_cancelled_another_reads() -> None:
    memory, read, tasks = Shared[str](), Reader(), Tasks("test")
    leader = tasks.start(memory.get("k", read), "leader")
    await eventually(lambda: read.reads == 1)
    follower = tasks.start(memory.get("k", read), "follower")
    quitter = tasks.start(memory.get("k", read), "quitter")
    await asyncio.sleep(0)
    quitter.cancel()
    leader.cancel()
    await eventually(lambda: read.reads == 2)
    read.may_end.set()
    assert await follower == "value"


async def test_it_holds_a_bounded_number() -> None:
    memory, read = Shared[str](size=3), Reader()
    read.may_end.set()
    for number in range(10):
        await memory.get(str(number), read)
    assert list(memory._kept) == ["7", "8", "9"]


async def test_a_busy_node_asks_for_a_key_once_a_second_for_all_callers(world: World) -> None:
    await world.manager.tenants.create(NewTenant.read({"id": "acme"}))
    made = await world.manager.tenants.make_key(NewKey.read({"tenant": "acme"}))
    await world.connection.command("CONFIG", "RESETSTAT")
    began = world.clock.now_ms()
    for _ in range(5):
        await asyncio.gather(*(world.manager.caller(made.raw) for _ in range(100)))
    told = await world.connection.command("INFO", "commandstats")
    looks = 1 + (world.clock.now_ms() - began) // 1000
    assert told["cmdstat_get"]["calls"] <= looks
    assert told["cmdstat_hgetall"]["calls"] <= looks


async def test_of_tenant_local_nothing_is_asked(world: World) -> None:
    tenancy = world.manager.tenants._tenancy
    await world.connection.command("CONFIG", "RESETSTAT")
    assert not await tenancy.is_halted("local")
    assert await tenancy.limits_of("local") == {**dict.fromkeys(QUOTAS), "rooms": 1000}
    told = await world.connection.command("INFO", "commandstats")
    assert not {name for name in told if "hget" in name}


async def test_a_tenant_that_is_not_there_may_nothing(world: World) -> None:
    assert await world.manager.tenants._tenancy.limits_of("nobody") == dict.fromkeys(QUOTAS, 0)


async def test_a_change_holds_at_once_where_it_was_made(world: World) -> None:
    tenants = world.manager.tenants
    await tenants.create(NewTenant.read({"id": "acme", "quotas": {"seats": 3}}))
    assert (await tenants._tenancy.limits_of("acme"))["seats"] == 3
    await tenants.change("acme", TenantPatch.read({"quotas": {"seats": 4}, "status": "suspended"}))
    assert (await tenants._tenancy.limits_of("acme"))["seats"] == 4
    assert await tenants._tenancy.is_halted("acme")


@pytest.mark.parametrize("status", ["suspended", "active"])
async def test_the_status_is_what_was_said_last(world: World, status: str) -> None:
    tenants = world.manager.tenants
    await tenants.create(NewTenant.read({"id": "acme"}))
    await tenants.change("acme", TenantPatch.read({"status": "suspended"}))
    assert (await tenants.change("acme", TenantPatch.read({"status": status}))).status == status
