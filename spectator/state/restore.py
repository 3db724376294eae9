"""Bring a state to the head of its log; write checkpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from rooms import StoreUnavailable
from spectator.log import Entry, Head, Lease, Log
from spectator.overlay import Completed
from spectator.state import codec
from spectator.state.fold import advance
from spectator.state.state import State

SLICE_BYTES: Final = 64 * 1024
"""So much is folded before others get their turn on the loop: about a millisecond or two."""

_ATTEMPTS: Final = 3

Passed = Callable[[Entry, list[Completed]], None]


async def restore(log: Log, room_id: str, *, passed: Passed | None = None) -> tuple[State, Head]:
    """Cold start: the state at the head, from the checkpoint and what follows it.

    Yields to the loop as it goes. ``passed`` is called for each entry after the checkpoint, with its events.
    The state's cursor is the head's.
    """
    state, head, _ = await _follow(log, room_id, passed)
    return state, head


async def compact(log: Log, room_id: str) -> bool:
    """Fold what lies behind the checkpoint into a new one and trim.

    For the node whose append said ``compact``. False: another node is at it, or none is due.
    """
    lease = await log.lease(room_id)
    return lease is not None and await _write(log, lease)


async def _write(log: Log, lease: Lease) -> bool:
    state, _, covered = await _follow(log, lease.room_id, None)
    parts = []
    for piece in codec.pieces(state):
        parts.append(piece)
        if len(piece) > SLICE_BYTES // 4:
            await asyncio.sleep(0)
    checkpoint = await asyncio.to_thread(codec.deflate, parts)
    return await log.write_checkpoint(lease, state.cursor, checkpoint, covered)


async def _follow(log: Log, room_id: str, passed: Passed | None) -> tuple[State, Head, int]:
    """Return the state at the head, the head, and how many bytes lie between checkpoint and head."""
    for _ in range(_ATTEMPTS):
        followed = await _follow_once(log, room_id, passed)
        if followed is not None:
            return followed
    raise StoreUnavailable("The room's log changes faster than it can be read. Try again.", retry_after=1.0)


async def _follow_once(log: Log, room_id: str, passed: Passed | None) -> tuple[State, Head, int] | None:
    """None: while it was read, the log was trimmed beyond what had been read, or its store lost a tail."""
    loaded = await log.load(room_id)
    try:
        state = await _decode(loaded.checkpoint)
    except codec.UnreadableCheckpoint:
        # Written by a newer node, or damaged. What is kept of the log is all there is then.
        loaded = await log.load(room_id, checkpoint=False)
        state = State()
    entries, head, more, covered = loaded.entries, loaded.head, loaded.more, 0
    while True:
        covered += await _fold_all(state, entries, head.epoch, passed)
        if not more:
            break
        [tail] = await log.read([(room_id, state.cursor)])
        if tail.broken or tail.trimmed:
            return None
        entries, head, more = tail.entries, tail.head, tail.more
    state.cursor = head.cursor
    return state, head, covered


async def _decode(checkpoint: bytes | None) -> State:
    """The state of a checkpoint, an empty one without it; raises UnreadableCheckpoint."""
    if checkpoint is None:
        return State()
    state, steps = codec.unpack(checkpoint)
    for _ in steps:
        await asyncio.sleep(0)
    return state


async def _fold_all(state: State, entries: list[Entry], epoch: int, passed: Passed | None) -> int:
    total = since = 0
    for entry in entries:
        events = advance(state, entry, epoch)
        if passed is not None:
            passed(entry, events)
        total += entry.size
        since += entry.size
        if since > SLICE_BYTES:
            since = 0
            await asyncio.sleep(0)
    return total
