"""What asking to be let in promises, on every kind of store: no answer is a no, and one answer stands."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from rooms import Admitted, JoinRequest, RequestNotFound, RequestSettled, RoomFull, RoomsError
from rooms.presence import ANSWER_KEPT_MS, REFUSED_MS, RESERVED_MS
from rooms.store import keys
from tests.contract.test_rooms_joins import code_of, seats
from tests.rooms.world import SECOND, World, world_on


@pytest_asyncio.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    async with world_on(store_url) as opened:
        yield opened


async def redeemed(world: World, token: str) -> Admitted | JoinRequest:
    return await world.manager.redeem_request(await world.manager.caller(token))


async def test_an_approval_makes_a_member_and_holds_a_seat(world: World) -> None:
    room = (await world.room(require_approval=True, max_spectators=1)).room
    waiting = await world.wait(room.code, display_name="Ann")
    assert [one.name for one in await world.manager.requests(room.id)] == ["Ann"]
    pending = await redeemed(world, waiting.token)
    assert isinstance(pending, JoinRequest)
    assert pending.status == "pending_approval"
    approved = await world.manager.answer(room.id, waiting.request_id, True)
    assert approved.status == "approved"
    assert await seats(world, room.id) == 1
    admitted = await redeemed(world, waiting.token)
    assert isinstance(admitted, Admitted)
    assert (admitted.name, admitted.role) == ("Ann", "spectator")
    assert await world.manager.role(await world.manager.caller(admitted.token), room) == "spectator"
    assert await world.manager.requests(room.id) == []
    assert await code_of(world.ask(room.code, waiting.visitor)) == "in"


async def test_a_seat_held_for_nobody_is_free_after_a_minute(world: World) -> None:
    room = (await world.room(require_approval=True, max_spectators=1)).room
    waiting = await world.wait(room.code)
    await world.manager.answer(room.id, waiting.request_id, True)
    world.clock.push(RESERVED_MS - 2 * SECOND)
    assert await code_of(world.ask(room.code)) == "room_full"
    world.clock.push(2 * SECOND)
    assert await code_of(world.ask(room.code)) == "waits"


async def test_no_answer_is_a_no(world: World) -> None:
    room = (await world.room(require_approval=True, approval_timeout=10)).room
    waiting = await world.wait(room.code)
    world.clock.push(10 * SECOND)
    expired = await redeemed(world, waiting.token)
    assert isinstance(expired, JoinRequest)
    assert expired.status == "expired"
    assert await world.manager.requests(room.id) == []
    for approve in (True, False):
        with pytest.raises(RequestSettled):
            await world.manager.answer(room.id, waiting.request_id, approve)
    assert await seats(world, room.id) == 0
    assert await code_of(world.ask(room.code, waiting.visitor)) == "waits"
    await world.manager.sweep()
    assert [one.person for one in await world.manager.requests(room.id)] == [waiting.request.person]


async def test_a_denial_is_told_and_keeps_out_for_a_minute(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    assert (await world.manager.answer(room.id, waiting.request_id, False)).status == "denied"
    told = await redeemed(world, waiting.token)
    assert isinstance(told, JoinRequest)
    assert told.status == "denied"
    with pytest.raises(RoomsError) as caught:
        await world.ask(room.code, waiting.visitor)
    assert caught.value.code == "approval_denied"
    assert caught.value.retry_after is not None
    assert 58 < caught.value.retry_after <= 60
    world.clock.push(REFUSED_MS)
    assert await code_of(world.ask(room.code, waiting.visitor)) == "waits"


@pytest.mark.parametrize("approve", [True, False])
async def test_the_same_answer_again_is_harmless_and_another_is_refused(world: World, approve: bool) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    first = await world.manager.answer(room.id, waiting.request_id, approve)
    assert await world.manager.answer(room.id, waiting.request_id, approve) == first
    with pytest.raises(RequestSettled):
        await world.manager.answer(room.id, waiting.request_id, not approve)
    with pytest.raises(RequestSettled):
        await world.manager.withdraw(room.id, waiting.request_id)


async def test_owners_who_contradict_each_other_settle_it_once(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    for _ in range(5):
        waiting = await world.wait(room.code)
        outcomes = await asyncio.gather(
            *(world.manager.answer(room.id, waiting.request_id, approve) for approve in (True, False) * 3),
            return_exceptions=True,
        )
        settled = {one.status for one in outcomes if isinstance(one, JoinRequest)}
        assert len(settled) == 1
        assert sum(isinstance(one, RequestSettled) for one in outcomes) == 3
        stands = await world.manager.request(room.id, waiting.request_id)
        assert settled == {stands.status}
        member = {one.id for one in await world.manager.people(room.id)}
        assert (waiting.request.person in member) == (stands.status == "approved")


async def test_a_full_room_lets_the_request_go_on_waiting(world: World) -> None:
    room = (await world.room(require_approval=True, max_spectators=1)).room
    first, second = await world.wait(room.code), await world.wait(room.code)
    await world.manager.answer(room.id, first.request_id, True)
    with pytest.raises(RoomFull, match="goes on waiting"):
        await world.manager.answer(room.id, second.request_id, True)
    assert [one.id for one in await world.manager.requests(room.id)] == [second.request_id]
    await world.manager.leave(room.id, first.request.person)
    assert (await world.manager.answer(room.id, second.request_id, True)).status == "approved"


async def test_everyone_is_answered_until_the_room_is_full(world: World) -> None:
    room = (await world.room(require_approval=True, max_spectators=3)).room
    asked = [await world.wait(room.code, display_name=f"P{n}") for n in range(5)]
    answered = await world.manager.answer_all(room.id)
    assert [one.id for one in answered] == [one.request_id for one in asked[:3]]
    assert await seats(world, room.id) == 3
    denied = await world.manager.answer_all(room.id, approve=False)
    assert [one.id for one in denied] == [one.request_id for one in asked[3:]]


async def test_asking_again_while_waiting_is_the_same_request(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    first = await world.wait(room.code)
    again = await asyncio.gather(*(world.wait(room.code, first.visitor) for _ in range(5)))
    assert {one.request_id for one in again} == {first.request_id}
    assert len(await world.manager.requests(room.id)) == 1
    by_lobby = await world.wait(room.code, first.token)
    assert by_lobby.request_id == first.request_id


async def test_who_withdraws_leaves_no_trace(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    await world.manager.withdraw(room.id, waiting.request_id)
    await world.manager.withdraw(room.id, waiting.request_id)
    with pytest.raises(RequestNotFound):
        await world.manager.answer(room.id, waiting.request_id, True)
    with pytest.raises(RequestNotFound):
        await redeemed(world, waiting.token)
    assert await world.manager.requests_by_id(room.id, [waiting.request_id]) == {}
    again = await world.wait(room.code, waiting.visitor)
    assert again.request_id != waiting.request_id


async def test_a_hundred_may_wait_in_a_room(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    outcomes = await asyncio.gather(
        *(code_of(world.ask(room.code, client=f"192.0.2.{number % 3}")) for number in range(105))
    )
    assert sorted(outcomes) == ["quota_exceeded"] * 5 + ["waits"] * 100
    first = (await world.manager.requests(room.id))[0]
    await world.manager.answer(room.id, first.id, False)
    assert await code_of(world.ask(room.code, client="192.0.2.0")) == "waits"


async def test_one_address_takes_half_of_the_places_to_wait_at_most(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    trick = '"source":""'
    outcomes = await asyncio.gather(*(code_of(world.ask(room.code, display_name=trick)) for _ in range(55)))
    assert sorted(outcomes) == ["quota_exceeded"] * 5 + ["waits"] * 50
    assert await code_of(world.ask(room.code, client="192.0.2.9")) == "waits"
    first = (await world.manager.requests(room.id))[0]
    await world.manager.withdraw(room.id, first.id)
    assert await code_of(world.ask(room.code)) == "waits"


async def test_a_person_waits_in_three_rooms_at_most(world: World) -> None:
    rooms = [(await world.room(name=f"room {n}", require_approval=True)).room for n in range(4)]
    visitor = (await world.wait(rooms[0].code)).visitor
    for room in rooms[1:3]:
        await world.wait(room.code, visitor)
    assert await code_of(world.ask(rooms[3].code, visitor)) == "quota_exceeded"
    assert await code_of(world.ask(rooms[0].code, visitor)) == "waits"
    first = (await world.manager.requests(rooms[0].id))[0]
    await world.manager.withdraw(rooms[0].id, first.id)
    assert await code_of(world.ask(rooms[3].code, visitor)) == "waits"


async def test_an_answer_can_be_read_for_an_hour_and_is_then_forgotten(world: World) -> None:
    room = (await world.room(require_approval=True, approval_timeout=10)).room
    waiting = await world.wait(room.code)
    await world.manager.answer(room.id, waiting.request_id, False)
    world.clock.push(ANSWER_KEPT_MS)
    await world.manager.sweep()
    assert (await world.manager.request(room.id, waiting.request_id)).status == "denied"
    world.clock.push(10 * SECOND + ANSWER_KEPT_MS)
    await world.manager.sweep()
    with pytest.raises(RequestNotFound):
        await world.manager.request(room.id, waiting.request_id)
    for part in ("requests", "waiting", "askers", "asked"):
        assert await world.connection.command("EXISTS", *keys.of_room(room.id, part)) == 0


async def test_a_room_that_ended_lets_nobody_in_any_more(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    approved = await world.wait(room.code)
    await world.manager.answer(room.id, approved.request_id, True)
    await world.manager.close_room(room)
    assert await code_of(world.manager.answer(room.id, waiting.request_id, True)) == "room_closed"
    with pytest.raises(RoomsError) as caught:
        await redeemed(world, approved.token)
    assert caught.value.code == "room_closed"


async def test_a_membership_that_ended_is_not_redeemed(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    await world.manager.answer(room.id, waiting.request_id, True)
    await world.manager.leave(room.id, waiting.request.person)
    with pytest.raises(RoomsError) as caught:
        await redeemed(world, waiting.token)
    assert caught.value.code == "unauthorized"
