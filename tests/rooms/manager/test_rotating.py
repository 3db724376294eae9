"""Rotations at their edges; what they promise is shown on three kinds of store in tests/contract."""

from collections.abc import Awaitable

from rooms import Bucket, Limits, RoomPatch, RoomsError
from rooms.presence import CODE_KEPT_MS
from rooms.store import keys
from spectator.embedded import EmbeddedStore
from tests.rooms.world import HOUR, World, world_on

MINUTE = HOUR // 60


async def test_of_many_codes_the_last_stays_and_the_others_lapse(world: World) -> None:
    room = (await world.room()).room
    made = [await world.manager.powers.rotate(room, "code") for _ in range(3)]
    codes = [room.code, *(one.room.code for one in made)]
    assert len(set(codes)) == 4
    for code in codes[:-1]:
        left = await world.connection.command("PTTL", keys.code(code))
        assert 0 < left <= CODE_KEPT_MS
    assert await world.connection.command("PTTL", keys.code(codes[-1])) == -1


async def test_codes_that_are_changed_are_bounded_by_tenant(store: EmbeddedStore) -> None:
    """Each stays reserved for a day, and a custom one that is taken tells that somebody has it."""
    async with world_on(store.url, Limits(codes=Bucket(burst=4, per_minute=1))) as world:
        room, other, taken = [(await world.room(name=name)).room for name in "abc"]

        async def change(code: str) -> str:
            return await code_of(world.manager.change(other, RoomPatch.read({"custom_code": code})))

        await world.manager.powers.rotate(room, "code")
        assert [await change(code) for code in (taken.code, "ABC234", "ABC235")] == ["code_taken", "", ""]
        assert await change("ABC236") == "too_many_attempts"
        assert await code_of(world.manager.powers.rotate(room, "code")) == "too_many_attempts"
        assert (await world.room(name="d")).room.code, "rooms that are made have a budget of their own"
        world.clock.push(MINUTE)
        assert await change("ABC236") == ""


async def code_of(outcome: Awaitable[object]) -> str:
    try:
        await outcome
    except RoomsError as error:
        return error.code
    return ""


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
