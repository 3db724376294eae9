import pytest

from rooms.limits import Bucket
from rooms.store import NamesStore, keys
from tests.rooms.world import World


@pytest.fixture
def names(world: World) -> NamesStore:
    return NamesStore(world.connection)


async def test_a_name_is_held_by_who_came_first(names: NamesStore) -> None:
    key = keys.code("ABC234")
    assert await names.hold(key, "r_1", 60_000) == ("r_1", False)
    assert await names.hold(key, "r_2", 60_000) == ("r_1", False)
    assert await names.hold(key, "r_1", 0) == ("r_1", True)
    assert await names.hold(key, "r_2", 0) == ("r_1", True)
    assert await names.hold(key, "r_2", 0, replaced="r_9") == ("r_1", True)
    assert await names.hold(key, "r_2", 0, replaced="r_1") == ("r_2", True)
    assert await names.room_of(key) == "r_2"
    await names.drop(key)
    assert await names.room_of(key) is None


async def test_lists_are_newest_first(names: NamesStore) -> None:
    for number in range(5):
        await names.enlist("local", f"r_{number}", number, number)
    assert await names.newest(keys.tenant_rooms("local"), 3) == ["r_4", "r_3", "r_2"]
    await names.unlist(keys.tenant_rooms("local"), ["r_4"])
    await names.unlist(keys.tenant_rooms("local"), [])
    assert await names.newest(keys.tenant_rooms("local"), 1) == ["r_3"]


async def test_rooms_are_due_when_their_time_has_come(world: World, names: NamesStore) -> None:
    now = world.clock.now_ms()
    await names.look_again("a-tenant", "r_1", now - 1000)
    await names.look_again("a-tenant", "r_2", now - 2000)
    await names.look_again("a-tenant", "r_3", now + 60_000)
    assert await names.due(10) == [("a-tenant", "r_2"), ("a-tenant", "r_1")]
    assert await names.due(1) == [("a-tenant", "r_2")]
    await names.look_again("a-tenant", "r_3", now - 500, sooner=True)
    await names.look_again("a-tenant", "r_3", now + 60_000, sooner=True)
    assert ("a-tenant", "r_3") in await names.due(10)
    await names.gone("a-tenant", "r_3")
    assert ("a-tenant", "r_3") not in await names.due(10)


async def test_a_quota_counts_until_it_is_given_back(names: NamesStore) -> None:
    assert await names.quota("local", "r_1", float("inf"), 1)
    assert await names.quota("local", "r_1", float("inf"), 1)
    assert not await names.quota("local", "r_2", float("inf"), 1)
    await names.ended("local", "r_1")
    assert await names.quota("local", "r_2", float("inf"), 1)


async def test_a_claim_is_used_once_however_often_the_same_use_is_repeated(
    world: World, names: NamesStore
) -> None:
    await names.write_claim("r_1", "c_1")
    assert not await names.redeem_claim("r_1", "c_1", "first"), "there is no such room to own"
    await world.connection.command("HSET", *keys.of_room("r_1", "room"), "status", "active")
    await names.write_claim("r_1", "c_1")
    assert await names.redeem_claim("r_1", "c_1", "first")
    assert await names.redeem_claim("r_1", "c_1", "first")
    assert not await names.redeem_claim("r_1", "c_1", "second")
    assert not await names.redeem_claim("r_1", "c_2", "first")
    assert not await names.redeem_claim("r_2", "c_1", "first")


async def test_secrets_are_recognised_and_old_ones_forgotten(world: World, names: NamesStore) -> None:
    assert await names.know_secrets(["one", "two"])
    assert not await names.know_secrets(["three"])
    assert await names.know_secrets(["three", "two"])
    world.clock.push(31 * 24 * 3_600_000)
    assert not await names.know_secrets(["four"])
    assert await names.know_secrets(["three"])
    assert not await names.know_secrets(["one"])


async def test_a_budget_fills_again_and_goes_into_debt(world: World, names: NamesStore) -> None:
    bucket = Bucket(burst=3, per_minute=60)

    async def over(cost: int, mark: str = "") -> int:
        call = names.budget_call("sp:budget:x", bucket, cost, mark, debt=bucket.burst)
        left, *_ = await world.connection.run(*call)
        return int(left)

    assert await over(0) == 0
    assert [await over(1, str(number)) > 0 for number in range(4)] == [False, False, True, True]
    assert 1900 <= await over(0) <= 2000
    assert 1900 <= await over(1, "3") <= 2000  # a repeat of the same failure
    for number in range(10, 20):
        await over(1, str(number))
    assert 3900 <= await over(0) <= 4000
    world.clock.push(2000)
    assert await over(0) > 0
    world.clock.push(2100)
    assert await over(0) == 0
    assert await over(1, "x") > 0


async def test_without_debt_a_cost_is_taken_whole_or_not_at_all(world: World) -> None:
    names, bucket = NamesStore(world.connection), Bucket(burst=10, per_minute=60)

    async def take(cost: int, mark: str) -> tuple[int, int]:
        call = names.budget_call("sp:budget:y", bucket, cost, mark, debt=0)
        left, taken, whole = await world.connection.run(*call)
        assert whole == wholes.pop(0)
        return left, taken

    wholes = [2, 2, 2, 0, 0, 0]
    assert await take(8, "a") == (pytest.approx(6000, abs=200), 1)  # what is left would not do once more
    assert await take(8, "a") == (pytest.approx(6000, abs=200), 1)  # a repeat takes nothing
    assert (await take(3, "b"))[1] == 0
    assert (await take(2, "c"))[1] == 1
    assert (await take(1, "d"))[1] == 0
    world.clock.push(1000)
    assert (await take(1, "e"))[1] == 1
