"""What joining promises, on every kind of store: proof first, never more seats than there are."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from rooms import Admitted, RoomPatch, RoomsError, Waiting
from rooms.presence import MEMBERSHIP_MS, SEAT_MS
from rooms.store import keys
from tests.rooms.world import CLIENT, HOUR, SECOND, World, world_on


@pytest_asyncio.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    async with world_on(store_url) as opened:
        yield opened


async def code_of(outcome: object) -> str:
    """The code of the error that a call raises, or ``in`` / ``waits``."""
    try:
        done = await outcome  # type: ignore[misc]  # any awaitable of the tests
    except RoomsError as error:
        return error.code
    return "in" if isinstance(done, Admitted) else "waits"


async def seats(world: World, room_id: str) -> int:
    glance = await world.manager.glance(room_id)
    assert glance is not None
    return glance.seats


async def test_twenty_at_once_get_the_five_seats_there_are(world: World) -> None:
    room = (await world.room(max_spectators=5)).room
    outcomes = await asyncio.gather(*(code_of(world.ask(room.code)) for _ in range(20)))
    assert sorted(outcomes) == ["in"] * 5 + ["room_full"] * 15
    glance = await world.manager.glance(room.id)
    assert glance is not None
    assert (glance.seats, len(glance.members), glance.turned_away) == (5, 5, 15)


async def test_one_person_with_many_tabs_holds_one_seat(world: World) -> None:
    room = (await world.room(max_spectators=2)).room
    first = await world.enter(room.code)
    tabs = await asyncio.gather(*(world.enter(room.code, first.visitor) for _ in range(10)))
    assert {tab.person for tab in tabs} == {first.person}
    assert await seats(world, room.id) == 1
    callers = [await world.manager.caller(tab.token) for tab in (first, *tabs)]
    assert len({caller.grant_id for caller in callers}) == 1


async def test_a_seat_is_free_30_seconds_after_its_last_renewal(world: World) -> None:
    room = (await world.room(max_spectators=1)).room
    first = await world.enter(room.code)
    world.clock.push(SEAT_MS - 2 * SECOND)
    assert await code_of(world.ask(room.code)) == "room_full"
    assert await world.manager.renew([(room.id, first.person)]) == [True]
    world.clock.push(SEAT_MS - 2 * SECOND)
    assert await code_of(world.ask(room.code)) == "room_full"
    world.clock.push(2 * SECOND)
    assert await code_of(world.ask(room.code)) == "in"
    assert await world.manager.renew([(room.id, first.person)]) == [False]


async def test_a_lapsed_seat_is_taken_again_while_the_room_has_one(world: World) -> None:
    room = (await world.room(max_spectators=2)).room
    first = await world.enter(room.code)
    world.clock.push(SEAT_MS + SECOND)
    assert await seats(world, room.id) == 0
    assert await world.manager.renew([(room.id, first.person)]) == [True]
    assert await seats(world, room.id) == 1


async def test_many_leases_are_renewed_at_once_in_order(world: World) -> None:
    rooms = [(await world.room(name=f"room {n}")).room for n in range(5)]
    inside = [await world.enter(room.code) for room in rooms]
    leases = [(room.id, one.person) for room, one in zip(rooms, inside, strict=True)]
    await world.manager.leave(*leases[2])
    leases.append(("r_0000000000000000", "v_nobody"))
    assert await world.manager.renew(leases) == [True, True, False, True, True, False]


async def test_leaving_frees_the_seat_and_ends_the_grant(world: World) -> None:
    room = (await world.room(max_spectators=1, password="s3cret")).room
    first = await world.enter(room.code, password="s3cret")
    grant = await world.manager.caller(first.token)
    assert await world.manager.role(grant, room) == "spectator"
    await world.manager.leave(room.id, first.person)
    await world.manager.leave(room.id, first.person)
    assert await world.manager.role(grant, room) is None
    assert await world.manager.renew([(room.id, first.person)]) == [False]
    assert await seats(world, room.id) == 0
    assert await code_of(world.ask(room.code, first.visitor)) == "password_required"


async def test_a_seat_given_back_leaves_the_membership(world: World) -> None:
    room = (await world.room(max_spectators=1, password="s3cret")).room
    first = await world.enter(room.code, password="s3cret")
    await world.manager.renew([(room.id, first.person)])
    await world.manager.release(room.id, first.person)
    assert await seats(world, room.id) == 0
    again = await world.enter(room.code, first.visitor)
    assert again.person == first.person


async def test_a_node_does_not_give_back_what_another_renewed_since(world: World) -> None:
    from rooms import RoomManager, Secrets
    from tests.rooms.world import SECRET

    other = RoomManager(world.connection, Secrets([SECRET]))
    room = (await world.room()).room
    person = (await world.enter(room.code)).person
    await world.manager.renew([(room.id, person)])
    world.clock.push(SECOND)
    await other.renew([(room.id, person)])
    await world.manager.release(room.id, person)
    assert await seats(world, room.id) == 1
    await other.release(room.id, person)
    assert await seats(world, room.id) == 0
    await other.close()


async def test_a_password_is_asked_of_strangers_alone(world: World) -> None:
    room = (await world.room(password="s3cret")).room
    assert await code_of(world.ask(room.code)) == "password_required"
    assert await code_of(world.ask(room.code, password="wrong")) == "wrong_password"
    member = await world.enter(room.code, password="s3cret")
    assert await code_of(world.ask(room.code, member.visitor)) == "in"
    assert await code_of(world.ask(room.code, member.token, password="wrong")) == "in"


async def test_a_new_password_acts_on_new_joins(world: World) -> None:
    room = (await world.room(password="old")).room
    member = await world.enter(room.code, password="old")
    await world.manager.change(room, RoomPatch.read({"password": "new"}))
    assert await code_of(world.ask(room.code, password="old")) == "wrong_password"
    assert await code_of(world.ask(room.code, password="new")) == "in"
    assert await code_of(world.ask(room.code, member.visitor)) == "in"


async def test_a_private_room_and_no_room_look_the_same(world: World) -> None:
    room = (await world.room(access_level="private", allowed_users=["ann"])).room
    answers: list[tuple[object, ...]] = []
    for ref in (room.code, "ZZZZZZ", room.id, "r_zzzzzzzzzzzzzzzz", "no code at all", ""):
        with pytest.raises(RoomsError) as caught:
            await world.ask(ref, password="guess", client=f"192.0.2.{len(answers)}")
        answers.append(
            (caught.value.code, caught.value.message, caught.value.retry_after, caught.value.field)
        )
    assert len(set(answers)) == 1
    ann = await world.enter(room.code, await world.identity("ann"))
    assert ann.name == "Ann"
    assert await code_of(world.ask(room.code, await world.identity("bob"))) == "room_not_found"
    assert await code_of(world.ask(room.code, await world.identity("ann", "other"))) == "room_not_found"


async def test_invite_only_lets_the_listed_in_and_says_that_it_exists(world: World) -> None:
    room = (await world.room(access_level="invite_only", allowed_users=["ann"], require_approval=True)).room
    assert await code_of(world.ask(room.code, await world.identity("ann"))) == "in"
    assert await code_of(world.ask(room.code)) == "invitation_required"
    assert await code_of(world.ask(room.code, invitation="anything")) == "invitation_spent"


async def test_the_blocked_are_told_and_the_owner_is_not_seated(world: World) -> None:
    created = await world.room(blocked_users=["eve"], max_spectators=1)
    room = created.room
    assert await code_of(world.ask(room.code, await world.identity("eve"))) == "blocked"
    owner = await world.enter(room.code, created.owner_token)
    assert (owner.role, owner.person, owner.token) == ("owner", "owner", created.owner_token)
    assert await seats(world, room.id) == 0
    assert await code_of(world.ask(room.code)) == "in"
    assert await code_of(world.ask(room.code, created.owner_token)) == "in"


async def test_blocking_a_member_ends_the_membership(world: World) -> None:
    room = (await world.room()).room
    eve = await world.enter(room.code, await world.identity("eve"))
    ann = await world.enter(room.code, await world.identity("ann"))
    await world.manager.change(room, RoomPatch.read({"blocked_users": ["eve"]}))
    assert await world.manager.renew([(room.id, eve.person), (room.id, ann.person)]) == [False, True]


async def test_a_smaller_room_turns_nobody_out_and_lets_nobody_in(world: World) -> None:
    room = (await world.room(max_spectators=3)).room
    inside = [await world.enter(room.code) for _ in range(3)]
    await world.manager.change(room, RoomPatch.read({"max_spectators": 1}))
    assert await world.manager.renew([(room.id, one.person) for one in inside]) == [True] * 3
    await world.manager.leave(room.id, inside[0].person)
    assert await code_of(world.ask(room.code)) == "room_full"


async def test_credentials_of_another_room_or_tenant_are_worth_nothing_here(world: World) -> None:
    here, there = (await world.room(password="s3cret")), (await world.room(name="there"))
    inside = await world.enter(there.room.code)
    for bearer in (there.owner_token, inside.token):
        assert await code_of(world.ask(here.room.code, bearer)) == "password_required"
    assert await code_of(world.ask(here.room.code, inside.visitor)) == "password_required"


async def test_failures_use_up_the_budget_and_nothing_else_does(world: World) -> None:
    room = (await world.room(password="s3cret")).room
    member = await world.enter(room.code, password="s3cret")
    guesses = [await code_of(world.ask(room.code, password=f"guess {n}")) for n in range(16)]
    assert guesses == ["wrong_password"] * 15 + ["too_many_attempts"]
    assert await code_of(world.ask(room.code, password="s3cret")) == "too_many_attempts"
    assert await code_of(world.ask(room.code, password="s3cret", client="192.0.2.99")) == "in"
    assert await code_of(world.ask(room.code, member.visitor)) == "in"
    world.clock.push(HOUR)
    assert await code_of(world.ask(room.code, password="s3cret")) == "in"


async def test_a_class_that_joins_at_once_from_one_address_costs_nothing(world: World) -> None:
    room = (await world.room(max_spectators=40)).room
    outcomes = await asyncio.gather(*(code_of(world.ask(room.code)) for _ in range(60)))
    assert sorted(outcomes) == ["in"] * 40 + ["room_full"] * 20
    assert await code_of(world.ask("ZZZZZZ")) == "room_not_found"


async def test_codes_cannot_be_tried_out(world: World) -> None:
    tried = [await code_of(world.ask(f"ABC2{a}{b}")) for a in "ABCDEF" for b in "ABCDEF"]
    assert tried == ["room_not_found"] * 30 + ["too_many_attempts"] * 6


async def test_a_lock_out_does_not_touch_those_who_wait(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    tried = {await code_of(world.ask(f"ABC2{n // 8 + 2}{n % 8 + 2}")) for n in range(40)}
    assert tried == {"room_not_found", "too_many_attempts"}
    asker = await world.manager.caller(waiting.token)
    for ref in (room.id, room.code):
        assert (await world.manager.look(ref, asker, CLIENT))[0].id == room.id
    assert await code_of(world.manager.look("ZZZZZZ", asker, CLIENT)) == "too_many_attempts"
    assert await code_of(world.manager.look(room.code, await world.manager.caller(None), CLIENT)) == (
        "too_many_attempts"
    )


async def test_an_ended_room_says_so_after_the_proof(world: World) -> None:
    room = (await world.room(password="s3cret")).room
    await world.manager.close_room(room)
    assert await code_of(world.ask(room.code)) == "password_required"
    assert await code_of(world.ask(room.code, password="s3cret")) == "room_closed"
    short = (await world.room(session_duration_hours=1)).room
    world.clock.push(HOUR)
    assert await code_of(world.ask(short.code)) == "room_expired"


async def test_a_store_that_lost_the_members_denies(world: World) -> None:
    room = (await world.room(password="s3cret")).room
    member = await world.enter(room.code, password="s3cret")
    await world.connection.command("DEL", *keys.of_room(room.id, "members"))
    assert await world.manager.role(await world.manager.caller(member.token), room) is None
    assert await world.manager.renew([(room.id, member.person)]) == [False]
    assert await code_of(world.ask(room.code, member.visitor)) == "password_required"


async def test_members_long_gone_are_forgotten(world: World) -> None:
    room = (await world.room(session_duration_hours=100)).room
    gone = await world.enter(room.code)
    world.clock.push(MEMBERSHIP_MS + SEAT_MS)
    stays = await world.enter(room.code)
    await world.manager.sweep()
    assert [one.id for one in await world.manager.people(room.id)] == [stays.person]
    assert await world.manager.renew([(room.id, gone.person)]) == [False]


async def test_who_waits_is_not_in(world: World) -> None:
    room = (await world.room(require_approval=True, max_spectators=1)).room
    waiting = await world.ask(room.code)
    assert isinstance(waiting, Waiting)
    assert await seats(world, room.id) == 0
    assert await world.manager.renew([(room.id, waiting.request.person)]) == [False]
