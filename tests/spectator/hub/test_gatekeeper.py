"""Who may watch, read again: on a real store, and with a store that counts."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
import pytest_asyncio

from rooms import AccessLevel, Caller, JoinAsk, RoomFull, RoomPatch
from spectator.hub import Pass, Policy, Stage, Variant
from spectator.hub.gatekeeper import RARELY_S, Gatekeeper
from spectator.hub.outage import Outage
from spectator.hub.presence import Presence
from spectator.hub.pump import Pump
from spectator.hub.room import RoomHub
from spectator.log import Log
from tests.harness.waiting import eventually
from tests.spectator.hub.living import Node, describe, ended, told
from tests.spectator.hub.test_gate import NOW, ROOM, glance


async def test_the_owner_is_told_who_waits_and_nobody_else(node):
    room = await node.room(require_approval=True)
    _, owner = await node.watch(room, Pass("owner", person="owner", generation=room.generation))
    _, reader = await node.watch(room, Pass("reader"))
    await node.rooms.join(room.code, Caller("anonymous"), JoinAsk(display_name="Ben"), "test")
    assert (await told(owner, "requests", 2))["waiting"] == 1
    assert "requests" not in {message["type"] for message in reader.messages()}


async def test_a_change_of_the_room_is_told_to_each_role_in_its_way(node):
    room = await node.room(name="before")
    _, ann = await node.watch(room)
    _, owner = await node.watch(room, Pass("owner", person="owner", generation=room.generation))
    await node.rooms.change(room, RoomPatch(name="after"))
    for sink in (ann, owner):
        notice = await told(sink, "notice")
        assert (notice["code"], notice["room"]["name"]) == ("room_changed", "after")


async def test_other_graphs_come_with_a_new_picture(node):
    room = await node.room()
    _, sink = await node.watch(room)
    own = [{"graph_id": "g", "title": "T", "y_label": "y", "metrics": ["loss_value"], "max_points": 10}]
    await node.rooms.change(room, RoomPatch(graphs=own))
    assert [graph["graph_id"] for graph in (await told(sink, "snapshot", 2))["graphs"]] == ["g"]


async def test_a_dead_bell_costs_no_more_than_the_poll(rooms, connection):
    node = Node(rooms, Log(connection), Policy(look_s=0.2, poll_s=1.0))
    await node.hub.start()
    room = await node.room()
    viewer, sink = await node.watch(room)
    first = node.hub.view(room.id).looked_at
    await eventually(lambda: node.hub.view(room.id).looked_at > first)  # the look that every newcomer causes
    await node.hub._doorway.bells.discard(room.id)
    await node.rooms.close_room(room)
    assert await ended(sink) == 4510
    node.hub.detach(viewer)
    await node.hub.stop()


@pytest.mark.parametrize("variant", [Variant.V1, Variant.FLAT])
async def test_two_tabs_of_who_is_kicked_end_with_the_reason(node, variant):
    room = await node.room()
    ann, right = await node.admitted(room)
    tabs = [await node.watch(room, right, variant=variant) for _ in range(2)]
    _, other = await node.watch(room)
    await node.rooms.powers.kick(room, ann.person, "owner")
    for _, sink in tabs:
        assert await ended(sink) == 4508
    assert not [1 for opcode, _ in other.frames() if opcode == 8]


async def test_a_stream_of_who_is_blocked_ends_with_the_reason(node):
    room = await node.room()
    ann, right = await node.admitted(room)
    viewer, sink = await node.watch(room, right, variant=Variant.SSE)
    await node.rooms.powers.block(room, ann.person, "owner")
    await eventually(lambda: viewer.stage is Stage.ENDED)
    assert b'"code":4512' in bytes(sink.taken)


async def test_every_node_ends_who_is_put_out(node, rooms, connection):
    other = Node(rooms, Log(connection))
    await other.hub.start()
    room = await node.room()
    ann, right = await node.admitted(room)
    _, here = await node.watch(room, right)
    viewer, there = await other.watch(room, right)
    await node.rooms.powers.block(room, ann.person, "owner")
    assert (await ended(here), await ended(there)) == (4512, 4512)
    other.hub.detach(viewer)
    await other.hub.stop()


@pytest.mark.parametrize(
    ("power", "code"),
    [
        (lambda node, room, person: node.rooms.powers.kick(room, person, "owner"), 4508),
        (lambda node, room, person: node.rooms.powers.block(room, person, "owner"), 4512),
        (lambda node, room, _: node.rooms.powers.rotate(room, "password"), 4003),
        (lambda node, room, _: node.rooms.powers.rotate(room, "code"), 4003),
        (lambda node, room, person: node.rooms.leave(room.id, person), 4003),
    ],
)
async def test_a_dead_bell_delays_what_is_withdrawn_and_no_more(rooms, connection, power, code):
    node = Node(rooms, Log(connection), Policy(look_s=0.1, poll_s=0.5))
    await node.hub.start()
    room = await node.room()
    ann, right = await node.admitted(room)
    viewer, sink = await node.watch(room, right)
    first = node.hub.view(room.id).looked_at
    await eventually(lambda: node.hub.view(room.id).looked_at > first)
    await node.hub._doorway.bells.discard(room.id)
    await power(node, room, ann.person)
    assert await ended(sink) == code
    node.hub.detach(viewer)
    await node.hub.stop()


@pytest.mark.parametrize(
    ("power", "code"),
    [
        (lambda node, room, person: node.rooms.powers.kick(room, person, "owner"), 4508),
        (lambda node, room, person: node.rooms.powers.block(room, person, "owner"), 4512),
        (lambda node, room, _: node.rooms.powers.rotate(room, "password"), 4003),
        (lambda node, room, _: node.rooms.powers.rotate(room, "code"), 4003),
        (lambda node, room, _: node.rooms.powers.rotate(room, "key"), 4501),
        (lambda node, room, _: node.rooms.powers.transfer(room, "cleo"), 4501),
    ],
)
async def test_the_bell_alone_brings_what_is_withdrawn(rooms, connection, power, code):
    """Where nobody looks by themselves for a long while: it is each script that rings."""
    node = Node(rooms, Log(connection), Policy(look_s=60, poll_s=600, renew_s=600))
    await node.hub.start()
    room = await node.room()
    ann, right = await node.admitted(room)
    if code == 4501:
        right = Pass("owner", person="owner", generation=room.generation)
    viewer, sink = await node.watch(room, right)
    first = node.hub.view(room.id).looked_at
    await eventually(lambda: node.hub.view(room.id).looked_at > first)  # the look that every newcomer causes
    await power(node, room, ann.person)
    assert await ended(sink) == code
    node.hub.detach(viewer)
    await node.hub.stop()


async def test_the_bell_alone_brings_another_role(rooms, connection):
    node = Node(rooms, Log(connection), Policy(look_s=60, poll_s=600, renew_s=600))
    await node.hub.start()
    room = await node.room(max_spectators=1)
    ann, right = await node.admitted(room)
    viewer, sink = await node.watch(room, right)
    first = node.hub.view(room.id).looked_at
    await eventually(lambda: node.hub.view(room.id).looked_at > first)
    await node.rooms.powers.promote(room, ann.person)
    assert (await told(sink, "notice"))["role"] == "moderator"
    await node.rooms.powers.demote(room, ann.person)
    assert (await told(sink, "notice", 2))["role"] == "spectator"
    node.hub.detach(viewer)
    await node.hub.stop()


def test_lost_bells_cost_five_seconds_at_most():
    """Rung for by a look each second, and read within the longest rest: never later than promised."""
    policy = Policy()
    rung_at = (
        policy.poll_s - 2 * policy.look_s
    )  # the look that finds the room old comes within the next second
    assert rung_at + policy.look_s + RARELY_S < 5.0


async def test_a_room_whose_time_is_over_is_looked_at_within_the_second(gate):
    gate.room.looked_at = gate.node.clock()
    gate.room.glance = glance(replace(ROOM, expires_at_ms=NOW + 1))
    gate.keeper.ring_old()
    assert not gate.keeper._due
    gate.room.glance = glance(replace(ROOM, expires_at_ms=NOW))
    gate.keeper.ring_old()
    assert "r" in gate.keeper._due


async def test_a_moderator_is_made_on_the_live_connection(node):
    room = await node.room(max_spectators=1)
    ann, right = await node.admitted(room)
    viewer, sink = await node.watch(room, right)
    await node.rooms.powers.promote(room, ann.person)
    notice = await told(sink, "notice")
    assert (notice["code"], notice["role"], notice["room"]["shown_to"]) == (
        "role_changed",
        "moderator",
        "moderator",
    )
    assert (await told(sink, "requests"))["waiting"] == 0
    assert (viewer.right.role, viewer.right.seated) == ("moderator", False)
    await node.watch(room)  # the seat is free
    await node.rooms.change(room, RoomPatch(require_approval=True, max_spectators=2))
    await node.rooms.join(room.code, Caller("anonymous"), JoinAsk(display_name="Ben"), "test")
    await eventually(lambda: [m for m in sink.messages() if m["type"] == "requests" and m["waiting"] == 1])


async def test_who_is_no_moderator_any_more_sits_down(node):
    room = await node.room(max_spectators=1)
    ann, right = await node.admitted(room)
    viewer, sink = await node.watch(room, right)
    await node.rooms.powers.promote(room, ann.person)
    await told(sink, "notice")
    await node.rooms.powers.demote(room, ann.person)
    notice = await told(sink, "notice", 2)
    assert (notice["role"], notice["room"]["shown_to"]) == ("spectator", "spectator")
    assert (viewer.right.role, viewer.right.seated) == ("spectator", True)
    assert (await node.rooms.glance(room.id)).seats == 1
    assert viewer.stage is Stage.LIVE


async def test_who_is_no_moderator_any_more_and_finds_no_seat_is_ended(rooms, connection):
    node = Node(rooms, Log(connection), Policy(renew_s=600))  # long before the seats are renewed
    await node.hub.start()
    room = await node.room(max_spectators=1)
    ann, right = await node.admitted(room)
    viewer, sink = await node.watch(room, right)
    await node.rooms.powers.promote(room, ann.person)
    await told(sink, "notice")
    other, _ = await node.watch(room)
    await node.rooms.powers.demote(room, ann.person)
    assert await ended(sink) == 4509
    for one in (viewer, other):
        node.hub.detach(one)
    await node.hub.stop()


async def test_a_lower_capacity_throws_nobody_out(node):
    room = await node.room(max_spectators=3)
    people = [await node.watch(room) for _ in range(3)]
    await node.rooms.change(room, RoomPatch(max_spectators=1))
    for _, sink in people:
        notice = await told(sink, "notice")
        assert notice["code"] == "room_changed"
    with pytest.raises(RoomFull):
        await node.admitted(room)
    renewed_at = node.hub.view(room.id).renewed_at
    await eventually(lambda: node.hub.view(room.id).renewed_at > renewed_at, what="seats are renewed")
    assert {viewer.stage for viewer, _ in people} == {Stage.LIVE}


async def test_a_raised_level_and_a_new_password_end_nobody(node):
    room = await node.room()
    viewer, sink = await node.watch(room)
    for number, change in enumerate(
        (
            RoomPatch(password="s3cret"),
            RoomPatch(password=None, access_level=AccessLevel.INVITE_ONLY),
            RoomPatch(access_level=AccessLevel.PRIVATE, require_approval=True),
        ),
        1,
    ):
        await node.rooms.change(room, change)
        await told(sink, "notice", number)
    assert viewer.stage is Stage.LIVE


async def test_an_end_that_is_moved_near_comes_with_its_reason(node):
    room = await node.room()
    _, sink = await node.watch(room)
    await node.rooms.change(room, RoomPatch(session_duration_hours=0.4 / 3600))
    assert await ended(sink) == 4511


async def test_whoever_is_taken_off_the_list_is_ended(node):
    room = await node.room(access_level=AccessLevel.INVITE_ONLY, allowed_users=["ann"])
    caller = await node.rooms.caller(await node.rooms.mint_identity("local", "ann"))
    joined = await node.rooms.join(room.code, caller, JoinAsk(), "test")
    grant = await node.rooms.caller(joined.token)
    right = Pass("spectator", person=grant.person, grant_id=grant.grant_id, seated=True)
    _, sink = await node.watch(room, right)
    await node.rooms.change(room, RoomPatch(allowed_users=[]))
    assert await ended(sink) == 4003


async def test_what_staff_alone_may_know_is_told_to_staff_alone(node):
    room = await node.room()
    _, ann = await node.watch(room)
    _, owner = await node.watch(room, Pass("owner", person="owner", generation=room.generation))
    await node.rooms.change(room, RoomPatch(allowed_users=["cleo"]))
    assert (await told(owner, "notice"))["code"] == "room_changed"
    assert "notice" not in {message["type"] for message in ann.messages()}


async def test_a_key_of_an_older_generation_is_ended(node, connection):
    room = await node.room()
    _, sink = await node.watch(room, Pass("owner", person="owner", generation=room.generation))
    await connection.command("HINCRBY", f"sp:{{{room.id}}}:room", "generation", 1)
    assert await ended(sink) == 4501


class Nobody:
    """Seats that nobody has to take."""


class Counting:
    """A store's answer to each look, and how many there were."""

    def __init__(self) -> None:
        self.looks = 0

    async def glances(self, room_ids):
        self.looks += 1
        await asyncio.sleep(0)
        return {room_id: glance(ROOM) for room_id in room_ids}


