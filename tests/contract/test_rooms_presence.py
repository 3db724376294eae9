"""What is promised of who is here, on every kind of store: two nodes over one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest_asyncio

from rooms import OWNER_PERSON, Present
from rooms.presence import HERE_MS, NAMED, SEAT_MS
from rooms.store.keys import of_room
from tests.rooms.world import World, world_on


@pytest_asyncio.fixture
async def nodes(store_url: str) -> AsyncIterator[list[World]]:
    async with AsyncExitStack() as exits:
        yield [await exits.enter_async_context(world_on(store_url)) for _ in range(2)]


async def test_people_are_counted_once_over_all_nodes(nodes: list[World]) -> None:
    here, there = nodes
    room = (await there.room()).room
    ann, ben = await here.enter(room.code), await there.enter(room.code)
    assert await here.manager.present([room.id]) == {room.id: Present(0, ())}
    assert await here.manager.renew([(room.id, ann.person), (room.id, OWNER_PERSON)]) == [True, True]
    assert await there.manager.renew([(room.id, ann.person), (room.id, ben.person)]) == [True, True]
    found = (await here.manager.present([room.id]))[room.id]
    assert (found.count, set(found.first)) == (3, {ann.person, ben.person, OWNER_PERSON})
    await here.manager.release(room.id, ann.person)
    assert (await there.manager.present([room.id]))[room.id].count == 3
    await there.manager.release(room.id, ann.person)
    assert (await here.manager.present([room.id]))[room.id].count == 2
    await here.manager.leave(room.id, ben.person)
    assert (await here.manager.present([room.id]))[room.id] == Present(1, (OWNER_PERSON,))


async def test_many_rooms_are_read_together(nodes: list[World]) -> None:
    here, there = nodes
    rooms = [(await there.room(name=f"room {number}")).room for number in range(12)]
    for number, room in enumerate(rooms):
        people = [(await there.enter(room.code)).person for _ in range(number % 3)]
        await here.manager.renew([(room.id, person) for person in people])
    found = await there.manager.present([room.id for room in rooms])
    assert [found[room.id].count for room in rooms] == [number % 3 for number in range(12)]


async def test_nobody_of_a_node_that_stopped_renewing_is_left(nodes: list[World]) -> None:
    here, there = nodes
    room = (await there.room(max_spectators=2)).room
    ann, ben = await here.enter(room.code), await there.enter(room.code)
    await here.manager.renew([(room.id, ann.person)])
    await there.manager.renew([(room.id, ben.person)])
    for world in nodes:
        world.clock.push(HERE_MS - 2_000)
    await here.manager.renew([(room.id, ann.person)])
    for world in nodes:
        world.clock.push(SEAT_MS - HERE_MS + 3_000)
    assert (await here.manager.present([room.id]))[room.id] == Present(1, (ann.person,))
    people = {one.id: (one.here, one.seated) for one in await here.manager.people(room.id)}
    assert people == {ann.person: (True, True), ben.person: (False, False)}
    assert (await here.enter(room.code)).status == "approved"


async def test_a_crowd_that_comes_and_goes_at_once_leaves_the_right_count(nodes: list[World]) -> None:
    room = (await nodes[1].room(max_spectators=200)).room
    people = [(await nodes[number % 2].enter(room.code)).person for number in range(60)]

    async def flap(number: int, person: str) -> None:
        for turn in range(4):
            manager = nodes[(number + turn) % 2].manager
            await manager.renew([(room.id, person)])
            if turn < 3 or number % 3:
                await manager.release(room.id, person)

    await asyncio.gather(*(flap(number, person) for number, person in enumerate(people)))
    found = (await nodes[0].manager.present([room.id]))[room.id]
    assert found.count == len(found.first) == 20
    assert len(found.first) <= NAMED


async def test_a_clock_that_was_set_back_keeps_no_seat_for_those_who_are_gone(nodes: list[World]) -> None:
    here, there = nodes
    room = (await here.room(max_spectators=2)).room
    ann, ben = await here.enter(room.code), await here.enter(room.code)
    [seats] = of_room(room.id, "seats")
    leases = {one.person: here.connection.clock.now_ms() + 2 * 3_600_000 for one in (ann, ben)}
    for person, end in leases.items():  # as leases look that were made before the clock went back two hours
        await here.connection.command("ZADD", seats, end, person)
    assert await there.manager.renew([(room.id, ann.person)]) == [True], "who is still there renews"
    assert await there.connection.command("ZSCORE", seats, ben.person) is None, "and finds what cannot be"
    assert (await there.enter(room.code)).person not in {ann.person, ben.person}, "and who is not makes room"
    assert await there.manager.renew([(room.id, ben.person)]) == [False]


async def test_a_full_room_of_leases_from_before_the_clock_was_set_back_is_empty(nodes: list[World]) -> None:
    here, there = nodes
    room = (await here.room(max_spectators=1)).room
    gone = await here.enter(room.code)
    [seats] = of_room(room.id, "seats")
    await here.connection.command("ZADD", seats, here.connection.clock.now_ms() + 7_200_000, gone.person)
    assert (await there.enter(room.code)).person != gone.person
