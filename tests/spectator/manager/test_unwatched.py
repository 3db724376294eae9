"""A night that nobody watches: whoever ingests folds and trims, and keeps no room in memory for it."""

import asyncio
import json

import pytest

from rooms import Room
from spectator.log import Head, keys
from spectator.manager import Manager
from spectator.state import restore
from tests.harness.waiting import eventually
from tests.spectator.manager.test_publishing import active_room

MB = 1024 * 1024
NIGHT = 30 * MB
PER_ENTRY = 1.3
"""What an entry of the stream takes beyond its events."""


def batch(number: int, count: int, note: int) -> bytes:
    data = [{"step": number * count + n, "reward": n / 7, "note": "x" * note} for n in range(count)]
    return "\n".join(json.dumps({"type": "training_metrics", "data": one}) for one in data).encode()


async def head_of(manager: Manager, room: Room) -> Head:
    return (await manager.log.heads([room.id]))[room.id]


@pytest.mark.timeout(180)
async def test_a_night_of_events_stays_within_what_is_kept(manager: Manager) -> None:
    room = await active_room(manager.rooms)
    keep = manager.log.retention
    most = keep.keep_bytes + keep.checkpoint_after
    tasks = len(asyncio.all_tasks())
    sent = published = largest = 0
    while sent < NIGHT:
        body = batch(published, 500, 2000)
        await manager.publish(room, body)
        sent += len(body)
        published += 500
        head = await head_of(manager, room)
        assert head.bytes_after_checkpoint <= keep.most_after
        largest = max(largest, int(await manager.connection.command("MEMORY", "USAGE", keys.log(room.id))))

    async def at_rest() -> bool:
        return len(asyncio.all_tasks()) <= tasks

    await eventually(at_rest, deadline=60, what="the last checkpoint is written")
    head = await head_of(manager, room)
    kept = int(await manager.connection.command("HGET", keys.head(room.id), "kept"))
    assert head.seq == published
    assert 1 < head.first <= head.checkpoint_seq + 1
    assert keep.keep_bytes * 0.8 < kept <= most
    assert head.bytes_after_checkpoint < keep.checkpoint_after
    assert await manager.connection.command("MEMORY", "USAGE", keys.log(room.id)) < most * PER_ENTRY
    assert await manager.connection.command("STRLEN", keys.checkpoint(room.id)) < MB
    assert manager.hub.view(room.id) is None, "nobody watched: the hub never knew of it"
    assert manager.publisher._compacting == set()
    state, _ = await restore(manager.log, room.id)
    series = state.series["reward"]
    assert len(series) * series.stride >= published, "every point is in the picture"


@pytest.mark.timeout(180)
async def test_a_long_run_of_short_events_leaves_little_to_fold_for_who_comes(manager: Manager) -> None:
    room = await active_room(manager.rooms)
    keep = manager.log.retention
    for number in range(20):
        await manager.publish(room, batch(number, 1000, 0))

    async def folded() -> bool:
        head = await head_of(manager, room)
        return head.seq - head.checkpoint_seq < keep.checkpoint_events

    await eventually(folded, deadline=60, what="the checkpoint comes near the head")
    loaded = await manager.log.load(room.id)
    assert loaded.checkpoint is not None
    assert not loaded.more, "one page: what must be folded is bounded, however long the run was"


async def test_rooms_that_are_only_published_into_leave_nothing_on_the_node(manager: Manager) -> None:
    """What a node keeps in memory follows what is watched on it, not what passes through it."""
    rooms = [await active_room(manager.rooms) for _ in range(60)]
    for sequence in (1, 2):
        for room in rooms:
            await manager.publish(room, batch(0, 3, 10), producer="p", sequence=sequence)
    assert manager.hub._node.rooms == {}
    assert manager.publisher._compacting == set()
    meter = manager.publisher._meter
    assert (meter._since, meter._paid, meter._measuring) == ({}, {}, set())
