"""Who may watch, read again: on a real store, and with a store that counts."""

import asyncio
from types import SimpleNamespace

import pytest_asyncio

from rooms import RoomPatch
from spectator.hub import Pass, Policy
from spectator.hub.gatekeeper import Gatekeeper
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
    from rooms import Caller, JoinAsk

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
        manager=manager, policy=policy, clock=clock, rooms={"r": RoomHub("r", 0.0)}, now_ms=lambda: NOW
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
    gate.room.look_cost = 0.05
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
