"""What an owner's powers over people promise, on every kind of store: at once, once, and for everybody."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from rooms import (
    Admitted,
    JoinRequest,
    NewInvitation,
    NotAllowed,
    Parted,
    RequestSettled,
    Room,
    RoomPatch,
    RoomsError,
    SpectatorNotFound,
)
from rooms.presence import BARRED_MS, PARTED_KEPT_MS, REFUSED_MS
from rooms.store import keys
from tests.contract.test_rooms_joins import code_of, seats
from tests.rooms.world import SECOND, World, world_on

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest_asyncio.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    async with world_on(store_url) as opened:
        yield opened


async def role_of(world: World, token: str, room: Room) -> str | None:
    return await world.manager.role(await world.manager.caller(token), room)


async def now(world: World, room: Room) -> Room:
    found = await world.manager.find(room.id)
    assert found is not None
    return found


async def put_out(world: World, room: Room) -> dict[str, str]:
    glance = await world.manager.glance(room.id)
    assert glance is not None
    return {person: one.cause for person, one in glance.parted.items()}


class TestKick:
    async def test_the_old_token_is_worth_nothing_from_that_moment(self, world: World) -> None:
        room = (await world.room(max_spectators=1)).room
        ann = await world.enter(room.code, display_name="Ann")
        done = await world.manager.powers.kick(room, ann.person, "owner")
        assert (done.id, done.name, done.status) == (ann.person, "Ann", "kicked")
        assert await role_of(world, ann.token, room) is None
        assert await world.manager.renew([(room.id, ann.person)]) == [False]
        assert await seats(world, room.id) == 0
        assert await put_out(world, room) == {ann.person: "kicked"}
        assert await code_of(world.ask(room.code)) == "in", "the seat is free for others at once"

    async def test_who_was_kicked_may_ask_again_after_a_minute(self, world: World) -> None:
        room = (await world.room()).room
        ann = await world.enter(room.code)
        await world.manager.powers.kick(room, ann.person, "moderator")
        for ref in (room.code, room.id):
            for bearer in (ann.token, ann.visitor):
                with pytest.raises(RoomsError) as caught:
                    await world.ask(ref, bearer)
                assert caught.value.code == "approval_denied"
                assert 0 < (caught.value.retry_after or 0) <= 60
        world.clock.push(REFUSED_MS)
        again = await world.enter(room.code, ann.visitor)
        assert await role_of(world, again.token, room) == "spectator"
        assert await role_of(world, ann.token, room) is None, "the old grant stays dead"

    async def test_a_repeat_is_harmless_and_a_stranger_unknown(self, world: World) -> None:
        room = (await world.room()).room
        ann = await world.enter(room.code, display_name="Ann")
        first = await world.manager.powers.kick(room, ann.person, "owner")
        assert await world.manager.powers.kick(room, ann.person, "owner") == first
        for unknown in ("v_0000000000000000", "u:local:nobody", "", "owner?"):
            with pytest.raises(SpectatorNotFound):
                await world.manager.powers.kick(room, unknown, "owner")

    async def test_a_write_that_is_repeated_does_not_act_on_who_is_in_again(self, world: World) -> None:
        """The answer was lost, the person came back by the owner's leave, and then the write comes again."""
        room = (await world.room(require_approval=True)).room
        waiting = await world.wait(room.code)
        await world.manager.answer(room.id, waiting.request_id, True)
        store = world.manager.powers._store
        known = await store.known(room.id, waiting.request.person)
        assert known.member is not None
        await world.manager.powers.kick(room, waiting.request.person, "owner")
        (parted,) = (await world.manager.glance(room.id)).parted.values()  # type: ignore[union-attr]
        world.clock.push(REFUSED_MS)
        again = await world.wait(room.code, waiting.visitor)
        await world.manager.answer(room.id, again.request_id, True)
        assert await store.part(room.id, known.row, parted, refused=True)
        admitted = await world.manager.redeem_request(await world.manager.caller(again.token))
        assert isinstance(admitted, Admitted)

    async def test_a_decision_about_somebody_who_was_promoted_since_is_not_carried_out(
        self, world: World
    ) -> None:
        """A moderator kicks a spectator whom the owner makes moderator at the same moment."""
        room = (await world.room()).room
        ann = await world.enter(room.code)
        store = world.manager.powers._store
        known = await store.known(room.id, ann.person)
        await world.manager.powers.promote(room, ann.person)
        parted = Parted(ann.person, "Ann", "kicked", world.clock.now_ms(), mark="m")
        assert not await store.part(room.id, known.row, parted, refused=True)
        assert await role_of(world, ann.token, room) == "moderator"

    async def test_owner_and_moderators_are_out_of_a_moderators_reach(self, world: World) -> None:
        room = (await world.room(owner_id="root")).room
        ann = await world.enter(room.code)
        await world.manager.powers.promote(room, ann.person)
        for power in (world.manager.powers.kick, world.manager.powers.block):
            with pytest.raises(NotAllowed):
                await power(room, ann.person, "moderator")
            for owner in ("owner", "u:local:root"):
                with pytest.raises(NotAllowed):
                    await power(room, owner, "owner")
        assert await role_of(world, ann.token, room) == "moderator"
        await world.manager.powers.kick(room, ann.person, "owner")
        assert await role_of(world, ann.token, room) is None

    async def test_it_wins_whatever_races_it(self, world: World) -> None:
        room = (await world.room(max_spectators=50)).room
        powers = world.manager.powers
        for _ in range(10):
            ann = await world.enter(room.code)
            await asyncio.gather(
                powers.kick(room, ann.person, "owner"),
                code_of(world.ask(room.code, ann.visitor)),
                code_of(world.ask(room.code, ann.token)),
                world.manager.renew([(room.id, ann.person)]),
                code_of(powers.promote(room, ann.person)),
            )
            glance = await world.manager.glance(room.id)
            assert glance is not None
            assert ann.person not in glance.members
            assert await role_of(world, ann.token, room) is None
        assert await seats(world, room.id) == 0

    async def test_at_private_only_who_is_listed_learns_of_it(self, world: World) -> None:
        room = (await world.room(access_level="private", allowed_users=["ann"])).room
        identity = await world.identity("ann")
        ann = await world.enter(room.id, identity)
        await world.manager.powers.kick(room, ann.person, "owner")
        assert await code_of(world.ask(room.id, identity)) == "approval_denied"
        assert await code_of(world.ask(room.id, ann.token)) == "room_not_found", "a grant is no identity"

    async def test_who_was_put_out_is_remembered_for_a_bounded_time(self, world: World) -> None:
        room = (await world.room()).room
        ann = await world.enter(room.code)
        await world.manager.powers.kick(room, ann.person, "owner")
        world.clock.push(PARTED_KEPT_MS + SECOND)
        ben = await world.enter(room.code)
        await world.manager.powers.kick(room, ben.person, "owner")
        assert await put_out(world, room) == {ben.person: "kicked"}

    async def test_what_is_remembered_is_swept_with_the_room(self, world: World) -> None:
        room = (await world.room(session_duration_hours=48)).room
        ann, ben = await world.enter(room.code), await world.enter(room.code, client=ELSEWHERE)
        await world.manager.powers.kick(room, ann.person, "owner")
        await world.manager.powers.block(room, ben.person, "owner")
        world.clock.push(max(BARRED_MS, PARTED_KEPT_MS) + SECOND)
        await world.manager.sweep()
        for part in ("parted", "parting", "barred", "refused"):
            assert await world.connection.command("EXISTS", *keys.of_room(room.id, part)) == 0, part
        assert await world.connection.command("EXISTS", *keys.of_room(room.id, "blocked")) == 1


