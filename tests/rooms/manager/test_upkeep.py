from rooms import RoomPatch
from rooms.manager.upkeep import AT_ONCE
from rooms.presence import ROOM_KEPT_MS
from rooms.store import keys
from tests.rooms.world import HOUR, SECOND, World


async def due_in(world: World, room_id: str) -> float:
    """In how many ms the room is looked at next."""
    score = await world.connection.command("ZSCORE", keys.DUE, f"local {room_id}")
    return float(score) - world.clock.now_ms()


async def test_a_room_is_looked_at_when_something_is_due(world: World) -> None:
    room = (await world.room(session_duration_hours=10, require_approval=True, approval_timeout=90)).room
    assert 25 * SECOND < await due_in(world, room.id) <= 30 * SECOND
    assert await world.manager.sweep() == 0
    world.clock.push(31 * SECOND)
    assert await world.manager.sweep() == 1
    assert HOUR - SECOND < await due_in(world, room.id) <= HOUR
    await world.wait(room.code)
    assert await due_in(world, room.id) <= 90 * SECOND
    world.clock.push(91 * SECOND)
    assert await world.manager.sweep() == 1
    await world.manager.change(room, RoomPatch.read({"session_duration_hours": 0.1}))
    assert await due_in(world, room.id) <= 0.1 * HOUR


async def test_an_ended_room_is_looked_at_when_its_keeping_is_over(world: World) -> None:
    room = (await world.room()).room
    await world.manager.close_room(room)
    assert ROOM_KEPT_MS < await due_in(world, room.id) < ROOM_KEPT_MS + HOUR


async def test_nothing_is_swept_after_a_jump_of_the_clock(world: World) -> None:
    room = (await world.room(session_duration_hours=1)).room
    world.clock.observe(world.clock.now_ms() - HOUR)
    world.clock.push(2 * HOUR)
    assert await world.manager.sweep() == 0
    found = await world.manager.find(room.id)
    assert found is not None
    assert found.status == "active"


async def test_what_one_sweep_leaves_the_next_takes_up(world: World) -> None:
    now = world.clock.now_ms()
    rows = [part for number in range(AT_ONCE + 5) for part in (now - 1000, f"local r_{number:016}")]
    await world.connection.command("ZADD", keys.DUE, *rows)
    assert [await world.manager.sweep() for _ in range(3)] == [AT_ONCE, 5, 0]
