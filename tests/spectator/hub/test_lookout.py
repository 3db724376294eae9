"""What a hub finds out each second, on a real store."""

from itertools import pairwise

from spectator.hub import Policy, Variant
from spectator.log import Log
from tests.harness.waiting import eventually
from tests.spectator.hub.living import Node, kinds, metrics, steps, told


async def silence(connection, room, ms: int) -> None:
    """As if the publisher had said nothing for so long."""
    await connection.command("HSET", f"sp:{{{room.id}}}:head", "seen_at", connection.clock.now_ms() - ms)


async def test_a_silent_publisher_is_told_of_and_its_return(node, connection):
    room = await node.room()
    await node.publish(room, metrics(1))
    _, sink = await node.watch(room)
    await silence(connection, room, 20_000)
    notice = await told(sink, "notice")
    assert (notice["code"], notice["status"]) == ("publisher_silent", "stalled")
    assert notice["last_seen_at"].endswith("Z")
    await node.publish(room, metrics(2))
    assert (await told(sink, "notice", 2))["code"] == "publisher_back"


async def test_a_finished_run_is_not_silent(node, connection):
    room = await node.room()
    await node.publish(room, metrics(1), {"type": "training_event", "event": "training_finished"})
    viewer, sink = await node.watch(room, variant=Variant.FLAT)
    await silence(connection, room, 20_000)
    status = await told(sink, "training_status", 3)
    assert status["status"] == "finished"
    assert not viewer.hidden
    assert "notice" not in {message["type"] for message in sink.messages()}


async def test_news_that_nobody_rang_for_is_found(node):
    room = await node.room()
    _, sink = await node.watch(room)
    await node.hub._doorway.bells.discard(room.id)
    for step in range(3):
        await node.publish(room, metrics(step), ring=False)
    await eventually(lambda: steps(sink) == [0, 1, 2])


async def test_a_jump_of_the_stores_clock_ends_nobody_and_seats_are_renewed_at_once(rooms, connection):
    node = Node(rooms, Log(connection), Policy(look_s=0.2, poll_s=1.0, renew_s=600))
    await node.hub.start()
    room = await node.room()
    viewer, sink = await node.watch(room)
    view = node.hub.view(room.id)
    await eventually(lambda: view.renewed_at > 0, 60)
    renewed, looked = view.renewed_at, view.looked_at
    connection.clock.observe(connection.clock.now_ms() + 2 * 3_600_000)  # more than a grant lives
    node.hub._gatekeeper.ring(room.id)
    await eventually(lambda: view.looked_at > looked and view.renewed_at > renewed, 60)
    assert viewer in view.viewers
    assert "bye" not in kinds(sink)
    node.hub.detach(viewer)
    await node.hub.stop()


async def test_a_room_that_everybody_has_left_for_the_moment_is_kept_at_the_head(node):
    room = await node.room()
    viewer, _ = await node.watch(room)
    node.hub.detach(viewer)
    await node.hub._doorway.bells.discard(room.id)
    await node.publish(room, metrics(1), ring=False)
    await eventually(lambda: node.hub.view(room.id).feed.cursor.seq == 1)


async def test_the_crowd_is_told_when_it_changes_and_not_to_hidden_tabs(node):
    room = await node.room()
    _, ann = await node.watch(room)
    hidden, ben = await node.watch(room)
    node.hub.show(hidden, hidden=True)
    ben.taken.clear()
    await told(ann, "crowd", 2)
    third, _ = await node.watch(room)
    await eventually(lambda: [m["watching"] for m in ann.messages() if m["type"] == "crowd"][-1] == 3)
    assert not ben.taken
    node.hub.show(hidden, hidden=False)
    assert (await told(ben, "crowd"))["watching"] == 3
    node.hub.detach(third)
    await eventually(lambda: [m["watching"] for m in ann.messages() if m["type"] == "crowd"][-1] == 2)
    counts = [message["watching"] for message in ann.messages() if message["type"] == "crowd"]
    assert all(earlier != later for earlier, later in pairwise(counts[1:]))


async def test_a_stream_whose_other_end_has_gone_is_forgotten(node):
    room = await node.room()
    viewer, sink = await node.watch(room, variant=Variant.SSE)
    sink.finished = True
    await eventually(lambda: viewer not in node.hub.view(room.id).viewers)
    assert sink.aborted
