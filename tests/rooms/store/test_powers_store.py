"""The store's part of powers: what is known of a person, and what is remembered of who was put out."""

from rooms import Parted
from rooms.store import PowersStore, keys
from rooms.store.powers_store import PARTED_MOST
from tests.rooms.world import World


async def test_all_that_is_known_of_a_person_is_of_one_moment(world: World) -> None:
    store = PowersStore(world.connection)
    room = (await world.room(require_approval=True)).room
    nobody = await store.known(room.id, "v_nobody")
    assert (nobody.member, nobody.row, nobody.parted, nobody.blocked, nobody.request) == (
        None,
        b"",
        None,
        None,
        None,
    )
    asked = await world.wait(room.code, display_name="Ann")
    waiting = await store.known(room.id, asked.request.person)
    assert waiting.request is not None
    assert (waiting.request.id, waiting.member) == (asked.request_id, None)
    await world.manager.answer(room.id, asked.request_id, True)
    inside = await store.known(room.id, asked.request.person)
    assert inside.member is not None
    assert (inside.member.name, inside.request) == ("Ann", None)
    await world.manager.powers.block(room, asked.request.person, "owner")
    out = await store.known(room.id, asked.request.person)
    assert out.parted is not None
    assert out.blocked is not None
    assert (out.member, out.parted.cause, out.blocked.name) == (None, "blocked", "Ann")


async def test_a_request_that_nobody_answered_in_time_is_none(world: World) -> None:
    room = (await world.room(require_approval=True, approval_timeout=10)).room
    asked = await world.wait(room.code)
    world.clock.push(10_000)
    assert (await PowersStore(world.connection).known(room.id, asked.request.person)).request is None


async def test_no_more_are_remembered_than_are_told(world: World) -> None:
    room = (await world.room()).room
    store = PowersStore(world.connection)
    members, parted, parting = keys.of_room(room.id, "members", "parted", "parting")
    later = world.clock.now_ms() + 60_000
    old = Parted("v_old", "Old", "kicked", 1, mark="m")
    for number in range(PARTED_MOST):
        await world.connection.command("ZADD", parting, later + number, f"v_{number}")
        await world.connection.command("HSET", parted, f"v_{number}", "{}")
    await world.connection.command("HSET", members, old.person, "row")
    assert await store.part(room.id, b"row", old, refused=False)
    assert await world.connection.command("HLEN", parted) == PARTED_MOST
    assert not await world.connection.command("HEXISTS", parted, "v_0"), "the oldest goes first"
    assert await world.connection.command("HEXISTS", parted, "v_old")
    assert not await world.connection.command("ZSCORE", *keys.of_room(room.id, "refused"), "v_old")
