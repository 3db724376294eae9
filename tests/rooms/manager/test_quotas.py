import pytest

from rooms import NewTenant, QuotaExceeded, TenantNotFound, TenantPatch
from rooms.manager.quotas import PUBLISHED, exceeded
from rooms.tenants import QUOTAS
from tests.rooms.world import SECOND, World


async def made(world: World, **quotas: int | None) -> None:
    await world.manager.tenants.create(NewTenant.read({"id": "acme", "quotas": quotas}))


async def test_tenant_local_is_charged_nothing(world: World) -> None:
    await world.connection.command("CONFIG", "RESETSTAT")
    await world.manager.quotas.spend("local", events_per_second=10**9)
    assert not await world.manager.quotas.check_stored("local")
    world.manager.quotas.check_rate("local")
    assert set(await world.connection.command("INFO", "commandstats")) == {"cmdstat_config|resetstat"}


async def test_what_has_no_limit_costs_nothing(world: World) -> None:
    await made(world, events_per_second=None, bytes_per_second=None)
    await world.manager.quotas.spend("acme", events_per_second=10**9, bytes_per_second=10**12)
    assert await world.connection.command("EXISTS", "sp:tenant:acme:spent") == 0


async def test_a_limit_of_nothing_is_never_met(world: World) -> None:
    await made(world, frames_per_second=0)
    for _ in range(2):
        with pytest.raises(QuotaExceeded) as caught:
            await world.manager.quotas.spend("acme", frames_per_second=1)
        assert (caught.value.quota, caught.value.limit) == ("frames_per_second", 0)
        assert (caught.value.retry_after or 0) > 0
        world.clock.push(60 * SECOND)


async def test_a_bucket_holds_two_seconds_and_fills_with_time(world: World) -> None:
    await made(world, events_per_second=100)
    spend = world.manager.quotas.spend
    await spend("acme", events_per_second=200)
    with pytest.raises(QuotaExceeded) as caught:
        await spend("acme", events_per_second=50)
    assert 0.2 < (caught.value.retry_after or 0) <= 0.5
    world.clock.push(500)
    await spend("acme", events_per_second=50)


async def test_what_was_used_is_the_mean_of_the_last_ten_seconds(world: World) -> None:
    await made(world, events_per_second=100)
    world.clock.push(10 * SECOND - world.clock.now_ms() % (10 * SECOND))  # the beginning of a window
    for _ in range(10):
        await world.manager.quotas.spend("acme", events_per_second=50)
        world.clock.push(SECOND)

    async def used() -> int | None:
        return (await world.manager.quotas.usage("acme")).quotas["events_per_second"].used

    assert 48 <= (await used() or 0) <= 50
    world.clock.push(5 * SECOND)
    assert 20 <= (await used() or 0) <= 25
    world.clock.push(10 * SECOND)
    assert await used() == 0


async def test_buckets_that_nobody_uses_are_forgotten(world: World) -> None:
    await made(world, requests_per_minute=60, events_per_second=10)
    await world.manager.quotas.spend("acme", requests_per_minute=1, events_per_second=1)
    assert 60_000 < await world.connection.command("PTTL", "sp:tenant:acme:spent") <= 120_000
    world.clock.push(SECOND)
    await world.manager.quotas.spend("acme", events_per_second=5_000)
    await world.manager.quotas.spend("acme", requests_per_minute=1)
    assert await world.connection.command("PTTL", "sp:tenant:acme:spent") > 400_000, "a debt is not forgotten"


async def test_who_was_refused_and_does_not_wait_costs_no_command(world: World) -> None:
    await made(world, events_per_second=1)
    quotas = world.manager.quotas
    await quotas.spend("acme", events_per_second=1000)
    quotas.check_rate("acme")
    with pytest.raises(QuotaExceeded):
        await quotas.spend("acme", events_per_second=1)
    with pytest.raises(QuotaExceeded) as caught:
        quotas.check_rate("acme")
    assert (caught.value.quota, caught.value.limit) == ("events_per_second", 1)
    assert 900 < (caught.value.retry_after or 0) <= 1000, "it is told how long to wait in truth"
    until, error = quotas._refused["acme"]
    quotas._refused["acme"] = (until - 1.0, error)  # a second later
    quotas.check_rate("acme")
    assert quotas._refused == {}


async def test_too_many_calls_do_not_stop_publishing(world: World) -> None:
    await made(world, requests_per_minute=0)
    with pytest.raises(QuotaExceeded):
        await world.manager.quotas.spend("acme", requests_per_minute=1)
    world.manager.quotas.check_rate("acme")


async def test_usage_of_nobody(world: World) -> None:
    with pytest.raises(TenantNotFound):
        await world.manager.quotas.usage("nobody")


async def test_usage_tells_of_every_quota_also_of_local(world: World) -> None:
    await world.room()
    await world.manager.tenants.change("local", TenantPatch.read({"quotas": {"rooms": 7}}))
    usage = await world.manager.quotas.usage("local")
    assert list(usage.quotas) == list(QUOTAS)
    assert (usage.quotas["rooms"].used, usage.quotas["rooms"].limit) == (1, 7)
    assert {name for name, use in usage.quotas.items() if use.limit is not None} == {"rooms"}


@pytest.mark.parametrize("quota", QUOTAS)
def test_what_is_used_up_is_named_and_what_to_do(quota: str) -> None:
    error = exceeded(quota, 12_000, 3.0)
    assert error.message.startswith(f"{quota}: this tenant has 12,000 ")
    assert error.message.endswith(".")
    assert (error.quota, error.limit, error.retry_after) == (quota, 12_000, 3.0)
    assert set(QUOTAS) > PUBLISHED
