from dataclasses import replace

from rooms.models import Invitation
from rooms.store import keys
from rooms.store.invitations_store import InvitationsStore
from tests.rooms.world import HOUR, World


def an_invitation(room_id: str, number: int, now_ms: int, **fields: object) -> Invitation:
    plain = Invitation(f"i_{number}", room_id, 1, 0, now_ms, now_ms + HOUR, "ann", "für Ann")
    return replace(plain, **fields)  # type: ignore[arg-type]  # fields by their names


async def test_a_row_is_read_as_it_was_written(world: World) -> None:
    room = (await world.room()).room
    store = InvitationsStore(world.connection)
    one = an_invitation(room.id, 1, store.now_ms)
    assert await store.make(one, 1000) == "ok"
    found = await store.get(room.id, one.id)
    assert found is not None
    assert found.invitation == one
    assert found.terms == (one.id, found.row, 1)
    assert await store.all(room.id) == [one]
    assert await store.get(room.id, "i_none") is None


async def test_a_repeat_of_the_same_write_is_harmless(world: World) -> None:
    room = (await world.room()).room
    store = InvitationsStore(world.connection)
    one = an_invitation(room.id, 1, store.now_ms)
    assert [await store.make(one, 1), await store.make(one, 1)] == ["ok", "ok"]
    assert await store.write(replace(one, withdrawn=True))
    assert await store.make(one, 1) == "ok", "and does not bring back what was withdrawn since"
    assert (await store.all(room.id))[0].withdrawn


async def test_what_is_worth_nothing_makes_place_and_nothing_else_does(world: World) -> None:
    room = (await world.room()).room
    store, now_ms = InvitationsStore(world.connection), world.clock.now_ms()
    spent, open_ = an_invitation(room.id, 1, now_ms), an_invitation(room.id, 2, now_ms, uses=2)
    expired = an_invitation(room.id, 3, now_ms, expires_at_ms=now_ms)
    withdrawn = an_invitation(room.id, 4, now_ms, withdrawn=True)
    for one in (spent, open_, expired, withdrawn):
        await store.make(one, 1000)
        await world.connection.command("HSET", *keys.of_room(room.id, "invited"), one.id, 1)
    assert await store.make(an_invitation(room.id, 5, now_ms), 2) == "ok"
    assert {one.id for one in await store.all(room.id)} == {"i_2", "i_5"}
    assert list(await world.connection.command("HKEYS", *keys.of_room(room.id, "invited"))) == [b"i_2"]
    assert await store.make(an_invitation(room.id, 6, now_ms), 2) == "many"


async def test_no_room_and_no_row_are_said_to_be_none(world: World) -> None:
    store = InvitationsStore(world.connection)
    nowhere = an_invitation("r_0000000000000000", 1, store.now_ms)
    assert await store.make(nowhere, 1000) == "gone"
    assert not await store.write(nowhere)
    assert await store.all(nowhere.room_id) == []


async def test_they_go_with_the_room(world: World) -> None:
    room = (await world.room(access_level="invite_only")).room
    store = InvitationsStore(world.connection)
    await store.make(an_invitation(room.id, 1, store.now_ms), 1000)
    await world.manager.close_room(room)
    assert await world.connection.command("PTTL", *keys.of_room(room.id, "invitations")) > 0