class TestBlock:
    async def test_keeps_an_anonymous_person_out_and_for_an_hour_the_address(self, world: World) -> None:
        room = (await world.room()).room
        ann = await world.enter(room.code, display_name="Ann")
        friend = await world.enter(room.code, display_name="Ben")
        done = await world.manager.powers.block(room, ann.person, "moderator")
        assert done.status == "blocked"
        assert await role_of(world, ann.token, room) is None
        assert await put_out(world, room) == {ann.person: "blocked"}
        assert await code_of(world.ask(room.code, ann.visitor, ELSEWHERE)) == "blocked"
        assert await code_of(world.ask(room.code, client=HERE)) == "blocked", "a fresh visitor of there"
        assert await code_of(world.ask(room.code, client=ELSEWHERE)) == "in"
        assert await code_of(world.ask(room.code, friend.visitor, HERE)) == "in", "who is in stays"
        world.clock.push(BARRED_MS)
        assert await code_of(world.ask(room.code, client=HERE)) == "in"
        assert await code_of(world.ask(room.code, ann.visitor, ELSEWHERE)) == "blocked", "until unblocked"

    async def test_the_address_refuses_neither_owner_nor_listed_nor_invited(self, world: World) -> None:
        made = await world.room(access_level="invite_only", allowed_users=["ben", "cleo"])
        room = made.room
        guest = NewInvitation.read({"uses": 2})
        _, token = await world.manager.invitations.make(room, guest)
        ann = await world.enter(room.code, invitation=token)
        await world.manager.powers.block(room, ann.person, "owner")
        assert await code_of(world.ask(room.code, client=HERE)) == "blocked"
        assert await code_of(world.ask(room.code, await world.identity("ben"), HERE)) == "in"
        assert await code_of(world.ask(room.code, client=HERE, invitation=token)) == "in"
        assert await code_of(world.ask(room.code, made.owner_token, HERE)) == "in"

    async def test_a_user_is_blocked_wherever_they_are_and_nobody_else_there(self, world: World) -> None:
        room = (await world.room()).room
        eve = await world.enter(room.code, await world.identity("eve"))
        await world.manager.powers.block(room, eve.person, "owner")
        assert (await now(world, room)).blocked_users == {"eve"}
        for client in (HERE, ELSEWHERE):
            assert await code_of(world.ask(room.code, await world.identity("eve"), client)) == "blocked"
        assert await code_of(world.ask(room.code, client=HERE)) == "in"

    async def test_an_asker_waits_no_longer(self, world: World) -> None:
        room = (await world.room(require_approval=True)).room
        eve = await world.wait(room.code, display_name="Eve")
        await world.manager.powers.block(room, eve.request.person, "owner")
        assert await world.manager.requests(room.id) == []
        with pytest.raises(RequestSettled):
            await world.manager.answer(room.id, eve.request_id, True)
        told = await world.manager.redeem_request(await world.manager.caller(eve.token))
        assert isinstance(told, JoinRequest)
        assert told.status == "denied"
        assert await code_of(world.ask(room.code, client=HERE)) == "blocked"

    async def test_unblocking_lets_person_and_address_in_again(self, world: World) -> None:
        room = (await world.room()).room
        ann = await world.enter(room.code, display_name="Ann")
        await world.manager.powers.block(room, ann.person, "owner")
        done = await world.manager.powers.unblock(room, ann.person, "moderator")
        assert (done.name, done.status) == ("Ann", "unblocked")
        assert await world.manager.powers.unblock(room, ann.person, "owner") == done, "a repeat"
        assert await code_of(world.ask(room.code, client=HERE)) == "in"
        again = await world.enter(room.code, ann.visitor)
        assert await role_of(world, again.token, room) == "spectator"
        assert await role_of(world, ann.token, room) is None

    async def test_an_address_stays_barred_while_somebody_else_bars_it(self, world: World) -> None:
        room = (await world.room()).room
        ann, ben = await world.enter(room.code), await world.enter(room.code)
        await world.manager.powers.block(room, ann.person, "owner")
        await world.manager.powers.block(room, ben.person, "owner")
        await world.manager.powers.unblock(room, ann.person, "owner")
        assert await code_of(world.ask(room.code, client=HERE)) == "blocked"
        await world.manager.powers.unblock(room, ben.person, "owner")
        assert await code_of(world.ask(room.code, client=HERE)) == "in"

    async def test_the_list_can_be_read_with_names(self, world: World) -> None:
        room = (await world.room(blocked_users=["mallory"])).room
        ann = await world.enter(room.code, display_name="Ann")
        eve = await world.enter(room.code, await world.identity("eve"))
        for person in (ann.person, eve.person):
            await world.manager.powers.block(room, person, "owner")
        listed = await world.manager.powers.blocked(await now(world, room))
        assert [(one.id, one.name, one.user_id) for one in listed] == [
            ("u:local:mallory", "mallory", "mallory"),
            (ann.person, "Ann", None),
            (eve.person, "Eve", "eve"),
        ]
        assert [one.blocked_at_ms is None for one in listed] == [True, False, False]
        for one in listed:
            await world.manager.powers.unblock(room, one.id, "owner")
        assert await world.manager.powers.blocked(await now(world, room)) == []

    async def test_who_was_kicked_or_is_blocked_can_be_blocked_a_stranger_not(self, world: World) -> None:
        room = (await world.room()).room
        ann = await world.enter(room.code, display_name="Ann")
        await world.manager.powers.kick(room, ann.person, "owner")
        first = await world.manager.powers.block(room, ann.person, "owner")
        assert await world.manager.powers.block(room, ann.person, "owner") == first
        assert await code_of(world.ask(room.code, client=HERE)) == "blocked"
        for power in (world.manager.powers.block, world.manager.powers.unblock):
            with pytest.raises(SpectatorNotFound):
                await power(room, "v_0000000000000000", "owner")

    async def test_blocks_and_changes_at_once_all_hold(self, world: World) -> None:
        room = (await world.room()).room
        people = [await world.enter(room.code) for _ in range(4)]
        await asyncio.gather(
            *(world.manager.powers.block(room, one.person, "owner") for one in people),
            world.manager.change(room, RoomPatch.read({"name": "renamed"})),
        )
        after = await now(world, room)
        assert (after.name, after.blocked_users) == ("renamed", {one.person for one in people})

    async def test_it_wins_whatever_races_it(self, world: World) -> None:
        room = (await world.room(max_spectators=50, require_approval=True)).room
        for number in range(6):
            asked = await world.wait(room.code, client=f"10.0.0.{number}")
            person = asked.request.person
            await asyncio.gather(
                world.manager.powers.block(room, person, "owner"),
                code_of(world.manager.answer(room.id, asked.request_id, True)),
                code_of(world.ask(room.code, asked.visitor)),
            )
            glance = await world.manager.glance(room.id)
            assert glance is not None
            assert person not in glance.members
            assert person not in {one.person for one in glance.waiting}

    async def test_at_private_the_blocked_learn_nothing(self, world: World) -> None:
        room = (await world.room(access_level="private", allowed_users=["eve"])).room
        identity = await world.identity("eve")
        eve = await world.enter(room.id, identity)
        await world.manager.powers.block(room, eve.person, "owner")
        assert await code_of(world.ask(room.id, identity)) == "room_not_found"
        assert await code_of(world.ask(room.id, eve.token)) == "room_not_found"


