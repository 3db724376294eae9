"""Whatever happens to a request at the same moment, on two nodes: it ends in exactly one way."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from rooms import (
    Admitted,
    JoinRequest,
    Limits,
    NewInvitation,
    RequestNotFound,
    Room,
    RoomManager,
    RoomsError,
    Secrets,
    Waiting,
    connect,
)
from rooms.presence import RESERVED_MS
from rooms.store import keys
from tests.rooms.world import SECOND, SECRET, World, world_on

NO_BUDGET = Limits(enabled=False)
ROUNDS = 12
ASKERS = 5


@pytest_asyncio.fixture
async def nodes(store_url: str) -> AsyncIterator[list[World]]:
    """Two nodes of one store, by one clock."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(world_on(store_url, NO_BUDGET))
        other = await connect(store_url, one.clock)
        stack.push_async_callback(other.close)
        elsewhere = RoomManager(other, Secrets([SECRET]), limits=NO_BUDGET)
        stack.push_async_callback(elsewhere.close)
        two = World(other, one.clock, elsewhere)
        two.owner = one.owner
        yield [one, two]


@dataclass(frozen=True)
class Done:
    """What somebody did to a request, and what came of it: an outcome, None, or the error."""

    verb: str
    outcome: object


async def tried(verb: str, act: Awaitable[object]) -> Done:
    try:
        return Done(verb, await act)
    except RoomsError as error:
        return Done(verb, error)


def verbs(
    node: World, room: Room, asker: Waiting, invitation: str
) -> dict[str, Callable[[], Awaitable[object]]]:
    """What may happen to somebody who waits."""
    manager, person = node.manager, asker.request.person
    return {
        "approve": lambda: manager.answer(room.id, asker.request_id, True),
        "deny": lambda: manager.answer(room.id, asker.request_id, False),
        "withdraw": lambda: manager.withdraw(room.id, asker.request_id),
        "ask": lambda: node.ask(room.code, asker.visitor),
        "invited": lambda: node.ask(room.code, asker.visitor, invitation=invitation),
        "kick": lambda: manager.powers.kick(room, person, "owner"),
        "block": lambda: manager.powers.block(room, person, "owner"),
        "all": lambda: manager.answer_all(room.id),
        "sweep": manager.sweep,
    }


async def race(
    nodes: list[World], room: Room, askers: list[Waiting], chosen: random.Random, *, more: list[str]
) -> list[tuple[Waiting, list[Done]]]:
    """For each of them several verbs at once, on both nodes; the room itself may end meanwhile."""
    _, invitation = await nodes[0].manager.invitations.make(room, NewInvitation(uses=ASKERS))
    acts: list[tuple[int, Awaitable[Done]]] = []
    for number, asker in enumerate(askers):
        names = ["approve", "deny", "withdraw", *more]
        for verb in [chosen.choice(names) for _ in range(4)]:
            node = nodes[chosen.randrange(2)]
            acts.append((number, tried(verb, verbs(node, room, asker, invitation)[verb]())))
    chosen.shuffle(acts)
    done = await asyncio.gather(*(act for _, act in acts))
    return [
        (asker, [one for (owner, _), one in zip(acts, done, strict=True) if owner == number])
        for number, asker in enumerate(askers)
    ]


def ways(done: list[Done]) -> set[str]:
    """The ways in which the request ended, by what was told to those who ended it."""
    found: set[str] = set()
    for one in done:
        if isinstance(one.outcome, JoinRequest):
            found.add(one.outcome.status)
        elif one.verb == "withdraw" and one.outcome is None:
            found.add("withdrawn")
    return found


async def status(node: World, room: Room, asker: Waiting) -> str:
    try:
        return (await node.manager.request(room.id, asker.request_id)).status
    except RequestNotFound:
        return "withdrawn"


async def waits(node: World, room_id: str) -> list[str]:
    parts = keys.of_room(room_id, "waiting", "askers")
    return [
        *(one.decode() for one in await node.connection.command("ZRANGE", parts[0], 0, -1)),
        *(one.decode() for one in (await node.connection.command("HVALS", parts[1]))),
    ]


