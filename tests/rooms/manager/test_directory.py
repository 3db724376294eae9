from rooms import RoomPatch
from rooms.manager.context import RECENT_S
from rooms.store import keys
from tests.harness.waiting import eventually
from tests.rooms.world import ALL_SCOPES, OTHER_KEY, SECOND, World


async def test_a_recent_answer_is_at_most_a_second_old(world: World) -> None:
    room = (await world.room()).room
    assert await world.manager.find(room.code, fresh=False) == room
    changed = (await world.manager.change(room, RoomPatch.read({"name": "b"}))).room
    assert await world.manager.find(room.code) == changed

    async def follows() -> bool:
        return await world.manager.find(room.code, fresh=False) == changed

    await eventually(follows, deadline=RECENT_S + 1)


async def test_lists_are_newest_first_and_of_one_tenant(world: World) -> None:
    await world.manager.ensure_key(OTHER_KEY, "other", ALL_SCOPES, "x")
    made = []
    for number in range(3):
        made.append((await world.room(name=f"room {number}", listed=True)).room.id)
        world.clock.push(SECOND)
    assert [one.id for one in await world.manager.list_rooms("local")] == made[::-1]
    assert [one.id for one in await world.manager.lobby()] == made[::-1]
    assert await world.manager.list_rooms("other") == []


async def test_the_lobby_shows_public_listed_active_rooms_alone(world: World) -> None:
    shown = (await world.room(listed=True)).room
    await world.room(listed=False)
    await world.room(listed=True, password="x")
    await world.room(listed=True, access_level="private")
    closed = (await world.room(listed=True)).room
    await world.manager.close_room(closed)
    assert [one.id for one in await world.manager.lobby()] == [shown.id]


async def test_a_row_that_leads_nowhere_is_taken_out(world: World) -> None:
    room = (await world.room(listed=True)).room
    await world.connection.command("DEL", *keys.of_room(room.id, "room"))
    assert await world.manager.list_rooms("local") == []
    assert await world.manager.lobby() == []
    for key in (keys.tenant_rooms("local"), keys.LISTED):
        assert await world.connection.command("EXISTS", key) == 0
