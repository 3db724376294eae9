"""Restoring from checkpoint and log, on every kind of store: tests/contract/test_log_read.py."""

import asyncio
import json

from rooms import Connection
from spectator.events import decode
from spectator.log import Cursor, Log, Retention
from spectator.state import State, compact, restore

from .made import busy_run

ROOM = "r_0123456789abcdef"


async def published(connection: Connection, count: int, retention: Retention | None = None) -> Log:
    expires = connection.clock.now_ms() + 3_600_000
    await connection.command("HSET", f"sp:{{{ROOM}}}:room", "status", "active", "expires_at", expires)
    log = Log(connection, retention)
    events = busy_run(count)
    for first in range(0, len(events), 100):
        body = "\n".join(json.dumps(event) for event in events[first : first + 100]).encode()
        await log.append(ROOM, decode(body, 1_700_000_000_000))
    return log


async def test_a_room_without_events_starts_empty(connection: Connection) -> None:
    state, head = await restore(Log(connection), ROOM)
    assert state == State()
    assert head.cursor == state.cursor == Cursor.START


async def test_a_long_tail_is_folded_without_holding_up_the_loop(connection: Connection) -> None:
    log = await published(connection, 2_000, Retention(checkpoint_after=100_000, page=200_000))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.get_running_loop().create_task(others())
    whole, _ = await restore(log, ROOM)
    assert turns > 20
    assert await compact(log, ROOM)
    beside.cancel()
    from_checkpoint, head = await restore(log, ROOM)
    assert from_checkpoint == whole
    assert head.bytes_after_checkpoint == 0
    assert len(whole.series) == 40 + 4, "reward, and what the overlay derives from it"


async def test_a_checkpoint_is_not_written_twice(connection: Connection) -> None:
    log = await published(connection, 500, Retention(checkpoint_after=100_000))
    written = await asyncio.gather(*(compact(log, ROOM) for _ in range(5)))
    assert sorted(written) == [False, False, False, False, True]
    assert await compact(log, ROOM) is False