@pytest_asyncio.fixture
async def gate():
    manager, ends = Counting(), []
    policy = Policy()
    clock = asyncio.get_running_loop().time
    node = SimpleNamespace(
        manager=manager,
        policy=policy,
        clock=clock,
        rooms={"r": RoomHub("r", 0.0)},
        now_ms=lambda: NOW,
        jumped=lambda: False,
    )
    pump = Pump(policy, clock)
    presence = Presence(node, pump)
    keeper = Gatekeeper(node, pump, Outage(lambda _: None), Nobody(), presence, lambda *end: ends.append(end))
    return SimpleNamespace(keeper=keeper, manager=manager, room=node.rooms["r"], ends=ends, node=node)


async def test_the_first_bell_is_answered_at_once_and_a_storm_ten_times_a_second(gate):
    loop = asyncio.get_running_loop()
    start = loop.time()
    gate.keeper.ring("r")
    await gate.keeper.round()
    assert loop.time() - start < 0.05
    rounds = loop.create_task(_forever(gate.keeper.round))
    while loop.time() - start < 0.55:
        gate.keeper.ring("r")
        await asyncio.sleep(0.001)
    rounds.cancel()
    assert 4 <= gate.manager.looks <= 7


async def test_a_room_that_is_dear_to_read_is_read_less_often(gate):
    gate.room.look_cost = 0.025
    gate.room.looked_at = gate.node.clock()
    gate.keeper.ring("r")
    wait = gate.keeper._due["r"] - gate.node.clock()
    assert 0.4 < wait <= 0.5
    gate.keeper.forget("r")
    gate.room.look_cost = 10.0
    gate.keeper.ring("r")
    assert gate.keeper._due["r"] - gate.node.clock() <= 0.7, "within the second that is promised"


async def test_who_came_after_the_look_began_is_not_judged_by_it(gate, viewers):
    viewer, _ = viewers()
    viewer.right = Pass("spectator", person="v_new", grant_id="g")
    viewer.admitted_at = 10.0
    gate.room.admit(viewer, describe)
    gate.keeper.apply(gate.room, glance(ROOM), began=9.0)
    assert gate.ends == []
    gate.keeper.apply(gate.room, glance(ROOM), began=11.0)
    assert len(gate.ends) == 1


async def test_old_rooms_are_rung_for(gate):
    gate.keeper.ring_old()
    assert "r" in gate.keeper._due
    gate.keeper.forget("r")
    gate.room.looked_at = gate.node.clock()
    gate.keeper.ring_old()
    assert not gate.keeper._due
    gate.keeper.ring("unknown")
    assert not gate.keeper._due


async def test_listeners_hear_of_every_look(gate):
    heard: list[int] = []
    gate.room.listeners.add(lambda: heard.append(1))
    gate.keeper.apply(gate.room, None, began=1.0)
    await eventually(lambda: heard)


async def _forever(round_) -> None:
    while True:
        await round_()