class TestModerators:
    async def test_need_no_seat_and_pass_every_level(self, world: World) -> None:
        room = (await world.room(max_spectators=1)).room
        ann = await world.enter(room.code)
        done = await world.manager.powers.promote(room, ann.person)
        assert (done.status, await seats(world, room.id)) == ("moderator", 0)
        assert await code_of(world.ask(room.code)) == "in", "the seat is somebody else's now"
        await world.manager.change(room, RoomPatch.read({"password": "s3cret", "require_approval": True}))
        again = await world.enter(room.id, ann.visitor)
        assert await role_of(world, again.token, room) == await role_of(world, ann.token, room) == "moderator"
        assert await world.manager.renew([(room.id, ann.person)]) == [True]

    async def test_sit_down_again_when_they_are_no_more_if_there_is_a_seat(self, world: World) -> None:
        room = (await world.room(max_spectators=1)).room
        ann = await world.enter(room.code)
        await world.manager.powers.promote(room, ann.person)
        assert (await world.manager.powers.demote(room, ann.person)).status == "spectator"
        assert await seats(world, room.id) == 1
        assert await world.manager.renew([(room.id, ann.person)]) == [True]
        await world.manager.powers.promote(room, ann.person)
        await world.enter(room.code)
        await world.manager.powers.demote(room, ann.person)
        assert await seats(world, room.id) == 1
        assert await world.manager.renew([(room.id, ann.person)]) == [False]

    async def test_are_made_of_members_alone(self, world: World) -> None:
        room = (await world.room(require_approval=True)).room
        waiting = await world.wait(room.code)
        for power in (world.manager.powers.promote, world.manager.powers.demote):
            with pytest.raises(SpectatorNotFound):
                await power(room, waiting.request.person)


