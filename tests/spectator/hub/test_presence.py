"""Who is here, on two nodes that share a real store."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import pytest_asyncio

from rooms import Passwords, RoomManager, RoomPatch, Secrets
from spectator.hub import Pass, Policy, Stage, Variant, Viewer
from spectator.log import Log
from spectator.tasks import Tasks
from tests.harness.waiting import eventually
from tests.spectator.hub.conftest import Sink
from tests.spectator.hub.living import QUICK, Node, describe, kinds, told

OWNER_PASS = Pass("owner", person="owner", generation=1)


@asynccontextmanager
async def two_nodes(connection, policy: Policy) -> AsyncIterator[list[Node]]:
    """Two nodes, each with a manager and a hub of its own."""
    secrets = Secrets([b"a secret of the tests, long enough"])
    hasher = await asyncio.to_thread(Passwords)  # it hashes once when it is made, which is slow on purpose
    managers = [RoomManager(connection, secrets, hasher=hasher) for _ in range(2)]
    made = [Node(manager, Log(connection), policy) for manager in managers]
    for node in made:
        await node.hub.start()
    yield made
    for node in made:
        for viewer in list(node.hub._connections):
            node.hub.detach(viewer)
        await node.hub.stop()


@pytest_asyncio.fixture
async def nodes(connection) -> AsyncIterator[list[Node]]:
    async with two_nodes(connection, QUICK) as made:
        yield made


@pytest_asyncio.fixture
async def forgetful(connection) -> AsyncIterator[list[Node]]:
    """Nodes that do not renew in time to put right what went wrong."""
    async with two_nodes(connection, replace(QUICK, renew_s=60.0)) as made:
        yield made


def crowds(sink: Sink) -> list[dict]:
    return [message for message in sink.messages() if message["type"] == "crowd"]


async def last_crowd(sink: Sink, **expected) -> None:
    def there() -> bool:
        found = crowds(sink)
        return bool(found) and {key: found[-1].get(key) for key in expected} == expected

    await eventually(there, 60, f"a crowd with {expected}, not {crowds(sink)[-1:]}")


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
    await eventually(lambda: (room.id, right.person) not in there.rooms._watching._held)
    looked = len(first.messages())
    await here.publish(room, {"type": "log", "message": "a sign of life"})
    await eventually(lambda: len(first.messages()) > looked)
    assert (await here.rooms.present([room.id]))[room.id].count == 3
    assert (await here.rooms.glance(room.id)).seats == 2, "the seat stays with the socket on the other node"
    assert crowds(owner)[-1]["watching"] == 3


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
    viewer = Viewer(Variant.V1, Sink())
    coming = asyncio.get_running_loop().create_task(here.hub.attach(room.id, viewer, right, describe))
    await asyncio.sleep(0)
    here.hub.detach(viewer)
    await coming

    async def gone() -> bool:
        return (await here.rooms.present([room.id]))[room.id].count == 0

    await eventually(gone)


class Comings:
    """Three people with tabs on two nodes, who come, close and vanish in any order, many at once."""

    def __init__(self, nodes: list[Node], room, rights: list[Pass], seed: int) -> None:
        self.nodes, self.room, self.rights = nodes, room, rights
        self.chance = random.Random(seed)
        self.tasks = Tasks("comings")
        self.coming: set[asyncio.Task] = set()
        self.open: list[tuple[Node, Viewer, Sink]] = []

    async def come(self, node: Node, right: Pass) -> None:
        viewer = Viewer(self.chance.choice([Variant.V1, Variant.SSE, Variant.FLAT]), sink := Sink())
        self.open.append((node, viewer, sink))
        await node.hub.attach(self.room.id, viewer, right, describe)

    def step(self) -> None:
        what = self.chance.choice(["come", "come", "close", "close", "vanish"])
        if what == "come":
            task = self.tasks.start(
                self.come(self.chance.choice(self.nodes), self.chance.choice(self.rights)), "come"
            )
            self.coming.add(task)
        elif self.open:
            node, viewer, _ = self.open.pop(self.chance.randrange(len(self.open)))
            if what == "vanish" and viewer.stage is Stage.LIVE:
                node.hub._lost(viewer)
            node.hub.detach(viewer)

    def here(self) -> set[str]:
        return {viewer.right.person for _, viewer, _ in self.open}


@pytest.mark.parametrize("seed", range(12))
async def test_whoever_comes_and_goes_in_whatever_order_the_count_comes_right(forgetful, seed):
    nodes = forgetful
    room = await nodes[0].room(max_spectators=3, presence="names")
    rights = [(await nodes[0].admitted(room, name))[1] for name in ("Ann", "Ben", "Cem")]
    _, owner = await nodes[0].watch(room, OWNER_PASS)
    comings = Comings(nodes, room, rights, seed)
    for _ in range(120):
        comings.step()
        for _ in range(comings.chance.randrange(4)):
            await asyncio.sleep(0)
    await asyncio.gather(*comings.coming)

    async def right() -> bool:
        found = (await nodes[1].rooms.present([room.id]))[room.id]
        here, seats = comings.here(), (await nodes[1].rooms.glance(room.id)).seats
        return (set(found.first), found.count, seats) == (here | {"owner"}, len(here) + 1, len(here))

    await eventually(right, 60, f"{comings.here()}")
    await last_crowd(owner, watching=len(comings.here()) + 1)
    assert all(0 < message["watching"] <= 4 for message in crowds(owner))
    assert all(viewer.stage is Stage.LIVE for _, viewer, _ in comings.open), "nobody lost a seat"
    for node, viewer, _ in comings.open:
        node.hub.detach(viewer)
    comings.open.clear()
    await eventually(right, 60, "nobody but the owner")
    assert (await nodes[0].rooms.glance(room.id)).seats == 0
