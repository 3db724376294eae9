import pytest

from rooms import NewKey, NewRoom, NewTenant, QuotaExceeded, Room, RoomManager, Secrets, TenantPatch
from rooms.presence import SEAT_MS
from tests.rooms.world import SECOND, SECRET, World

SEATS = "sp:tenant:acme:seats"


async def room_of_acme(world: World, **quotas: int | None) -> Room:
    await world.manager.tenants.create(NewTenant.read({"id": "acme", "quotas": quotas}))
    made = await world.manager.tenants.make_key(NewKey.read({"tenant": "acme"}))
    owner = await world.manager.caller(made.raw)
    return (await world.manager.create(owner, NewRoom.read({"name": "theirs"}))).room


async def used(world: World) -> int | None:
    return (await world.manager.quotas.usage("acme")).quotas["seats"].used


async def test_nothing_is_counted_where_nothing_is_bounded(world: World) -> None:
    room, ours = await room_of_acme(world, seats=None), (await world.room()).room
    for one in (room, ours):
        member = await world.enter(one.code)
        assert await world.manager.renew([(one.id, member.person)]) == [True]
        await world.manager.release(one.id, member.person)
    assert await world.connection.command("KEYS", "sp:tenant:*:seats") == []


async def test_whose_a_room_is_is_read_once(world: World) -> None:
    room = (await world.room()).room
    member = await world.enter(room.code)
    places = world.manager._watching._context.places
    places._tenants.clear()
    await world.connection.command("CONFIG", "RESETSTAT")
    for _ in range(5):
        await world.manager.renew([(room.id, member.person)])
    told = await world.connection.command("INFO", "commandstats")
    assert told["cmdstat_evalsha"]["calls"] == 5 + 1


async def test_a_seat_lasts_as_long_as_it_is_renewed(world: World) -> None:
    room = await room_of_acme(world, seats=5)
    member = await world.enter(room.code)
    lease = (room.id, member.person)
    for _ in range(4):
        world.clock.push(SEAT_MS - SECOND)
        assert await world.manager.renew([lease]) == [True]
        assert await used(world) == 1
    world.clock.push(SEAT_MS + SECOND)
    assert await used(world) == 0


async def test_what_two_nodes_hold_is_given_back_by_the_last(world: World) -> None:
    room = await room_of_acme(world, seats=5)
    other = RoomManager(world.connection, Secrets([SECRET]))
    member = await world.enter(room.code)
    lease = (room.id, member.person)
    for node in (world.manager, other):
        assert await node.renew([lease]) == [True]
    await world.manager.release(*lease)
    assert await used(world) == 1
    await other.release(*lease)
    assert await used(world) == 0
    await other.close()


async def test_a_moderator_takes_no_seat_of_the_tenant(world: World) -> None:
    room = await room_of_acme(world, seats=1)
    member = await world.enter(room.code)
    await world.manager.powers.promote(room, member.person)
    await world.manager.release(room.id, member.person)
    world.clock.push(SEAT_MS + SECOND)
    again = await world.enter(room.code, member.token)
    assert await world.manager.renew([(room.id, again.person)]) == [True]
    assert await used(world) == 0
    await world.enter(room.code)
    with pytest.raises(QuotaExceeded):
        await world.enter(room.code)


async def test_a_bound_that_is_set_later_counts_who_sits_there_first(world: World) -> None:
    room = await room_of_acme(world, seats=None)
    members = [await world.enter(room.code) for _ in range(3)]
    leases = [(room.id, one.person) for one in members]
    assert await world.manager.renew(leases) == [True] * 3
    await world.manager.tenants.change("acme", TenantPatch.read({"quotas": {"seats": 2}}))
    assert sorted(await world.manager.renew(leases)) == [False, True, True]
    assert await used(world) == 2


async def test_a_lower_bound_sends_nobody_away_and_lets_nobody_in(world: World) -> None:
    room = await room_of_acme(world, seats=3)
    leases = [(room.id, (await world.enter(room.code)).person) for _ in range(3)]
    await world.manager.tenants.change("acme", TenantPatch.read({"quotas": {"seats": 1}}))
    assert await world.manager.renew(leases) == [True] * 3
    with pytest.raises(QuotaExceeded):
        await world.enter(room.code)


async def test_the_list_is_forgotten_when_nobody_sits_there(world: World) -> None:
    room = await room_of_acme(world, seats=3)
    await world.enter(room.code)
    assert 0 < await world.connection.command("PTTL", SEATS) <= 600_000