class TestLists:
    async def test_whoever_came_in_by_the_list_goes_with_it(self, world: World) -> None:
        room = (await world.room(access_level="invite_only", allowed_users=["ann", "ben"])).room
        ann = await world.enter(room.code, await world.identity("ann"))
        ben = await world.enter(room.code, await world.identity("ben"))
        await world.manager.change(room, RoomPatch.read({"allowed_users": ["ben"]}))
        room = await now(world, room)
        assert await role_of(world, ann.token, room) is None
        assert await role_of(world, ben.token, room) == "spectator"
        assert await put_out(world, room) == {ann.person: "unlisted"}
        assert await code_of(world.ask(room.code, ann.token)) == "invitation_required"

    async def test_whoever_came_in_otherwise_stays(self, world: World) -> None:
        room = (await world.room(allowed_users=["ann"])).room
        ann = await world.enter(room.code, await world.identity("ann"))
        await world.manager.change(room, RoomPatch.read({"allowed_users": []}))
        assert await role_of(world, ann.token, await now(world, room)) == "spectator"

    async def test_a_name_that_is_claimed_is_on_no_list(self, world: World) -> None:
        room = (await world.room(access_level="invite_only", allowed_users=["ann"])).room
        assert await code_of(world.ask(room.code, display_name="ann")) == "invitation_required"
        foreign = await world.identity("ann", "other")
        assert await code_of(world.ask(room.code, foreign)) == "invitation_required"

    async def test_whoever_a_change_takes_off_the_blocked_may_come_again(self, world: World) -> None:
        room = (await world.room()).room
        ann = await world.enter(room.code)
        await world.manager.powers.block(room, ann.person, "owner")
        await world.manager.change(room, RoomPatch.read({"blocked_users": []}))
        assert await code_of(world.ask(room.code, client=HERE)) == "in"
        assert await code_of(world.ask(room.code, ann.visitor)) == "in"
        assert await world.manager.powers.blocked(await now(world, room)) == []
