"""Bring a state to the head of its log; write checkpoints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from rooms import StoreUnavailable
from spectator.log import Entry, Head, Lease, Loaded, Log
from spectator.overlay import Completed
from spectator.state import codec
from spectator.state.fold import advance
from spectator.state.state import State

logger = logging.getLogger("spectator.state")

SLICE_BYTES: Final = 64 * 1024
"""So much is folded before others get their turn on the loop: about a millisecond or two."""

SLICE_EVENTS: Final = 256
"""Or so many, where they are short."""

INFLATE_ASIDE_BYTES: Final = 256 * 1024
"""Checkpoints above this are inflated in a thread: below, it takes a few milliseconds."""

_ATTEMPTS: Final = 3

Begin = Callable[[], Awaitable[tuple[State, Loaded]]]
Passed = Callable[[Entry, list[Completed]], None]


async def restore(log: Log, room_id: str, *, passed: Passed | None = None) -> tuple[State, Head]:
    """Cold start: the state at the head, from the checkpoint and what follows it.

    Yields to the loop as it goes. ``passed`` is called for each entry after the checkpoint, with its events.
    The state's cursor is the head's.
    """
    state, head, _ = await _follow(log, room_id, lambda: _begin(log, room_id), passed, whole=True)
    return state, head


async def compact(log: Log, room_id: str, readers: Collection[int] = (codec.VERSION,)) -> bool:
    """Fold what lies behind the checkpoint into a new one and trim.

    For the node whose append said ``compact``. It stands where the log ended when it began, however fast
    publishers go on. False: another node is at it, none is due, or it is the affair of a newer node.

    Args:
        log: where it is written.
        room_id: the room.
        readers: the newest version of checkpoints that each live node reads, this one's among them. What all
            of them read is written.
    """
    lease = await log.lease(room_id)
    return lease is not None and await _write(log, lease, readers)


async def _write(log: Log, lease: Lease, readers: Collection[int]) -> bool:
    try:
        state, covered = await _fold_to_where_it_ends_now(log, lease.room_id, readers)
    except codec.UnreadableCheckpoint as error:
        logger.info("%s: left to a newer node: %s", lease.room_id, error)
        return False
    version = codec.VERSION if min(readers) >= codec.VERSION else codec.BEFORE
    parts = []
    for piece in codec.pieces(state, version):
        parts.append(piece)
        if len(piece) > SLICE_BYTES // 4:
            await asyncio.sleep(0)
    checkpoint = await asyncio.to_thread(codec.deflate, parts)
    return await log.write_checkpoint(lease, state.cursor, checkpoint, covered)


async def _fold_to_where_it_ends_now(log: Log, room_id: str, readers: Collection[int]) -> tuple[State, int]:
    """Return the state at an entry not before the present head, and the bytes from the checkpoint up to it.

    Raises UnreadableCheckpoint where there is one that another node can read: it is not replaced by less.
    """

    async def begin() -> tuple[State, Loaded]:
        loaded = await log.load(room_id)
        try:
            return await _decode(loaded.checkpoint), loaded
        except codec.UnreadableCheckpoint as error:
            if error.version is not None and error.version > codec.VERSION and max(readers) >= error.version:
                raise
            logger.warning("%s: its state is made anew of what is kept of its log: %s", room_id, error)
            return await _without_checkpoint(log, room_id)

    state, _, covered = await _follow(log, room_id, begin, None, whole=False)
    return state, covered


async def _follow(
    log: Log, room_id: str, begin: Begin, passed: Passed | None, *, whole: bool
) -> tuple[State, Head, int]:
    """Return the state, the head, and how many bytes lie between checkpoint and state.

    ``whole``: up to the head; else not before where the head was at the beginning.
    """
    for _ in range(_ATTEMPTS):
        followed = await _follow_once(log, room_id, begin, passed, whole=whole)
        if followed is not None:
            return followed
    raise StoreUnavailable("The room's log changes faster than it can be read. Try again.", retry_after=1.0)


async def _follow_once(
    log: Log, room_id: str, begin: Begin, passed: Passed | None, *, whole: bool
) -> tuple[State, Head, int] | None:
    """None: while it was read, the log was trimmed beyond what had been read, or its store lost a tail."""
    state, loaded = await begin()
    entries, head, more, covered = loaded.entries, loaded.head, loaded.more, 0
    while True:
        covered += await _fold_all(state, entries, head.epoch, passed)
        if not more:
            state.cursor = head.cursor
            return state, head, covered
        if not whole and state.cursor.seq >= loaded.head.seq:
            return state, head, covered
        [tail] = await log.read([(room_id, state.cursor)])
        if tail.broken or tail.trimmed:
            return None
        entries, head, more = tail.entries, tail.head, tail.more


async def _begin(log: Log, room_id: str) -> tuple[State, Loaded]:
    """The checkpoint's state and what follows; where it cannot be read, all that is kept of the log."""
    loaded = await log.load(room_id)
    try:
        return await _decode(loaded.checkpoint), loaded
    except codec.UnreadableCheckpoint as error:
        logger.warning("%s: shown as far as its log is kept: %s", room_id, error)
        return await _without_checkpoint(log, room_id)


async def _without_checkpoint(log: Log, room_id: str) -> tuple[State, Loaded]:
    return State(), await log.load(room_id, checkpoint=False)


async def _decode(checkpoint: bytes | None) -> State:
    """The state of a checkpoint, an empty one without it; raises UnreadableCheckpoint."""
    if checkpoint is None:
        return State()
    if len(checkpoint) > INFLATE_ASIDE_BYTES:
        inflated = await asyncio.to_thread(codec.inflate, checkpoint)
    else:
        inflated = codec.inflate(checkpoint)
    state, steps = codec.unpack(inflated)
    for _ in steps:
        await asyncio.sleep(0)
    return state


async def _fold_all(state: State, entries: list[Entry], epoch: int, passed: Passed | None) -> int:
    total = since = events_since = 0
    for entry in entries:
        events = advance(state, entry, epoch)
        if passed is not None:
            passed(entry, events)
        total += entry.size
        since += entry.size
        events_since += len(events)
        if since > SLICE_BYTES or events_since > SLICE_EVENTS:
            since = events_since = 0
            await asyncio.sleep(0)
    return total
