"""Who is here, on two nodes that share a real store."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from rooms import RoomManager, RoomPatch, Secrets
from spectator.hub import Pass, Policy, Stage, Variant
from spectator.log import Log
from tests.harness.waiting import eventually
from tests.spectator.hub.conftest import Sink
from tests.spectator.hub.living import Node, describe, kinds, told

OWNER_PASS = Pass("owner", person="owner", generation=1)


@pytest_asyncio.fixture
async def nodes(connection) -> AsyncIterator[list[Node]]:
    """Two nodes, each with a manager and a hub of its own."""
    made = [
        Node(RoomManager(connection, Secrets([b"a secret of the tests, long enough"])), Log(connection))
        for _ in range(2)
    ]
    for node in made:
        await node.hub.start()
    yield made
    for node in made:
        for viewer in list(node.hub._connections):
            node.hub.detach(viewer)
        await node.hub.stop()


def crowds(sink: Sink) -> list[dict]:
    return [message for message in sink.messages() if message["type"] == "crowd"]


async def last_crowd(sink: Sink, **expected) -> None:
    def there() -> bool:
        found = crowds(sink)
        return bool(found) and {key: found[-1].get(key) for key in expected} == expected

    await eventually(there, 5, f"a crowd with {expected}, not {crowds(sink)[-1:]}")


async def vanish(node: Node, connection) -> None:
    """As if the node had been killed: nothing more is said or renewed, nothing is given back."""
    await node.hub._tasks.stop()
    for viewer in list(node.hub._connections):
        viewer.stage = Stage.ENDED
    node.hub._connections.clear()


async def test_names_are_those_of_people_on_all_nodes(nodes):
    here, there = nodes
    room = await here.room(presence="names")
    _, ann = await here.watch(room, (await here.admitted(room, "Ann"))[1])
    _, ben = await there.watch(room, (await there.admitted(room, "Ben"))[1])
    for sink in (ann, ben):
        await last_crowd(sink, watching=2, names=["Ann", "Ben"])


async def test_one_person_on_two_nodes_counts_once_and_is_named_once(nodes):
    here, there = nodes
    room = await here.room()
    _, owner = await here.watch(room, OWNER_PASS)
    _, right = await here.admitted(room, "Ann")
    _, first = await here.watch(room, right)
    second, _ = await there.watch(room, right, variant=Variant.SSE)
    _, ben = await there.watch(room, (await there.admitted(room, "Ben"))[1])
    await last_crowd(ben, watching=3)
    await last_crowd(owner, watching=3, names=["Ann", "Ben"])
    there.hub.detach(second)
    await asyncio.wait_for(_released(there, room, right.person), 5)
    async with asyncio.timeout(5):
        while (await here.rooms.present([room.id]))[room.id].count != 3:
            await asyncio.sleep(0.01)
    assert (await here.rooms.glance(room.id)).seats == 2, "the seat stays with the socket on the other node"
    assert first.messages()
    assert not any(message["watching"] < 3 for message in crowds(owner)[-1:])


async def _released(node: Node, room, person: str) -> None:
    while (room.id, person) in node.rooms._watching._held:
        await asyncio.sleep(0.01)


async def test_the_people_of_a_node_that_vanished_are_gone_and_their_seats_free(nodes, connection):
    here, there = nodes
    room = await here.room(max_spectators=2)
    _, owner = await here.watch(room, OWNER_PASS)
    await here.watch(room, (await here.admitted(room, "Ann"))[1])
    await there.watch(room, (await there.admitted(room, "Ben"))[1])
    await last_crowd(owner, watching=3, names=["Ann", "Ben"])
    await vanish(there, connection)
    key = f"sp:{{{room.id}}}"
    [ben] = [p.id for p in await here.rooms.people(room.id) if p.name == "Ben"]
    now = connection.clock.now_ms()
    await connection.command("ZADD", f"{key}:here", now, ben)  # as if its last renewal were 30 s old
    await connection.command("ZADD", f"{key}:seats", now, ben)
    await last_crowd(owner, watching=2, names=["Ann"])
    await here.admitted(room, "Cem")


async def test_spectators_hear_what_the_room_allows_and_a_change_at_once(nodes):
    here, _ = nodes
    room = await here.room(presence="names")
    _, owner = await here.watch(room, OWNER_PASS)
    _, ann = await here.watch(room, (await here.admitted(room, "Ann"))[1])
    await last_crowd(ann, watching=2, names=["Ann"])
    await here.rooms.change(room, RoomPatch(presence="count"))
    await last_crowd(ann, watching=2, names=None)
    await here.rooms.change(room, RoomPatch(presence="nothing"))
    await eventually(lambda: here.hub.view(room.id).glance.room.presence == "nothing")
    before = len(crowds(ann))
    _, ben = await here.watch(room, (await here.admitted(room, "Ben"))[1])
    await last_crowd(owner, watching=3, names=["Ann", "Ben"])
    assert "crowd" not in kinds(ben)
    assert len(crowds(ann)) == before
    await here.rooms.change(room, RoomPatch(presence="count"))
    for sink in (ann, ben):
        await last_crowd(sink, watching=3, names=None)


async def test_a_change_of_what_may_be_told_does_not_wait_for_the_next_second(rooms, connection):
    node = Node(rooms, Log(connection), Policy(look_s=60.0))
    await node.hub.start()
    room = await node.room(presence="names")
    viewer, ann = await node.watch(room, (await node.admitted(room, "Ann"))[1])
    await last_crowd(ann, names=["Ann"])
    await node.rooms.change(room, RoomPatch(presence="count"))
    await last_crowd(ann, watching=1, names=None)
    node.hub.detach(viewer)
    await node.hub.stop()


async def test_who_is_promoted_learns_the_names_and_who_is_demoted_no_more_of_them(nodes):
    here, _ = nodes
    room = await here.room()
    _, right = await here.admitted(room, "Ann")
    _, ann = await here.watch(room, right)
    await here.watch(room, (await here.admitted(room, "Ben"))[1])
    await last_crowd(ann, watching=2, names=None)
    await here.rooms.powers.promote(room, right.person)
    await last_crowd(ann, watching=2, names=["Ann", "Ben"])
    await here.rooms.powers.demote(room, right.person)
    await last_crowd(ann, watching=2, names=None)


async def test_who_is_kicked_is_not_here_any_more(nodes):
    here, there = nodes
    room = await here.room()
    _, owner = await here.watch(room, OWNER_PASS)
    _, right = await there.admitted(room, "Ann")
    await there.watch(room, right)
    await last_crowd(owner, watching=2, names=["Ann"])
    await here.rooms.powers.kick(room, right.person, "owner")
    await last_crowd(owner, watching=1, names=[])


async def test_flat_viewers_learn_the_figure_only_where_it_is_told(nodes):
    here, _ = nodes
    room = await here.room(presence="nothing")
    _, ann = await here.watch(room, (await here.admitted(room, "Ann"))[1], variant=Variant.FLAT)
    _, owner = await here.watch(room, OWNER_PASS, variant=Variant.FLAT)
    assert "watching" not in await told(ann, "training_status")
    assert (await told(owner, "training_status", 2))["watching"] == 2
    await here.rooms.change(room, RoomPatch(presence="count"))
    await eventually(lambda: ann.messages()[-1].get("watching") == 2)
    assert "crowd" not in kinds(ann)


async def test_a_page_that_reloads_does_not_flicker(nodes):
    here, _ = nodes
    room = await here.room(presence="names", max_spectators=1)
    _, owner = await here.watch(room, OWNER_PASS)
    _, right = await here.admitted(room, "Ann")
    viewer, _ = await here.watch(room, right)
    await last_crowd(owner, watching=2, names=["Ann"])
    for _ in range(5):  # the old socket closes after the new one has opened, or just before
        fresh, _ = await here.watch(room, right)
        here.hub.detach(viewer)
        here.hub.detach(fresh)
        viewer, sink = await here.watch(room, right)
    looked = len(sink.messages())
    await here.watch(room, Pass("reader"))
    await last_crowd(owner, watching=3, names=["Ann"])
    assert [m["watching"] for m in crowds(owner)[1:]] == [2, 3], "nobody saw Ann leave"
    assert viewer.stage is Stage.LIVE
    assert looked


async def test_a_tab_that_was_hidden_learns_who_is_here_now(nodes):
    here, _ = nodes
    room = await here.room()
    viewer, ann = await here.watch(room)
    here.hub.show(viewer, hidden=True)
    before = len(crowds(ann))
    await here.watch(room)
    _, ben = await here.watch(room)
    await last_crowd(ben, watching=3)
    assert len(crowds(ann)) == before
    here.hub.show(viewer, hidden=False)
    await last_crowd(ann, watching=3)


async def test_how_far_behind_people_on_other_nodes_are_is_known(nodes):
    here, there = nodes
    room = await here.room()
    _, right = await there.admitted(room, "Ben")
    _, sink = await there.watch(room, right)
    sink.stalled = True
    await there.publish(room, {"type": "log", "message": "a"})
    await eventually(sink.buffered)
    await there.publish(room, {"type": "log", "message": "b"})

    async def known() -> bool:
        [ben] = await here.rooms.people(room.id)
        return ben.here and (ben.lag_ms or 0) >= 100

    await eventually(known)
    assert here.hub.lags(room.id) == {}


async def test_one_that_breaks_off_on_the_way_in_is_not_here(nodes):
    here, _ = nodes
    room = await here.room()
    _, right = await here.admitted(room, "Ann")
    from spectator.hub import Viewer

    viewer = Viewer(Variant.V1, Sink())
    coming = asyncio.get_running_loop().create_task(here.hub.attach(room.id, viewer, right, describe))
    await asyncio.sleep(0)
    here.hub.detach(viewer)
    await coming

    async def gone() -> bool:
        return (await here.rooms.present([room.id]))[room.id].count == 0

    await eventually(gone, 0.25)
