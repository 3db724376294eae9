import pytest

from rooms import StoreUnavailable
from rooms.store import keys
from tests.rooms.world import SECOND, World


async def test_people_are_listed_in_the_order_they_joined(world: World) -> None:
    room = (await world.room()).room
    first = await world.enter(room.code, display_name="Ann")
    world.clock.push(SECOND)
    second = await world.enter(room.code, display_name="Bob")
    await world.manager.renew([(room.id, first.person)])
    await world.manager.release(room.id, first.person)
    people = await world.manager.people(room.id)
    assert [(one.name, one.seated, one.role) for one in people] == [
        ("Ann", False, "spectator"),
        ("Bob", True, "spectator"),
    ]
    assert people[1].id == second.person
    assert people[0].joined_at_ms < people[1].joined_at_ms


async def test_a_glance_is_one_moment_of_a_room(world: World) -> None:
    room = (await world.room(require_approval=True, allowed_users=["ann"])).room
    inside = await world.enter(room.code, await world.identity("ann"))
    waiting = await world.wait(room.code)
    glance = await world.manager.glance(room.id)
    assert glance is not None
    assert list(glance.members) == [inside.person]
    assert [one.id for one in glance.waiting] == [waiting.request_id]
    assert (glance.seats, glance.room.seats, glance.turned_away) == (1, 1, 0)
    assert await world.manager.glance("r_0000000000000000") is None


async def test_a_glance_that_fails_is_no_empty_room(world: World) -> None:
    room = (await world.room()).room
    await world.connection.command("SET", *keys.of_room(room.id, "waiting"), "no sorted set")
    with pytest.raises(StoreUnavailable):
        await world.manager.glance(room.id)
    assert await world.manager.glances([room.id]) == {}


async def test_a_lease_that_is_not_known_to_be_lost_is_not(world: World) -> None:
    good, broken = (await world.room()).room, (await world.room()).room
    leases = [(one.id, (await world.enter(one.code)).person) for one in (good, broken)]
    await world.connection.command("DEL", *keys.of_room(broken.id, "seats"))
    await world.connection.command("SET", *keys.of_room(broken.id, "seats"), "no sorted set")
    with pytest.raises(StoreUnavailable):
        await world.manager.renew(leases)
    assert await world.manager.renew(leases[:1]) == [True]
    assert await world.manager.renew([]) == []


async def test_only_what_was_renewed_here_is_given_back_here(world: World) -> None:
    room = (await world.room()).room
    person = (await world.enter(room.code)).person
    await world.manager.release(room.id, person)
    assert [one.seated for one in await world.manager.people(room.id)] == [True]
    await world.manager.renew([(room.id, person)])
    await world.manager.release(room.id, person)
    await world.manager.release(room.id, person)
    assert [one.seated for one in await world.manager.people(room.id)] == [False]
