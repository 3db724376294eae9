"""The hub on a real store."""

import asyncio
import json
import re

import pytest

from spectator.hub import Close, Ended, Pass, Stage
from spectator.log import Log
from tests.harness.waiting import eventually
from tests.spectator.hub.living import QUICK, Node, ended, kinds, metrics, steps, told


async def test_from_the_log_to_a_viewer(node):
    room = await node.room()
    await node.publish(room, metrics(1))
    _, sink = await node.watch(room)
    assert kinds(sink) == ["welcome", "crowd", "snapshot"]
    await node.publish(room, metrics(2), metrics(3))
    await told(sink, "tick")
    assert steps(sink) == [2, 3]


async def test_news_from_another_node_comes_by_the_bell(node):
    room = await node.room()
    _, sink = await node.watch(room)
    await node.publish(room, metrics(1), ring=False)
    await told(sink, "tick")
    assert steps(sink) == [1]


async def test_lost_bells_cost_a_second(node):
    room = await node.room()
    _, sink = await node.watch(room)
    await node.hub._doorway.bells.discard(room.id)
    await node.publish(room, metrics(1), ring=False)
    await told(sink, "tick")
    assert steps(sink) == [1]


async def test_every_viewer_gets_every_event_once_and_in_order(node):
    room = await node.room(max_spectators=50)
    sinks = [(await node.watch(room))[1] for _ in range(5)]
    for step in range(200):
        await node.publish(room, metrics(step))
        if step % 40 == 0:
            sinks.append((await node.watch(room))[1])
    for sink in sinks[:5]:
        await eventually(lambda sink=sink: len(steps(sink)) >= 200)
        assert steps(sink) == list(range(200))
    for sink in sinks:
        at = 0
        for message in sink.messages():
            if message["type"] == "snapshot":
                at = message["seq"]
            elif message["type"] == "tick":
                assert message["from"] == at + 1
                at = message["to"]
        assert at == 200


async def test_a_crowd_that_comes_at_once_costs_one_load_and_few_pictures(node, connection):
    room = await node.room(max_spectators=300)
    await node.publish(room, *[metrics(step) for step in range(100)])
    rights = [(await node.admitted(room))[1] for _ in range(200)]
    before = await reads(connection)
    made = await asyncio.gather(*(node.watch(room, right) for right in rights))
    pictures = [re.findall(rb'"type":"snapshot","cursor":"([^"]+)"', sink.taken) for _, sink in made]
    assert pictures == [pictures[0]] * 200
    assert await reads(connection) - before <= 3


async def reads(connection) -> int:
    """How often the stream of a log was read, ever."""
    told = await connection.command("INFO", "commandstats")
    return int(told["cmdstat_xrange"]["calls"]) if "cmdstat_xrange" in told else 0


async def test_few_pictures_do_for_a_crowd_while_events_come(node):
    room = await node.room(max_spectators=300)
    found: set[bytes] = set()
    for step in range(8):
        made = await asyncio.gather(*(node.watch(room) for _ in range(10)))
        for _, sink in made:
            found.update(re.findall(rb'"type":"snapshot","cursor":"([^"]+)"', sink.taken))
        await node.publish(room, metrics(step))
    assert len(found) <= 2


class TestEnds:
    async def test_bye_then_the_close_frame_then_nothing(self, node):
        room = await node.room()
        viewer, sink = await node.watch(room)
        node.hub.end(viewer, Close.KICKED)
        assert await ended(sink) == 4508
        bye = sink.messages()[-1]
        assert (bye["type"], bye["code"], bye["reconnect"]) == ("bye", 4508, False)
        size = len(sink.taken)
        await node.publish(room, metrics(1))
        await eventually(lambda: sink.aborted)
        node.hub.end(viewer, Close.ROOM_CLOSED)
        assert len(sink.taken) == size

    async def test_a_message_under_way_is_finished_first(self, node):
        room = await node.room()
        viewer, sink = await node.watch(room)
        sink.stalled = True
        await node.publish(room, {"type": "log", "message": "x" * 60_000})
        await node.publish(
            room, {"type": "log", "message": "x" * 60_000}, {"type": "log", "message": "y" * 60_000}
        )
        await eventually(sink.buffered)
        node.hub.end(viewer, Close.ROOM_CLOSED)
        sink.drain()
        assert await ended(sink) == 4510
        assert kinds(sink)[-1] == "bye"

    async def test_one_that_takes_nothing_is_ended_with_4001_and_spared_the_third_time(self, node):
        room = await node.room()
        _, right = await node.admitted(room)
        for _ in range(2):
            viewer, sink = await node.watch(room, right)
            sink.stalled = True
            await node.publish(room, metrics(1))
            await eventually(lambda viewer=viewer: viewer.stage is Stage.ENDED)
            sink.drain()
            assert await ended(sink) == 4001
        viewer, sink = await node.watch(room, right)
        sink.stalled = True
        await node.publish(room, metrics(1))
        await eventually(lambda: viewer.conflated_until is not None)
        assert viewer.stage is Stage.LIVE
        assert node.hub.stats.slow == {"ended": 2, "spared": 1}
        assert node.hub.stats.closes["4001"] == 2

    async def test_all_are_told_when_the_node_stops(self, rooms, connection):
        node = Node(rooms, Log(connection))
        await node.hub.start()
        room = await node.room(max_spectators=30)
        made = [await node.watch(room) for _ in range(20)]
        stopping = asyncio.get_running_loop().create_task(node.hub.stop())
        await eventually(lambda: all(viewer.stage is Stage.ENDED for viewer, _ in made))
        for viewer, sink in made:
            assert sink.messages()[-1]["code"] == 4002
            node.hub.detach(viewer)
        await asyncio.wait_for(stopping, 2)


