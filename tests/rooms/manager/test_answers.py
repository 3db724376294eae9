import asyncio

import pytest

from rooms import (
    Admitted,
    NewInvitation,
    RequestNotFound,
    RequestSettled,
    RoomClosed,
    RoomExpired,
    RoomsError,
    Waiting,
)
from rooms.store import keys
from tests.rooms.world import SECOND, World


async def test_several_requests_are_read_at_once(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    first, second = await world.wait(room.code), await world.wait(room.code)
    await world.manager.answer(room.id, first.request_id, False)
    found = await world.manager.requests_by_id(room.id, [first.request_id, second.request_id, "q_none"])
    assert {key: one.status for key, one in found.items()} == {
        first.request_id: "denied",
        second.request_id: "pending_approval",
    }
    assert await world.manager.requests_by_id(room.id, []) == {}


async def test_who_waits_is_listed_oldest_first_with_a_name_and_a_user(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    await world.wait(room.code, display_name="Bob")
    world.clock.push(SECOND)
    await world.wait(room.code, await world.identity("ann"))
    listed = await world.manager.requests(room.id)
    assert [(one.name, one.user_id) for one in listed] == [("Bob", None), ("Ann", "ann")]
    assert listed[0].requested_at_ms < listed[1].requested_at_ms


async def test_what_is_not_there_is_said(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    with pytest.raises(RequestNotFound):
        await world.manager.request(room.id, "q_none")
    with pytest.raises(RequestNotFound):
        await world.manager.answer(room.id, "q_none", True)
    await world.manager.withdraw(room.id, "q_none")
    assert await world.manager.requests("r_0000000000000000") == []


async def test_taking_back_an_expired_request_is_harmless(world: World) -> None:
    room = (await world.room(require_approval=True, approval_timeout=10)).room
    waiting = await world.wait(room.code)
    world.clock.push(10 * SECOND)
    with pytest.raises(RequestSettled, match="not answered in time"):
        await world.manager.answer(room.id, waiting.request_id, True)
    for _ in range(2):
        await world.manager.withdraw(room.id, waiting.request_id)
    with pytest.raises(RequestNotFound):
        await world.manager.answer(room.id, waiting.request_id, True)


async def test_who_comes_in_by_another_way_waits_no_longer(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    _, invitation = await world.manager.invitations.make(room, NewInvitation())
    entered = await world.enter(room.code, waiting.visitor, invitation=invitation)
    assert await world.manager.requests(room.id) == []
    redeemed = await world.manager.redeem_request(await world.manager.caller(waiting.token))
    assert isinstance(redeemed, Admitted)
    assert redeemed.person == entered.person
    with pytest.raises(RequestSettled):
        await world.manager.answer(room.id, waiting.request_id, False)


async def test_who_waits_for_a_room_that_is_over_is_told_so(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    asker = await world.manager.caller(waiting.token)
    await world.manager.close_room(room)
    with pytest.raises(RoomClosed):
        await world.manager.redeem_request(asker)
    assert await world.manager.requests(room.id) == []


async def test_a_wait_that_came_to_nothing_costs_no_place(world: World) -> None:
    visitor = await world.enter((await world.room()).room.code)
    for seconds in range(1, 15):  # so that the room's time runs out at each step of asking
        room = (await world.room(require_approval=True)).room
        world.clock.push(room.expires_at_ms - world.clock.now_ms() - seconds * SECOND)
        world.clock.stride_ms = SECOND
        [asked] = await asyncio.gather(world.ask(room.code, visitor.visitor), return_exceptions=True)
        world.clock.stride_ms = 0
        waits = isinstance(asked, Waiting)
        assert waits or isinstance(asked, RoomExpired)
        held = await world.connection.command("ZSCORE", keys.person_waiting(visitor.person), room.id)
        assert (held is not None) == waits
        await world.connection.command("DEL", keys.person_waiting(visitor.person))


async def test_a_request_of_another_room_is_not_found(world: World) -> None:
    here, there = (await world.room(require_approval=True)).room, (await world.room()).room
    waiting = await world.wait(here.code)
    with pytest.raises(RoomsError) as caught:
        await world.manager.answer(there.id, waiting.request_id, True)
    assert caught.value.code == "request_not_found"
