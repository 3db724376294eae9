"""Bringing rooms to the head of their log, on a real store."""

import asyncio
from dataclasses import replace

import pytest

from rooms import StoreUnavailable
from spectator.hub import Close, Policy
from spectator.hub.reader import graphs_of
from spectator.log import Cursor, Log
from spectator.overlay import DEFAULT_GRAPHS
from spectator.state import compact
from tests.harness.waiting import eventually
from tests.spectator.hub.living import Node, ended, kinds, metrics, steps, told


async def test_a_store_that_lost_events_gives_everyone_the_picture(node, connection):
    room = await node.room()
    keys = [f"sp:{{{room.id}}}:{part}" for part in ("log", "head")]
    for step in range(3):
        await node.publish(room, metrics(step))
    replica = [await connection.command("DUMP", key) for key in keys]
    for step in (3, 4):
        await node.publish(room, metrics(step))
    _, sink = await node.watch(room)
    before = node.hub.view(room.id).feed.cursor
    assert before.seq == 5
    # A failover to a replica that lagged: the last two events are gone, and their numbers come again.
    for key, value in zip(keys, replica, strict=True):
        await connection.command("RESTORE", key, 0, value, "REPLACE")
    for step in (30, 40, 50):
        await node.publish(room, metrics(step))
    picture = await told(sink, "snapshot", 2)
    assert Cursor.parse(picture["cursor"]).epoch > before.epoch
    await node.publish(room, metrics(60))
    await eventually(lambda: 60 in steps(sink))
    assert node.hub.view(room.id).feed.cursor.seq == 7


async def test_a_log_that_is_gone_begins_anew(node, connection):
    room = await node.room()
    await node.publish(room, metrics(1))
    _, sink = await node.watch(room)
    await connection.command("DEL", f"sp:{{{room.id}}}:log", f"sp:{{{room.id}}}:head")
    await node.publish(room, metrics(2))
    await eventually(lambda: kinds(sink).count("snapshot") == 2 or steps(sink))
    assert (await told(sink, "snapshot", 2))["seq"] == 1


class Slow(Log):
    """A store of several servers, of which one is slow to load from, or does not answer at all."""

    def __init__(self, connection):
        super().__init__(connection)
        self.held = ""
        self.released = asyncio.Event()
        self.silent = ""

    async def load(self, room_id, *, checkpoint=True):
        if room_id == self.held:
            await self.released.wait()
        return await super().load(room_id, checkpoint=checkpoint)

    async def read_each(self, cursors):
        found = await super().read_each(cursors)
        pairs = zip(cursors, found, strict=True)
        return [StoreUnavailable() if room == self.silent else tail for (room, _), tail in pairs]


async def test_a_room_that_begins_anew_does_not_hold_up_the_others(rooms, connection):
    node = Node(rooms, log := Slow(connection))
    await node.hub.start()
    sick, well = await node.room(), await node.room()
    await node.publish(sick, metrics(1))
    _, sick_sink = await node.watch(sick)
    _, well_sink = await node.watch(well)
    log.held = sick.id
    await connection.command("DEL", f"sp:{{{sick.id}}}:log", f"sp:{{{sick.id}}}:head")
    await node.publish(sick, metrics(2))
    await eventually(lambda: sick.id in node.hub._reader._anew, what="it begins anew")
    for step in range(3):
        await node.publish(well, metrics(step))
        await eventually(lambda step=step: step in steps(well_sink), what="the other room goes on")
    assert kinds(sick_sink).count("snapshot") == 1
    log.released.set()
    assert (await told(sick_sink, "snapshot", 2))["seq"] == 1
    await node.publish(sick, metrics(3))
    await eventually(lambda: 3 in steps(sick_sink), what="and then this one, too")
    await node.hub.stop()


