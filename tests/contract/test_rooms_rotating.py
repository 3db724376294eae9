"""What replacing a code, a password, a key or an owner promises, on every kind of store."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from rooms import (
    Admitted,
    CodeTaken,
    Created,
    InvalidRequest,
    Limits,
    Passwords,
    Room,
    RoomClosed,
    RoomManager,
    RoomPatch,
    Secrets,
    Unauthorized,
)
from rooms.limits import Guess
from rooms.presence import CODE_KEPT_MS
from rooms.store import keys
from tests.contract.test_rooms_joins import code_of, seats
from tests.contract.test_rooms_powers import ELSEWHERE, now, put_out, role_of
from tests.rooms.world import SECOND, SECRET, World, world_on


@pytest_asyncio.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    async with world_on(store_url) as opened:
        yield opened


async def rotate(world: World, room: Room, what: str) -> Created:
    return await world.manager.powers.rotate(room, what)  # type: ignore[arg-type]  # a word of the tests


class TestCode:
    async def test_the_old_one_is_unknown_at_once_and_who_is_in_is_out(self, world: World) -> None:
        room = (await world.room()).room
        ann, moderator = await world.enter(room.code), await world.enter(room.code)
        await world.manager.powers.promote(room, moderator.person)
        after = (await rotate(world, room, "code")).room
        assert after.code != room.code
        assert await code_of(world.ask(room.code)) == "room_not_found"
        assert await world.manager.find(room.code) is None
        for bearer in (ann.token, ann.visitor, None):
            assert await code_of(world.ask(room.code, bearer)) == "room_not_found"
            assert await code_of(world.ask(room.id, bearer)) == "room_not_found", "an id is no code"
        assert await role_of(world, ann.token, after) is None
        assert await role_of(world, moderator.token, after) == "moderator"
        assert await world.manager.renew([(room.id, ann.person), (room.id, moderator.person)]) == [
            False,
            True,
        ]
        assert await seats(world, room.id) == 0
        assert await put_out(world, room) == {}, "nobody is singled out"
        assert await code_of(world.ask(after.code, ann.visitor)) == "in"

    async def test_the_old_one_is_nobody_elses_for_a_day(self, world: World) -> None:
        room = (await world.room()).room
        await rotate(world, room, "code")
        with pytest.raises(CodeTaken):
            await world.room(custom_code=room.code)
        left = await world.connection.command("PTTL", keys.code(room.code))
        assert CODE_KEPT_MS - 60 * SECOND < left <= CODE_KEPT_MS

    async def test_who_waits_goes_on_waiting(self, world: World) -> None:
        room = (await world.room(require_approval=True)).room
        waiting = await world.wait(room.code)
        await rotate(world, room, "code")
        await world.manager.answer(room.id, waiting.request_id, True)
        admitted = await world.manager.redeem_request(await world.manager.caller(waiting.token))
        assert isinstance(admitted, Admitted)

    async def test_two_owners_at_once_leave_one_code(self, world: World) -> None:
        room = (await world.room()).room
        made = await asyncio.gather(*(rotate(world, room, "code") for _ in range(3)))
        after = await now(world, room)
        tried = {room.code} | {one.room.code for one in made} | {after.code}
        works = [code for code in tried if await code_of(world.ask(code)) == "in"]
        assert works == [after.code]
        assert await world.connection.command("PTTL", keys.code(after.code)) == -1
        for code in tried - {after.code}:
            assert await world.connection.command("PTTL", keys.code(code)) > 0, "no code is lost for ever"

    async def test_a_node_that_dies_half_way_leaves_a_code_that_works(self, world: World) -> None:
        room = (await world.room()).room
        world.clock.push(31 * SECOND)
        await world.manager.sweep()  # the first look at a new room; by itself the next comes in an hour
        indexes = world.manager.powers._rotating._indexes
        await indexes.reserve_code(room.tenant, room.id, None)
        await indexes.replace_code(room)
        world.clock.push(31 * SECOND)
        await world.manager.sweep()
        assert await world.connection.command("PTTL", keys.code(room.code)) == -1
        assert await code_of(world.ask(room.code)) == "in"


class TestPassword:
    async def test_a_new_one_is_made_and_told_once(self, world: World) -> None:
        room = (await world.room(password="s3cret")).room
        ann = await world.enter(room.code, password="s3cret")
        made = await rotate(world, room, "password")
        assert made.password is not None
        assert await role_of(world, ann.token, made.room) is None
        assert await code_of(world.ask(room.code, ann.visitor)) == "password_required"
        assert await code_of(world.ask(room.code, ann.token, password="s3cret")) == "wrong_password"
        assert await code_of(world.ask(room.code, password=made.password)) == "in"
        assert (await now(world, room)).code == room.code

    @pytest.mark.parametrize("level", ["public", "invite_only", "private"])
    async def test_the_level_becomes_password(self, world: World, level: str) -> None:
        room = (await world.room(access_level=level, listed=True)).room
        made = await rotate(world, room, "password")
        assert (made.room.access_level, made.room.has_password) == ("password", True)
        assert await world.manager.lobby() == []
        assert await code_of(world.ask(room.code, password=made.password)) == "in"

    async def test_two_owners_at_once_leave_one_password(self, world: World) -> None:
        room = (await world.room()).room
        made = await asyncio.gather(*(rotate(world, room, "password") for _ in range(2)))
        tried = [await code_of(world.ask(room.code, password=one.password)) for one in made]
        assert sorted(tried) == ["in", "wrong_password"]


async def test_rotations_and_changes_at_once_all_hold(world: World) -> None:
    """Each writes the whole document: what another one wrote in between must not be lost."""
    room = (await world.room()).room
    for number in range(5):
        ann = await world.enter((await now(world, room)).code, client=f"10.0.0.{number}")
        made, _, _, _ = await asyncio.gather(
            rotate(world, room, "password"),
            world.manager.change(room, RoomPatch.read({"name": f"name {number}"})),
            world.manager.powers.block(room, ann.person, "owner"),
            world.manager.powers.transfer(room, f"user {number}"),
        )
        after = await now(world, room)
        assert (after.name, after.owner_id) == (f"name {number}", f"user {number}")
        assert ann.person in after.blocked_users
        assert await code_of(world.ask(room.code, client=ELSEWHERE, password=made.password)) == "in"
        await world.manager.change(room, RoomPatch.read({"password": None, "access_level": "public"}))


class HeldPasswords(Passwords):
    """Checks passwords, and keeps the answer back until it is told to give it."""

    def __init__(self) -> None:
        super().__init__()
        self.checked, self.go_on = asyncio.Event(), asyncio.Event()

    async def verify(
        self, password_hash: str | None, password: str, whose: str = "", guess: Guess | None = None
    ) -> bool:
        right = await super().verify(password_hash, password, whose, guess)
        self.checked.set()
        await self.go_on.wait()
        return right


@pytest.mark.parametrize(("what", "answer"), [("password", "wrong_password"), ("code", "room_not_found")])
async def test_a_join_between_its_check_and_its_seat_is_decided_anew(
    world: World, what: str, answer: str
) -> None:
    """The password was right when it was looked at; by the time the seat is taken it is not any more."""
    room = (await world.room(password="s3cret")).room
    held = HeldPasswords()
    node = RoomManager(world.connection, Secrets([SECRET]), hasher=held)
    other = World(world.connection, world.clock, node)
    try:
        async with asyncio.TaskGroup() as tasks:
            joining = tasks.create_task(code_of(other.ask(room.code, password="s3cret")))
            await held.checked.wait()
            await rotate(world, room, what)
            held.go_on.set()
        assert joining.result() == answer
        glance = await world.manager.glance(room.id)
        assert glance is not None
        assert (glance.members, glance.seats) == ({}, 0)
    finally:
        await node.close()


@pytest.mark.parametrize("what", ["code", "password"])
async def test_rotating_wins_over_joins_that_race_it(store_url: str, what: str) -> None:
    async with world_on(store_url, Limits(enabled=False)) as world:
        room = (await world.room(max_spectators=50)).room
        for _ in range(5):
            joins = [code_of(world.ask(room.code)) for _ in range(5)]
            *_, made = await asyncio.gather(*joins, rotate(world, room, what))
            room = made.room
            glance = await world.manager.glance(room.id)
            assert glance is not None
            assert glance.members == {}
            if what == "password":
                await world.manager.change(room, RoomPatch.read({"password": None, "access_level": "public"}))


class TestKey:
    async def test_the_old_key_is_worth_nothing_and_nobody_is_sent_away(self, world: World) -> None:
        made = await world.room()
        ann = await world.enter(made.room.code)
        claim = await world.manager.claim(made.room)
        after = await rotate(world, made.room, "key")
        assert after.room.generation == made.room.generation + 1
        old, new = await world.manager.caller(made.owner_token), await world.manager.caller(after.owner_token)
        assert await world.manager.role(old, after.room) is None
        assert await world.manager.role(new, after.room) == "owner"
        assert not world.manager.may_publish(old, after.room)
        assert world.manager.may_publish(new, after.room)
        with pytest.raises(Unauthorized):
            await world.manager.redeem_claim(claim)
        assert await role_of(world, ann.token, after.room) == "spectator"

    async def test_two_owners_at_once_get_keys_of_which_the_last_counts(self, world: World) -> None:
        room = (await world.room()).room
        made = await asyncio.gather(*(rotate(world, room, "key") for _ in range(3)))
        after = await now(world, room)
        assert after.generation == room.generation + 3
        newest = [one for one in made if one.room.generation == after.generation]
        for one in made:
            role = await role_of(world, one.owner_token, after)
            assert role == ("owner" if one in newest else None)


class TestTransfer:
    async def test_another_user_is_owner_and_the_old_key_is_not(self, world: World) -> None:
        made = await world.room(owner_id="root")
        ann = await world.enter(made.room.code, await world.identity("ann"))
        after = await world.manager.powers.transfer(made.room, "ann")
        assert (after.owner_id, after.generation) == ("ann", made.room.generation + 1)
        assert await role_of(world, made.owner_token, after) is None
        assert await role_of(world, await world.identity("root"), after) is None
        assert await role_of(world, await world.identity("ann"), after) == "owner"
        assert await role_of(world, await world.identity("ann", "other"), after) is None
        assert await role_of(world, ann.token, after) == "spectator", "a grant stays what it is"
        entered = await world.enter(after.id, await world.identity("ann"))
        assert entered.role == "owner"
        assert await role_of(world, entered.token, after) == "owner"

    async def test_not_to_somebody_blocked(self, world: World) -> None:
        room = (await world.room(blocked_users=["eve"])).room
        with pytest.raises(InvalidRequest) as caught:
            await world.manager.powers.transfer(room, "eve")
        assert caught.value.field == "user_id"


async def test_a_room_that_is_over_is_nobodys_to_change(world: World) -> None:
    room = (await world.room()).room
    ann = await world.enter(room.code)
    await world.manager.close_room(room)
    for what in ("code", "password", "key"):
        with pytest.raises(RoomClosed):
            await rotate(world, room, what)
    powers = world.manager.powers
    for call in (
        powers.transfer(room, "ann"),
        powers.block(room, ann.person, "owner"),
        powers.promote(room, ann.person),
    ):
        with pytest.raises(RoomClosed):
            await call
