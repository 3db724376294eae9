"""The store's part of powers: what is known of a person, and what is remembered of who was put out."""

from rooms import BlockedPerson, Parted, RoomPatch
from rooms.store import PowersStore, RoomStore, keys
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


async def test_what_was_decided_about_a_room_that_changed_since_is_not_written(world: World) -> None:
    store = PowersStore(world.connection)
    room = (await world.room()).room
    ann = await world.enter(room.code)
    stale = await RoomStore(world.connection).read(room.id)
    assert stale is not None
    known, blocked = await store.known(room.id, ann.person), BlockedPerson(ann.person, "Ann", None, 1)
    await world.manager.change(room, RoomPatch.read({"name": "renamed"}))
    assert await store.rotate(stale, {"code": "AAAAAA"}, "v1") == "changed"
    assert await store.block(stale, stale.document, known, blocked, "v1") == "changed"
    assert await store.unblock(stale, stale.document, blocked, None, "v1") == "changed"
    found = await world.manager.find(room.id)
    assert found is not None
    assert (found.name, found.code, found.blocked_users) == ("renamed", room.code, frozenset())
    assert ann.person in (await world.manager.glance(room.id)).members  # type: ignore[union-attr]


async def test_a_write_that_comes_again_acts_once(world: World) -> None:
    store = PowersStore(world.connection)
    room = (await world.room()).room
    record = await RoomStore(world.connection).read(room.id)
    assert record is not None
    assert await store.rotate(record, {"generation": 2}, "v1") == "ok"
    ann = await world.enter(room.code)
    assert await store.rotate(record, {"generation": 2}, "v1") == "ok", (
        "the answer was lost, so it is sent again"
    )
    assert ann.person in (await world.manager.glance(room.id)).members  # type: ignore[union-attr]