async def test_a_server_of_the_store_that_is_silent_holds_up_its_own_rooms_alone(rooms, connection):
    node = Node(rooms, log := Slow(connection))
    await node.hub.start()
    sick, well = await node.room(), await node.room()
    _, sick_sink = await node.watch(sick)
    _, well_sink = await node.watch(well)
    log.silent = sick.id
    for step in range(3):
        await node.publish(sick, metrics(step))
        await node.publish(well, metrics(step))
        await eventually(lambda step=step: step in steps(well_sink), what="the other room goes on")
    assert steps(sick_sink) == []
    log.silent = ""
    await eventually(lambda: steps(sick_sink) == [0, 1, 2], what="nothing is missing when it is back")
    assert steps(well_sink) == [0, 1, 2]
    await node.hub.stop()


@pytest.mark.parametrize("keep", [False, True])
async def test_a_room_that_was_closed_and_removed_has_lost_nothing(node, keep, caplog):
    room = await node.room()
    await node.publish(room, metrics(1))
    viewer, sink = await node.watch(room)
    await node.rooms.close_room(room, keep=keep)
    assert await ended(sink) == Close.ROOM_CLOSED
    node.hub.detach(viewer)
    await eventually(lambda: node.hub.view(room.id) is None, what="it is put away")
    assert node.hub.stats.gaps == {}
    assert node.hub.stats.epochs == 0
    assert "lost events" not in caplog.text


async def test_what_a_viewer_missed_is_fetched_from_the_log(node):
    """The node came when the checkpoint was already past the viewer's place."""
    node.log.retention = replace(node.log.retention, checkpoint_after=1)
    room = await node.room()
    for step in range(10):
        await node.publish(room, metrics(step))
    head = (await node.log.heads([room.id]))[room.id]
    assert head.seq == 10
    (tail,) = await node.log.read([(room.id, Cursor.START)])
    third = tail.entries[2]
    since = Cursor(head.epoch, third.last, third.tag)
    assert await compact(node.log, room.id)
    _, sink = await node.watch(room, since=since)
    assert (await told(sink, "welcome"))["resume"] == "exact"
    await eventually(lambda: len(steps(sink)) >= 7)
    assert steps(sink) == list(range(3, 10))


async def test_rooms_do_not_mix(node):
    rooms = [await node.room() for _ in range(5)]
    sinks = [(await node.watch(room))[1] for room in rooms]
    for step in range(20):
        for number, room in enumerate(rooms):
            await node.publish(room, metrics(100 * number + step))
    for number, sink in enumerate(sinks):
        await eventually(lambda sink=sink: len(steps(sink)) >= 20)
        assert steps(sink) == [100 * number + step for step in range(20)]


async def test_a_long_tail_is_read_to_its_end(rooms, connection):
    node = Node(rooms, Log(connection), Policy(look_s=30))  # no look each second that would help out
    await node.hub.start()
    room = await node.room()
    viewer, sink = await node.watch(room)
    await node.hub._doorway.bells.discard(room.id)
    node.log.retention = replace(node.log.retention, page=200_000)
    padding = "x" * 20_000
    for number in range(150):  # three megabytes, in fewer beats than that takes to read
        await node.publish(room, {"type": "log", "message": padding, "metadata": {"n": number}}, ring=False)
    node.hub.ring(room.id)
    feed = node.hub.view(room.id).feed
    await eventually(lambda: feed.cursor.seq == 150 and viewer.place == feed.ring.end)
    at = 0
    for message in sink.messages():
        if message["type"] in {"tick", "conflated"}:
            assert message["from"] == at + 1
            at = message["to"]
        elif message["type"] == "snapshot":
            at = message["seq"]
    assert at == 150
    node.hub.detach(viewer)
    await node.hub.stop()


async def test_the_graphs_of_a_room(node):
    own = [{"graph_id": "g", "title": "T", "y_label": "y", "metrics": ["loss_value"], "max_points": 10}]
    assert graphs_of(await node.room()) == DEFAULT_GRAPHS
    room = await node.room(graphs=own)
    assert [graph.graph_id for graph in graphs_of(room)] == ["g"]
    _, sink = await node.watch(room)
    assert [graph["graph_id"] for graph in (await told(sink, "snapshot"))["graphs"]] == ["g"]
