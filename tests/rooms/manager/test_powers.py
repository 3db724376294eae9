"""Powers at their edges; what they promise is shown on three kinds of store in tests/contract."""

import pytest

from rooms import InvalidRequest, NotAllowed, QuotaExceeded, RoomNotFound, RoomPatch, SpectatorNotFound
from rooms.fields import USERS
from rooms.presence import PARTED_KEPT_MS
from rooms.store import keys
from tests.rooms.world import SECOND, World


async def test_a_list_of_the_blocked_is_full_some_day(world: World) -> None:
    room = (await world.room(blocked_users=[f"user {n}" for n in range(USERS)])).room
    ann = await world.enter(room.code)
    with pytest.raises(QuotaExceeded) as caught:
        await world.manager.powers.block(room, ann.person, "owner")
    assert str(USERS) in caught.value.message
    caller = await world.manager.caller(ann.token)
    assert await world.manager.role(caller, room) == "spectator", "nothing is half done"
    await world.manager.powers.unblock(room, "u:local:user 7", "owner")
    await world.manager.powers.block(room, ann.person, "owner")


async def test_who_is_blocked_may_stay_on_the_list_of_the_allowed(world: World) -> None:
    """Blocked wins while it lasts, other changes go through, and unblocking restores what was."""
    room = (await world.room(access_level="invite_only", allowed_users=["ann"])).room
    ann = await world.enter(room.code, await world.identity("ann"))
    await world.manager.powers.block(room, ann.person, "owner")
    await world.manager.change(room, RoomPatch.read({"name": "renamed"}))
    await world.manager.change(room, RoomPatch.read({"allowed_users": ["ann", "ben"]}))
    await world.enter(room.code, await world.identity("ben"))
    with pytest.raises(InvalidRequest):
        await world.manager.change(room, RoomPatch.read({"blocked_users": ["ann", "ben"]}))
    await world.manager.powers.unblock(room, ann.person, "owner")
    await world.enter(room.code, await world.identity("ann"))


async def test_the_cause_is_told_while_it_holds(world: World) -> None:
    room = (await world.room()).room
    powers = world.manager.powers
    ann, ben = await world.enter(room.code), await world.enter(room.code)
    assert await powers.cause(room, ann.person) is None
    await powers.kick(room, ann.person, "owner")
    assert await powers.cause(room, ann.person) == "kicked"
    await powers.block(room, ben.person, "owner")
    room = (await world.manager.find(room.id)) or room
    assert await powers.cause(room, ben.person) == "blocked"
    world.clock.push(PARTED_KEPT_MS + SECOND)
    assert await powers.cause(room, ben.person) == "blocked", "for as long as it lasts"
    again = await world.enter(room.code, ann.visitor, client="198.51.100.7")
    assert (again.person, await powers.cause(room, ann.person)) == (ann.person, None), "who is in again"


async def test_a_moderator_kicked_by_the_owner_is_no_moderator_when_they_come_back(world: World) -> None:
    room = (await world.room()).room
    ann = await world.enter(room.code)
    await world.manager.powers.promote(room, ann.person)
    await world.manager.powers.kick(room, ann.person, "owner")
    world.clock.push(61 * SECOND)
    assert (await world.enter(room.code, ann.visitor)).role == "spectator"


async def test_a_room_or_a_person_that_is_gone(world: World) -> None:
    room = (await world.room()).room
    ann = await world.enter(room.code)
    await world.connection.command("DEL", *keys.of_room(room.id, "room", "members"))
    for call in (
        world.manager.powers.block(room, ann.person, "owner"),
        world.manager.powers.unblock(room, ann.person, "owner"),
        world.manager.powers.transfer(room, "ann"),
        world.manager.powers.rotate(room, "code"),
    ):
        with pytest.raises(RoomNotFound):
            await call
    for power in (world.manager.powers.promote, world.manager.powers.demote):
        with pytest.raises(SpectatorNotFound):
            await power(room, ann.person)


async def test_who_became_the_owner_meanwhile_cannot_be_blocked(world: World) -> None:
    """The room that a call was made with may be a moment old."""
    before = (await world.room()).room
    ann = await world.enter(before.code, await world.identity("ann"))
    await world.manager.powers.transfer(before, "ann")
    with pytest.raises(NotAllowed):
        await world.manager.powers.block(before, ann.person, "owner")
    assert (await world.enter(before.code, await world.identity("ann"))).role == "owner"
