import pytest

from rooms import CodeTaken, InvalidRequest, RequestSettled, RoomNotFound, RoomPatch, RoomsError
from rooms.store import keys
from tests.rooms.world import HOUR, World


async def test_a_generated_password_is_told_once(world: World) -> None:
    room = (await world.room()).room
    changed = await world.manager.change(room, RoomPatch.read({"password_protected": True}))
    assert changed.password is not None
    await world.enter(room.code, password=changed.password)
    kept = await world.manager.change(room, RoomPatch.read({"password_protected": True, "name": "b"}))
    assert kept.password is None
    await world.enter(room.code, password=changed.password)


async def test_a_password_can_be_taken_away_with_the_level_said(world: World) -> None:
    room = (await world.room(password="s3cret")).room
    with pytest.raises(InvalidRequest):
        await world.manager.change(room, RoomPatch.read({"password": None}))
    opened = await world.manager.change(room, RoomPatch.read({"password": None, "access_level": "public"}))
    assert not opened.room.has_password
    await world.enter(room.code)


async def test_a_code_that_is_taken_changes_nothing(world: World) -> None:
    taken, room = (await world.room()).room, (await world.room()).room
    with pytest.raises(CodeTaken):
        await world.manager.change(room, RoomPatch.read({"custom_code": taken.code, "name": "b"}))
    found = await world.manager.find(room.code)
    assert found is not None
    assert found.name == "a room"


async def test_its_own_code_is_no_change(world: World) -> None:
    room = (await world.room()).room
    changed = await world.manager.change(room, RoomPatch.read({"custom_code": room.code.lower()}))
    assert changed.room.code == room.code
    assert await world.connection.command("PTTL", keys.code(room.code)) == -1


async def test_a_new_lifetime_counts_from_now(world: World) -> None:
    room = (await world.room(session_duration_hours=24)).room
    changed = await world.manager.change(room, RoomPatch.read({"session_duration_hours": 1}))
    assert changed.room.expires_at_ms < room.expires_at_ms - 22 * HOUR
    world.clock.push(HOUR)
    await world.manager.sweep()
    found = await world.manager.find(room.id)
    assert found is not None
    assert found.status == "ended"


async def test_leaving_the_lobby_and_coming_back(world: World) -> None:
    room = (await world.room(listed=True)).room
    assert [one.id for one in await world.manager.lobby()] == [room.id]
    await world.manager.change(room, RoomPatch.read({"access_level": "private"}))
    assert await world.manager.lobby() == []
    await world.manager.change(room, RoomPatch.read({"access_level": "public"}))
    assert [one.id for one in await world.manager.lobby()] == [room.id]


async def test_whoever_is_blocked_waits_no_longer(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    eve = await world.wait(room.code, await world.identity("eve"))
    ann = await world.wait(room.code, await world.identity("ann"))
    await world.manager.change(room, RoomPatch.read({"blocked_users": ["eve"]}))
    assert [one.id for one in await world.manager.requests(room.id)] == [ann.request_id]
    with pytest.raises(RequestSettled):
        await world.manager.answer(room.id, eve.request_id, True)


async def test_a_room_that_is_gone_is_not_found(world: World) -> None:
    room = (await world.room()).room
    await world.connection.command("DEL", *keys.of_room(room.id, "room"))
    with pytest.raises(RoomNotFound):
        await world.manager.change(room, RoomPatch.read({"name": "b"}))
    with pytest.raises(RoomNotFound):
        await world.manager.extend(room, 1)
    with pytest.raises(RoomNotFound):
        await world.manager.close_room(room)


@pytest.mark.parametrize("hours", [0, -1, 24 * 366 + 1, float("inf"), float("nan")])
async def test_hours_are_bounded(world: World, hours: float) -> None:
    room = (await world.room()).room
    with pytest.raises(RoomsError) as caught:
        await world.manager.extend(room, hours)
    assert (caught.value.code, caught.value.field) == ("invalid_request", "hours")
