"""Releases side by side on one store: each reads what the others write, in an upgrade and on the way back."""

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import rooms
from rooms import Connection, Room
from spectator.embedded import EmbeddedStore
from spectator.events import Decoded, decode
from spectator.log import keys
from spectator.manager import Manager
from spectator.nodes import Nodes
from spectator.settings import Settings
from spectator.state import State, compact, restore
from spectator.state.codec import BEFORE, VERSION
from tests.harness.waiting import eventually
from tests.spectator.manager.test_publishing import active_room

WRITTEN_BEFORE = Path(__file__).parents[1] / "state" / "checkpoints" / f"version-{BEFORE}"
BATCH = b"\n".join(
    json.dumps(
        {"type": "training_metrics", "data": {"step": step, "reward": step / 7, "note": "x" * 500}}
    ).encode()
    for step in range(1000)
)


async def publish_until_due(manager: Manager, room: Room) -> None:
    """Publish more than may lie behind a checkpoint, and wait until that is written."""
    before = (await manager.log.heads([room.id]))[room.id].checkpoint_seq
    for _ in range(manager.log.retention.checkpoint_after // len(BATCH) + 1):
        await manager.publish(room, BATCH)

    async def written() -> bool:
        return (await manager.log.heads([room.id]))[room.id].checkpoint_seq > before

    await eventually(written, deadline=60, what="the checkpoint is written")


async def stored(connection: Connection, room: Room) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        zlib.decompress(await connection.command("GET", keys.checkpoint(room.id)))
    )
    return found


@asynccontextmanager
async def node_that_reads(store: EmbeddedStore, version: int) -> AsyncIterator[Nodes]:
    """A node of another release, as the others know it: by its row."""
    connection = await rooms.connect(store.url)
    node = Nodes(connection, checkpoint=version)
    await node.start()
    try:
        yield node
    finally:
        await node.stop()
        await connection.close()


async def test_an_upgrade_and_the_way_back(manager: Manager, store: EmbeddedStore) -> None:
    room = await active_room(manager.rooms)
    connection = manager.connection
    async with node_that_reads(store, BEFORE):
        await publish_until_due(manager, room)
        assert (await stored(connection, room))["v"] == BEFORE, "the other one must read it too"
    await publish_until_due(manager, room)
    assert (await stored(connection, room))["v"] == VERSION, "all that live now read it"
    async with node_that_reads(store, BEFORE):
        await publish_until_due(manager, room)
        assert (await stored(connection, room))["v"] == BEFORE, (
            "one that came back finds it as it can read it"
        )
    state, head = await restore(manager.log, room.id)
    series = state.series["reward"]
    assert len(series) * series.stride - head.seq in range(series.stride), "every point went along"


async def test_what_the_release_before_left_is_gone_on_from(manager: Manager) -> None:
    """Its checkpoint stands at its head; nothing else is kept."""
    room = await active_room(manager.rooms)
    left = json.loads(zlib.decompress(WRITTEN_BEFORE.read_bytes()))
    fields = {"epoch": left["epoch"], "seq": left["seq"], "tag": left["tag"], "first": left["seq"] + 1}
    fields |= {
        "ckpt_seq": left["seq"],
        "ckpt_tag": left["tag"],
        "bytes": 0,
        "kept": 0,
        "run_status": "active",
    }
    await manager.connection.command(
        "HSET", keys.head(room.id), *(x for pair in fields.items() for x in pair)
    )
    await manager.connection.command("SET", keys.checkpoint(room.id), WRITTEN_BEFORE.read_bytes())
    state, head = await restore(manager.log, room.id)
    assert (state.cursor.seq, len(state.episodes)) == (left["seq"], 200)
    assert head.cursor == state.cursor
    await publish_until_due(manager, room)
    again, _ = await restore(manager.log, room.id)
    assert (await stored(manager.connection, room))["v"] == VERSION
    assert again.series["n1"] == state.series["n1"], "what came before is all there"


async def test_an_operator_may_keep_the_way_back_open(
    store: EmbeddedStore, connection: Connection, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, rate_limits=False, checkpoints="before")
    manager = await Manager.open(settings, store.url)
    await manager.start()
    try:
        room = await active_room(manager.rooms)
        await publish_until_due(manager, room)
        assert (await stored(connection, room))["v"] == BEFORE
    finally:
        await manager.stop()


async def test_a_newer_nodes_checkpoint_is_left_to_it_as_long_as_it_lives(
    manager: Manager, store: EmbeddedStore, caplog: pytest.LogCaptureFixture
) -> None:
    room = await active_room(manager.rooms)
    await publish_until_due(manager, room)
    newer = {**await stored(manager.connection, room), "v": VERSION + 1}
    checkpoint = zlib.compress(json.dumps(newer).encode())
    await manager.connection.command("SET", keys.checkpoint(room.id), checkpoint)
    for _ in range(manager.log.retention.checkpoint_after // len(BATCH) + 1):
        await manager.log.append(room.id, decoded())
    async with node_that_reads(store, VERSION + 1):
        assert not await compact(manager.log, room.id, await manager.nodes.checkpoints())
        assert await manager.connection.command("GET", keys.checkpoint(room.id)) == checkpoint
        state, head = await restore(manager.log, room.id)
        assert state != State()
        assert state.cursor == head.cursor, "what is kept of the log is shown meanwhile"
    await manager.connection.command("HDEL", keys.head(room.id), "lease", "lease_until")
    caplog.clear()
    assert await compact(manager.log, room.id, await manager.nodes.checkpoints())
    assert (await stored(manager.connection, room))["v"] == VERSION
    assert "made anew of what is kept" in caplog.text, "with nobody left who reads it, that is said aloud"


def decoded() -> Decoded:
    return decode(BATCH, 1_700_000_000_000)
