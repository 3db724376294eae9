"""Ingest: what one POST does to log, hub and checkpoint."""

import json

import pytest

from rooms import Connection, NewRoom, Room, RoomManager
from spectator.events import BodyRefused
from spectator.hub import Hub
from spectator.log import Log
from spectator.manager.publishing import DECODE_ASIDE_BYTES, Publisher
from spectator.state.codec import VERSION
from spectator.stats import Stats
from tests.harness.waiting import eventually

NOW = 1_700_000_000_000


async def one_release() -> set[int]:
    """All nodes are of this release."""
    return {VERSION}


@pytest.fixture
def publisher(connection: Connection, rooms: RoomManager) -> Publisher:
    log = Log(connection)
    return Publisher(log, Hub(log, rooms), rooms, Stats(), one_release)


async def active_room(rooms: RoomManager) -> Room:
    key = "sk_local_a-key-of-the-tests-long-enough"
    await rooms.ensure_key(key, "local", frozenset({"manage"}), "tests")
    return (await rooms.create(await rooms.caller(key), NewRoom.read({}))).room


def line(step: int, size: int = 0) -> bytes:
    data = {"step": step, "current_reward": float(step), "note": "x" * size}
    return json.dumps({"type": "training_metrics", "data": data}).encode()


async def test_an_empty_body_is_the_heartbeat_unless_it_has_a_number(
    publisher: Publisher, rooms: RoomManager
) -> None:
    room = await active_room(rooms)
    given = {"ndjson": True, "producer": None, "sequence": None, "fence": None}
    answer = json.loads(await publisher.publish(room, b" \n", NOW, **given))  # type: ignore[arg-type]  # three kinds
    assert (answer["offset"], answer["accepted"]) == (0, 0)
    numbered = await publisher.publish(room, b"", NOW, ndjson=True, producer="p", sequence=1, fence=None)
    repeated = await publisher.publish(room, b"", NOW, ndjson=True, producer="p", sequence=1, fence=None)
    assert repeated == numbered


async def test_a_refused_body_stores_nothing(publisher: Publisher, rooms: RoomManager) -> None:
    room = await active_room(rooms)
    with pytest.raises(BodyRefused):
        await publisher.publish(room, b"[", NOW, ndjson=False, producer="p", sequence=1, fence=None)
    answer = await publisher.publish(room, line(1), NOW, ndjson=True, producer="p", sequence=1, fence=None)
    assert json.loads(answer)["offset"] == 1


async def test_a_long_run_is_folded_into_a_checkpoint_by_whoever_ingests(
    publisher: Publisher, rooms: RoomManager, connection: Connection
) -> None:
    room = await active_room(rooms)
    body = b"\n".join(line(step, 2000) for step in range(250))
    assert len(body) > DECODE_ASIDE_BYTES
    for _ in range(10):
        await publisher.publish(room, body, NOW, ndjson=True, producer=None, sequence=None, fence=None)
    await eventually(
        lambda: connection.command("EXISTS", f"sp:{{{room.id}}}:checkpoint"), what="a checkpoint of 5 MB"
    )
    head = (await Log(connection).heads([room.id]))[room.id]
    assert head.checkpoint_seq > 0
    await publisher.stop()
