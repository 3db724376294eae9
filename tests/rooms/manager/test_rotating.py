"""Rotations at their edges; what they promise is shown on three kinds of store in tests/contract."""

from rooms.presence import CODE_KEPT_MS
from rooms.store import keys
from tests.rooms.world import World


async def test_of_many_codes_the_last_stays_and_the_others_lapse(world: World) -> None:
    room = (await world.room()).room
    made = [await world.manager.powers.rotate(room, "code") for _ in range(3)]
    codes = [room.code, *(one.room.code for one in made)]
    assert len(set(codes)) == 4
    for code in codes[:-1]:
        left = await world.connection.command("PTTL", keys.code(code))
        assert 0 < left <= CODE_KEPT_MS
    assert await world.connection.command("PTTL", keys.code(codes[-1])) == -1


async def test_a_room_that_is_found_again_by_its_name_keeps_what_was_rotated(world: World) -> None:
    made = await world.room(name="cartpole", reuse=True)
    code = (await world.manager.powers.rotate(made.room, "code")).room.code
    key = await world.manager.powers.rotate(made.room, "key")
    await world.connection.command("HSET", *keys.of_room(made.room.id, "room"), "publisher_until", 1)
    found = await world.room(name="cartpole", reuse=True)
    assert (found.room.id, found.room.code, found.owner_token) == (made.room.id, code, key.owner_token)


async def test_the_password_is_in_the_answer_and_nowhere_else(world: World) -> None:
    room = (await world.room()).room
    made = await world.manager.powers.rotate(room, "password")
    assert made.password is not None
    assert made.password not in repr(made)
    row = await world.connection.command("HGETALL", *keys.of_room(room.id, "room"))
    assert made.password.encode() not in b" ".join(row.values())
    assert (await world.manager.powers.rotate(room, "code")).password is None