@pytest.mark.parametrize(
    "more",
    [[], ["ask"], ["block", "kick"], ["invited"], ["all", "sweep"]],
    ids=lambda one: "-".join(one) or "plain",
)
async def test_it_ends_in_one_way_and_everybody_is_told_the_same(nodes: list[World], more: list[str]) -> None:
    chosen, told = random.Random(7), Counter[str]()
    for _ in range(ROUNDS):
        seats = chosen.choice([1, 3, ASKERS])
        room = (await nodes[0].room(require_approval=True, max_spectators=seats)).room
        askers = [await nodes[0].wait(room.code) for _ in range(ASKERS)]
        raced = await race(nodes, room, askers, chosen, more=more)
        glance = await nodes[1].manager.glance(room.id)
        assert glance is not None
        for asker, done in raced:
            person, stands = asker.request.person, await status(nodes[1], room, asker)
            told[stands] += 1
            blocked = any(one.verb == "block" and not isinstance(one.outcome, RoomsError) for one in done)
            kicked = any(one.verb == "kick" and not isinstance(one.outcome, RoomsError) for one in done)
            invited = any(isinstance(one.outcome, Admitted) for one in done)
            expected = {stands} if stands != "pending_approval" else set()
            assert ways(done) <= expected, (stands, done)
            let_in = stands == "approved" or invited
            assert (person in glance.members) == (let_in and not (blocked or kicked)), (stands, done)
            if blocked:
                assert stands != "pending_approval"
        assert glance.seats == len(glance.members) <= room.max_spectators
        assert {one.person for one in glance.waiting}.isdisjoint(glance.members)
        for request in glance.waiting:  # who asked anew after it was over
            await nodes[0].manager.withdraw(room.id, request.id)
        assert await waits(nodes[0], room.id) == []
    assert {"approved", "denied", "withdrawn"} <= set(told), "the rounds were not a race"


async def test_a_room_that_closes_meanwhile_lets_nobody_wait_for_ever(nodes: list[World]) -> None:
    chosen = random.Random(11)
    for _ in range(ROUNDS):
        room = (await nodes[0].room(require_approval=True)).room
        askers = [await nodes[0].wait(room.code) for _ in range(ASKERS)]
        raced, _ = await asyncio.gather(
            race(nodes, room, askers, chosen, more=[]), nodes[1].manager.close_room(room)
        )
        glance = await nodes[1].manager.glance(room.id)
        assert glance is not None
        for asker, done in raced:
            stands = await status(nodes[1], room, asker)
            assert ways(done) <= ({stands} if stands != "pending_approval" else set()), (stands, done)
            assert (asker.request.person in glance.members) == (stands == "approved")
            caller = await nodes[0].manager.caller(asker.token)
            if stands in {"pending_approval", "approved"}:
                with pytest.raises(RoomsError) as caught:
                    await nodes[0].manager.redeem_request(caller)
                assert caught.value.code == "room_closed"
        assert await nodes[0].manager.requests(room.id) == []
        assert glance.seats == len(glance.members)


async def test_time_that_runs_out_meanwhile_is_one_more_way(nodes: list[World]) -> None:
    chosen, told, clock = random.Random(3), Counter[str](), nodes[0].clock
    for _ in range(ROUNDS * 2):
        room = (await nodes[0].room(require_approval=True, approval_timeout=10)).room
        askers = [await nodes[0].wait(room.code) for _ in range(ASKERS)]
        clock.push(10 * SECOND - 600)
        clock.stride_ms = 12  # the wait ends somewhere in the middle
        raced = await race(nodes, room, askers, chosen, more=["sweep"])
        clock.stride_ms = 0
        clock.push(SECOND)
        glance = await nodes[1].manager.glance(room.id)
        assert glance is not None
        for asker, done in raced:
            stands = await status(nodes[1], room, asker)
            told[stands] += 1
            assert stands != "pending_approval"
            assert ways(done) <= {stands}, (stands, done)
            assert (asker.request.person in glance.members) == (stands == "approved")
        assert glance.seats == len(glance.members)
        await nodes[0].manager.sweep()
        assert await waits(nodes[0], room.id) == []
        clock.push(RESERVED_MS)
        after = await nodes[1].manager.glance(room.id)
        assert after is not None
        assert after.seats == 0, "a seat that was held for somebody who never came"
    assert {"approved", "denied", "expired"} <= set(told), told


async def test_a_tab_that_knocks_while_another_comes_in_by_invitation_waits_no_longer(
    nodes: list[World],
) -> None:
    room = (await nodes[0].room(require_approval=True, max_spectators=100)).room
    _, invitation = await nodes[0].manager.invitations.make(room, NewInvitation(uses=100))
    lounge = (await nodes[0].room(max_spectators=100)).room

    async def a_little_later(turns: int, visitor: str | None) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await nodes[0].ask(room.code, visitor, invitation=invitation)

    for turns in range(ROUNDS * 4):
        visitor = (await nodes[0].enter(lounge.code)).visitor
        await asyncio.gather(nodes[1].ask(room.code, visitor), a_little_later(turns // 2, visitor))
    glance = await nodes[1].manager.glance(room.id)
    assert glance is not None
    assert len(glance.members) == ROUNDS * 4
    assert glance.waiting == ()
    assert await waits(nodes[0], room.id) == []
