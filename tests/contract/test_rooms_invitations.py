"""What invitations promise, on every kind of store: each use is spent once, together with the seat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest
import pytest_asyncio

from rooms import Invitation, NewInvitation, RoomManager, Secrets, connect
from rooms.store import PeopleStore, RoomStore, keys
from rooms.store.invitations_store import InvitationsStore
from tests.contract.test_rooms_joins import code_of, seats
from tests.rooms.made import a_member
from tests.rooms.world import CLIENT, HOUR, SECRET, World, world_on

CROWD = 24


@pytest_asyncio.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    async with world_on(store_url) as opened:
        yield opened


async def invite(world: World, room_id: str, **fields: object) -> tuple[Invitation, str]:
    room = await world.manager.find(room_id)
    assert room is not None
    return await world.manager.invitations.make(room, NewInvitation.read(fields))


async def used(world: World, room_id: str) -> list[int]:
    room = await world.manager.find(room_id)
    assert room is not None
    return [one.used for one in await world.manager.invitations.list(room)]


@pytest.mark.parametrize("level", ["invite_only", "private"])
async def test_an_invitation_opens_a_room_that_nothing_else_opens(world: World, level: str) -> None:
    room = (await world.room(access_level=level)).room
    _, token = await invite(world, room.id)
    assert await code_of(world.ask(room.code)) in {"invitation_required", "room_not_found"}
    ann = await world.enter(room.code, invitation=token, display_name="Ann")
    assert ann.role == "spectator"
    assert await used(world, room.id) == [1]
    closed = {"invite_only": "invitation_spent", "private": "room_not_found"}[level]
    assert await code_of(world.ask(room.code, invitation=token)) == closed
    for bearer in (ann.visitor, ann.token):  # membership is the grant
        assert await code_of(world.ask(room.code, bearer, invitation=token)) == "in"
        assert await code_of(world.ask(room.code, bearer)) == "in"
    assert await used(world, room.id) == [1]


async def test_the_last_use_is_spent_once_however_many_come_at_once(world: World, store_url: str) -> None:
    async with AsyncExitStack() as stack:
        other = await connect(store_url, world.clock)
        stack.push_async_callback(other.close)
        elsewhere = RoomManager(other, Secrets([SECRET]))
        stack.push_async_callback(elsewhere.close)
        nodes = (world, World(other, world.clock, elsewhere))
        for left in (1, 3):
            room = (await world.room(access_level="invite_only", max_spectators=CROWD)).room
            _, token = await invite(world, room.id, uses=left)
            outcomes = await asyncio.gather(
                *(
                    code_of(nodes[number % 2].ask(room.code, invitation=token, client=f"192.0.2.{number}"))
                    for number in range(CROWD)
                )
            )
            assert sorted(outcomes) == ["in"] * left + ["invitation_spent"] * (CROWD - left)
            assert await used(world, room.id) == [left]
            assert await seats(world, room.id) == left


async def test_a_full_room_spends_nothing(world: World) -> None:
    room = (await world.room(access_level="invite_only", max_spectators=1)).room
    _, token = await invite(world, room.id, uses=2)
    ann = await world.enter(room.code, invitation=token)
    assert await code_of(world.ask(room.code, invitation=token)) == "room_full"
    assert await used(world, room.id) == [1]
    await world.manager.leave(room.id, ann.person)
    assert await code_of(world.ask(room.code, invitation=token)) == "in"
    assert await used(world, room.id) == [2]


async def test_one_seat_and_many_uses_are_never_spent_in_vain(world: World) -> None:
    room = (await world.room(access_level="invite_only", max_spectators=1)).room
    _, token = await invite(world, room.id, uses=CROWD)
    outcomes = await asyncio.gather(*(code_of(world.ask(room.code, invitation=token)) for _ in range(CROWD)))
    assert sorted(outcomes) == ["in"] + ["room_full"] * (CROWD - 1)
    assert await used(world, room.id) == [1]


async def test_a_join_repeated_after_a_lost_answer_spends_nothing(world: World) -> None:
    room = (await world.room(access_level="invite_only")).room
    made, _ = await invite(world, room.id)
    record = await RoomStore(world.connection).read(room.id)
    invited = await InvitationsStore(world.connection).get(room.id, made.id)
    assert record is not None
    people, ends_ms = PeopleStore(world.connection), world.clock.now_ms() + 30_000
    once = partial(people.admit, record, as_member=False, lease_end_ms=ends_ms, nonce="n_1", invited=invited)
    first = await once(a_member("v_1", by="invitation"))
    assert first == await once(a_member("v_1", by="invitation")) == ("in", first[1])
    assert await once(a_member("v_2", by="invitation")) == ("changed", a_member("v_2", by="invitation"))
    assert await used(world, room.id) == [1]


async def test_one_that_was_withdrawn_since_the_decision_is_not_spent(world: World) -> None:
    room = (await world.room(access_level="invite_only")).room
    made, _ = await invite(world, room.id, uses=5)
    record = await RoomStore(world.connection).read(room.id)
    invited = await InvitationsStore(world.connection).get(room.id, made.id)
    assert record is not None
    await world.manager.invitations.withdraw(room, made.id)
    word, _ = await PeopleStore(world.connection).admit(
        record, a_member(), as_member=False, lease_end_ms=None, nonce="n_1", invited=invited
    )
    assert word == "changed"
    assert await used(world, room.id) == [0]
    assert await world.manager.people(room.id) == []


async def test_an_invitation_that_was_not_needed_is_kept(world: World) -> None:
    listed = await world.identity("ann")
    for fields, bearer in (
        ({"access_level": "public"}, None),
        ({"access_level": "invite_only", "allowed_users": ["ann"]}, listed),
        ({"access_level": "private", "allowed_users": ["ann"]}, listed),
        ({"access_level": "public", "require_approval": True, "allowed_users": ["ann"]}, listed),
        ({"password": "s3cret"}, None),
    ):
        created = await world.room(**fields)
        _, token = await invite(world, created.room.id)
        secret = {"password": "s3cret"} if "password" in fields else {}
        assert await code_of(world.ask(created.room.code, bearer, invitation=token, **secret)) == "in"
        assert await code_of(world.ask(created.room.code, created.owner_token, invitation=token)) == "in"
        assert await used(world, created.room.id) == [0], fields


async def test_it_stands_in_for_approval_and_never_for_the_password(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    _, token = await invite(world, room.id)
    assert await code_of(world.ask(room.code)) == "waits"
    assert await code_of(world.ask(room.code, invitation=token)) == "in"
    assert await used(world, room.id) == [1]
    assert await code_of(world.ask(room.code, invitation=token)) == "waits"
    secret = (await world.room(password="s3cret", require_approval=True)).room
    _, token = await invite(world, secret.id)
    assert await code_of(world.ask(secret.code, invitation=token)) == "password_required"
    assert await code_of(world.ask(secret.code, invitation=token, password="guess")) == "wrong_password"
    assert await used(world, secret.id) == [0]
    assert await code_of(world.ask(secret.code, invitation=token, password="s3cret")) == "in"
    assert await used(world, secret.id) == [1]


@pytest.mark.parametrize("level", ["invite_only", "private"])
async def test_one_for_a_user_is_worth_nothing_to_anybody_else(world: World, level: str) -> None:
    room = (await world.room(access_level=level)).room
    _, token = await invite(world, room.id, user_id="ann", uses=9)
    refused = {"invite_only": "invitation_spent", "private": "room_not_found"}[level]
    for bearer in (None, await world.identity("bob"), await world.identity("ann", tenant="other")):
        assert await code_of(world.ask(room.code, bearer, invitation=token)) == refused
    assert await used(world, room.id) == [0]
    assert await code_of(world.ask(room.code, await world.identity("ann"), invitation=token)) == "in"


async def test_what_is_withdrawn_expired_forged_or_of_another_room_opens_nothing(world: World) -> None:
    room, there = (await world.room(access_level="invite_only")).room, (await world.room()).room
    withdrawn, first = await invite(world, room.id, uses=5)
    _, short = await invite(world, room.id, hours=1)
    _, foreign = await invite(world, there.id)
    ann = await world.enter(room.code, invitation=first)
    await world.manager.invitations.withdraw(room, withdrawn.id)
    world.clock.push(HOUR)
    forged = short[:-4] + ("AAAA" if short[-4:] != "AAAA" else "BBBB")
    other_kind = ann.visitor or ""
    for token in (first, short, foreign, forged, other_kind, "in_", "nonsense", "x" * 2000):
        assert await code_of(world.ask(room.code, invitation=token)) == "invitation_spent", token[:8]
    assert await code_of(world.ask(room.code, ann.visitor)) == "in", "who came in by it stays"
    told = {one.id: one.status(world.clock.now_ms()) for one in await world.manager.invitations.list(room)}
    assert sorted(told.values()) == ["expired", "withdrawn"]


async def test_failures_are_charged_to_the_budget(world: World) -> None:
    room = (await world.room(access_level="invite_only")).room
    _, token = await invite(world, room.id)
    answers = [await code_of(world.ask(room.code, invitation="in_nonsense")) for _ in range(16)]
    assert answers == ["invitation_spent"] * 15 + ["too_many_attempts"]
    assert await code_of(world.ask(room.code, invitation=token)) == "too_many_attempts"
    assert await code_of(world.ask(room.code, invitation=token, client="192.0.2.77")) == "in"


async def test_a_link_outlives_the_code_it_was_made_with(world: World) -> None:
    room = (await world.room(access_level="private")).room
    _, token = await invite(world, room.id, uses=3)
    assert await code_of(world.ask("ZZZZZZ", invitation=token)) == "in"
    assert await code_of(world.ask(room.id, invitation=token)) == "in"
    assert await code_of(world.ask(room.id)) == "room_not_found"
    there = (await world.room(access_level="invite_only")).room
    assert await code_of(world.ask(there.code, invitation=token)) == "invitation_spent"


@pytest.mark.parametrize("level", ["public", "invite_only", "private"])
async def test_a_link_outlives_the_code_that_was_rotated(world: World, level: str) -> None:
    room = (await world.room(access_level=level, require_approval=True)).room
    _, token = await invite(world, room.id)
    await world.manager.powers.rotate(room, "code")
    assert await code_of(world.ask(room.code)) == "room_not_found"
    assert await code_of(world.ask(room.code, invitation=token)) == "in"
    assert await code_of(world.ask(room.code, invitation=token)) != "in"


async def test_a_room_keeps_a_thousand_and_clears_away_what_is_worth_nothing(world: World) -> None:
    room = (await world.room(access_level="invite_only", session_duration_hours=100)).room
    made = [await invite(world, room.id, hours=1 if number < 2 else 50) for number in range(1000)]
    assert await code_of(invite(world, room.id)) == "quota_exceeded"
    world.clock.push(HOUR)
    await invite(world, room.id)
    await world.manager.invitations.withdraw(room, made[2][0].id)
    await world.enter(room.code, invitation=made[3][1])
    for _ in range(3):
        await invite(world, room.id)
    left = {one.id for one in await world.manager.invitations.list(room)}
    assert len(left) == 1000
    assert not left & {made[number][0].id for number in range(4)}
    assert await code_of(invite(world, room.id)) == "quota_exceeded"


async def test_a_room_that_is_over_makes_none_and_lets_nobody_in(world: World) -> None:
    room = (await world.room(access_level="invite_only")).room
    _, token = await invite(world, room.id)
    await world.manager.close_room(room)
    assert await code_of(invite(world, room.id)) == "room_closed"
    assert await code_of(world.ask(room.code, invitation=token)) == "room_closed"
    assert await used(world, room.id) == [0]


async def test_no_token_lies_in_the_store(world: World) -> None:
    room = (await world.room(access_level="invite_only")).room
    _, token = await invite(world, room.id, note="for Ann")
    await world.enter(room.code, invitation=token)
    (row,) = (await world.connection.command("HGETALL", *keys.of_room(room.id, "invitations"))).values()
    assert token[3:40] not in row.decode()
    assert "for Ann" in row.decode()
    assert await code_of(world.ask(room.code, client=CLIENT, invitation=token)) == "invitation_spent"