class TestSeats:
    async def held(self, node, room) -> int:
        glance = await node.rooms.glance(room.id)
        return glance.seats

    async def test_given_back_when_the_last_tab_has_gone(self, node):
        room = await node.room()
        _, right = await node.admitted(room)
        one, _ = await node.watch(room, right)
        two, _ = await node.watch(room, right)
        node.hub.detach(one)
        await asyncio.sleep(0.5)
        assert await self.held(node, room) == 1
        node.hub.detach(two)

        async def free() -> bool:
            return await self.held(node, room) == 0

        await eventually(free)

    async def test_kept_for_a_page_that_reloads(self, node):
        room = await node.room()
        _, right = await node.admitted(room)
        viewer, _ = await node.watch(room, right)
        node.hub.detach(viewer)
        await node.watch(room, right)
        await asyncio.sleep(0.6)
        assert await self.held(node, room) == 1

    async def test_free_at_once_when_the_other_end_is_gone(self, node):
        room = await node.room()
        viewer, sink = await node.watch(room)
        node.hub._lost(viewer)
        assert sink.aborted

        async def free() -> bool:
            return await self.held(node, room) == 0

        await eventually(free, 0.25)

    async def test_renewed_as_long_as_somebody_sits(self, node, connection):
        room = await node.room()
        await node.watch(room)
        key = f"sp:{{{room.id}}}:seats"
        first = await connection.command("ZRANGE", key, 0, -1, "WITHSCORES")

        async def later() -> bool:
            return (await connection.command("ZRANGE", key, 0, -1, "WITHSCORES"))[1] > first[1]

        await eventually(later)

    async def test_who_lost_the_seat_is_told_why(self, node, connection):
        room = await node.room(max_spectators=1)
        _, sink = await node.watch(room)
        await connection.command("DEL", f"sp:{{{room.id}}}:seats")
        await node.admitted(room, "Ben")
        assert await ended(sink) == 4509

    async def test_none_left_for_one_whose_lease_had_lapsed(self, node, connection):
        room = await node.room(max_spectators=1)
        _, right = await node.admitted(room)
        await connection.command("DEL", f"sp:{{{room.id}}}:seats")
        await node.admitted(room, "Ben")
        with pytest.raises(Ended) as refused:
            await node.watch(room, right)
        assert refused.value.code is Close.ROOM_FULL


class TestLags:
    async def test_who_is_up_to_date_has_none(self, node):
        room = await node.room()
        viewer, sink = await node.watch(room)
        await node.publish(room, metrics(1))
        await told(sink, "tick")
        assert node.hub.lags(room.id) == {viewer.right.person: 0}

    async def test_who_is_behind_has(self, node):
        room = await node.room()
        viewer, sink = await node.watch(room)
        sink.stalled = True
        await node.publish(room, metrics(1))
        await eventually(sink.buffered)
        await node.publish(room, metrics(2))
        await eventually(lambda: node.hub.lags(room.id)[viewer.right.person] >= 100)

    async def test_nobody_watches(self, node):
        assert node.hub.lags("r_none") == {}


async def test_the_publisher_is_told_of_viewers_and_their_wishes(node):
    room = await node.room()
    _, right = await node.admitted(room)
    await node.watch(room, right)
    await node.watch(room, right)
    await node.watch(room, Pass("reader"))

    async def told() -> bool:
        answer = json.loads((await node.log.heartbeat(room.id)).body)
        return answer["watching"] == 2 and answer["wants"]["decisions"]

    await eventually(told)
    assert node.hub.wants(room.id).decisions
    assert not node.hub.wants("r_none").decisions


async def test_times_of_the_tests_keep_the_order_of_the_real_ones():
    assert QUICK.look_s < QUICK.poll_s
    assert QUICK.return_s < QUICK.idle_s
