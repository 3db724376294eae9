from dataclasses import replace

import pytest

from rooms import JoinAsk, NewKey, NewRoom, NewTenant, RoomNotFound, Waiting
from rooms.presence import CODE_KEPT_MS
from rooms.store import keys
from tests.rooms.world import CLIENT, DAY, SECOND, World


async def test_what_was_recorded_goes_at_once_and_the_room_is_known_as_closed_for_a_day(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    await world.connection.command("XADD", *keys.of_room(room.id, "log"), "1-0", "events", "x")
    closed = await world.manager.close_room(room, keep=False)
    assert closed.status == "ended"
    left = [key for key in keys.every_part(room.id) if await world.connection.command("EXISTS", key)]
    assert left == keys.of_room(room.id, "room")
    assert CODE_KEPT_MS - 5000 < await world.connection.command("PTTL", left[0]) <= CODE_KEPT_MS
    person = keys.person_waiting(waiting.request.person)
    assert await world.connection.command("EXISTS", person) == 0
    assert (await world.manager.look(room.code, world.owner, CLIENT))[0].end_reason == "closed"
    world.clock.push(DAY + 2 * 60 * SECOND)
    await world.connection.command("DEL", *left)  # the store forgets it by its own clock
    await world.manager.sweep()
    assert await world.connection.command("ZSCORE", keys.DUE, f"local {room.id}") is None
    assert await world.manager.list_rooms("local") == []


async def test_without_a_trace_nothing_is_left_and_the_code_is_free(world: World) -> None:
    room = (await world.room(name="passing", reuse=True)).room
    closed = await world.manager.close_room(room, trace=False)
    assert closed.status == "ended"
    assert await world.connection.command("KEYS", f"*{room.id}*") == []
    assert await world.connection.command("KEYS", "sp:name:*") == []
    assert await world.connection.command("ZSCORE", keys.DUE, f"local {room.id}") is None
    assert await world.manager.list_rooms("local") == []
    assert (await world.room(custom_code=room.code)).room.id != room.id


async def test_it_can_be_said_after_the_room_has_ended_and_again(world: World) -> None:
    room = (await world.room(name="n", reuse=True)).room
    await world.manager.close_room(room)
    for _ in range(2):
        await world.manager.close_room(room, keep=False)
    assert await world.connection.command("KEYS", "sp:name:*") == [], "the name is free again"
    with pytest.raises(RoomNotFound):
        await world.manager.close_room(replace(room, id="r_zzzzzzzzzzzzzzzz"), keep=False)


async def test_a_room_that_has_not_ended_keeps_what_it_has(world: World) -> None:
    room = (await world.room()).room
    record = await world.manager._changing._context.current(room.id)
    assert not await world.manager._changing._removal.forget_recorded(record)
    assert (await world.enter(room.code)).room.id == room.id


async def test_a_name_that_leads_elsewhere_by_now_is_left(world: World) -> None:
    old = (await world.room(name="n", reuse=True)).room
    await world.manager.close_room(old)
    new = (await world.room(name="n", reuse=True)).room
    assert new.id != old.id
    await world.manager.close_room(old, keep=False)
    [name] = await world.connection.command("KEYS", "sp:name:*")
    assert await world.connection.command("GET", name) == new.id.encode()


async def test_who_waits_in_another_room_goes_on_waiting(world: World) -> None:
    one, two = [(await world.room(require_approval=True)).room for _ in range(2)]
    first = await world.wait(one.code)
    second = await world.manager.join(
        two.code, await world.manager.caller(first.visitor), JoinAsk(display_name="Ann"), CLIENT
    )
    assert isinstance(second, Waiting)
    await world.manager._changing._removal.purge("local", [one.id])
    assert await world.manager.find(one.id) is None
    person = keys.person_waiting(second.request.person)
    assert await world.connection.command("ZRANGE", person, 0, -1) == [two.id.encode()]
    assert (await world.manager.request(two.id, second.request_id)).status == "pending_approval"


async def test_a_name_that_was_kept_for_a_room_meanwhile_removed_is_given_back(world: World) -> None:
    await world.manager.tenants.create(NewTenant.read({"id": "acme"}))
    made = await world.manager.tenants.make_key(NewKey.read({"tenant": "acme"}))
    owner = await world.manager.caller(made.raw)
    room = (await world.manager.create(owner, NewRoom.read({"name": "n", "reuse": True}))).room
    record = await world.manager._changing._context.current(room.id)
    removal = world.manager._changing._removal
    await removal.settle(record)
    assert await world.connection.command("EXISTS", keys.code(room.code)) == 1
    await removal.purge("acme", [room.id])
    await world.manager._upkeep._indexes.keep_names(record)  # a sweep that had read the room before
    assert await world.connection.command("EXISTS", keys.code(room.code)) == 1
    await removal.settle(record)
    assert await world.connection.command("EXISTS", keys.code(room.code)) == 0
    assert await world.connection.command("KEYS", "sp:name:*") == []
