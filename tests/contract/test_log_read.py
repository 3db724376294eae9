"""What reading a room's log promises, on every kind of store: chain, breaks, checkpoints and trimming."""

import asyncio
import dataclasses
import json
from collections.abc import Sequence

import pytest

import rooms
from rooms import Busy, Connection, channel_of
from spectator.events import Decoded, decode
from spectator.log import Cursor, Log, Retention, Tail
from spectator.state import State, advance, compact, restore
from spectator.state.codec import encode
from tests.harness.waiting import eventually

ROOM = "r_0123456789abcdef"
OTHER = "r_fedcba9876543210"
HEAD = f"sp:{{{ROOM}}}:head"
STREAM = f"sp:{{{ROOM}}}:log"
CHECKPOINT = f"sp:{{{ROOM}}}:checkpoint"
SMALL = Retention(checkpoint_after=2_000, keep_bytes=4_000, most_after=20_000, page=1_500, lease_ms=60_000)


def batch(*rewards: float) -> Decoded:
    events = ({"type": "training_metrics", "data": {"step": n, "reward": n}} for n in rewards)
    return decode("\n".join(json.dumps(event) for event in events).encode(), 1_700_000_000_000)


async def open_log(connection: Connection, retention: Retention | None = None, room_id: str = ROOM) -> Log:
    expires = connection.clock.now_ms() + 3_600_000
    await connection.command("HSET", f"sp:{{{room_id}}}:room", "status", "active", "expires_at", expires)
    return Log(connection, retention)


async def fill(log: Log, count: int) -> None:
    for number in range(count):
        await log.append(ROOM, batch(number))


async def at_head(log: Log) -> Cursor:
    return (await log.heads([ROOM]))[ROOM].cursor


async def as_replicated(connection: Connection) -> dict[str, bytes]:
    """What an asynchronous replica has of a room at this moment."""
    return {key: await connection.command("DUMP", key) for key in (HEAD, STREAM)}


async def fail_over(connection: Connection, replica: dict[str, bytes]) -> None:
    """The replica takes over: whatever came after that moment is gone."""
    for key, dump in replica.items():
        await connection.command("RESTORE", key, 0, dump, "REPLACE")


async def test_many_rooms_are_read_at_once_each_from_its_cursor(connection: Connection) -> None:
    log = await open_log(connection)
    await open_log(connection, room_id=OTHER)
    await fill(log, 3)
    await log.append(OTHER, batch(7, 8))
    middle = (await log.read([(ROOM, Cursor.START)]))[0].entries[0]
    cursor = Cursor((await at_head(log)).epoch, middle.last, middle.tag)
    first, second = await log.read([(ROOM, cursor), (OTHER, Cursor.START)])
    assert [entry.last for entry in first.entries] == [2, 3]
    assert [entry.last for entry in second.entries] == [2]
    assert (first.broken, first.trimmed, first.more) == (False, False, False)


async def test_a_cursor_at_the_head_has_nothing_to_read(connection: Connection) -> None:
    log = await open_log(connection)
    [empty] = await log.read([(ROOM, Cursor.START)])
    assert (empty.entries, empty.broken, empty.trimmed) == ([], False, False)
    await fill(log, 2)
    [tail] = await log.read([(ROOM, await at_head(log))])
    assert (tail.entries, tail.broken, tail.trimmed) == ([], False, False)


async def test_long_tails_come_in_pages_without_gap_or_repeat(connection: Connection) -> None:
    log = await open_log(connection, SMALL)
    await fill(log, 60)
    cursor, seen, pages = Cursor.START, [], 0
    while True:
        [tail] = await log.read([(ROOM, cursor)])
        seen += [entry.last for entry in tail.entries]
        cursor = Cursor(tail.head.epoch, tail.entries[-1].last, tail.entries[-1].tag)
        pages += 1
        if not tail.more:
            break
    assert seen == list(range(1, 61))
    assert pages > 2


async def test_a_lost_tail_is_found_and_raises_the_epoch_once(connection: Connection) -> None:
    log = await open_log(connection)
    await fill(log, 3)
    replica = await as_replicated(connection)
    await fill(log, 2)
    before = await at_head(log)
    await fail_over(connection, replica)
    [tail] = await log.read([(ROOM, before)])
    assert tail.broken
    raised = (await at_head(log)).epoch
    assert raised > before.epoch
    [late] = await log.read([(ROOM, before)])
    assert late.broken
    assert (await at_head(log)).epoch == raised, "whoever comes later only learns of it"


async def test_many_nodes_that_find_a_loss_at_the_same_moment_raise_the_epoch_once(
    store_url: str, connection: Connection
) -> None:
    log = await open_log(connection)
    await fill(log, 3)
    replica = await as_replicated(connection)
    await fill(log, 2)
    before = await at_head(log)
    await fail_over(connection, replica)
    nodes = [await rooms.connect(store_url) for _ in range(6)]
    heard: list[str] = []
    bells = connection.bells(lambda _room, kind: heard.append(kind), lambda: None)
    await bells.add(ROOM)
    await asyncio.gather(*(Log(node).read([(ROOM, before)]) for node in nodes))
    raised = (await at_head(log)).epoch
    assert raised > before.epoch
    await connection.command("SPUBLISH", channel_of(ROOM), "access")
    await eventually(lambda: "access" in heard, deadline=60, what="all bells until now")
    assert heard == ["log", "access"], "it was raised, and told, once"
    tails = [tail for node in nodes for tail in await Log(node).read([(ROOM, before)])]
    assert {(tail.broken, tail.head.epoch) for tail in tails} == {(True, raised)}
    await bells.close()
    for node in nodes:
        await node.close()


async def test_a_tail_that_grew_anew_over_a_lost_one_is_found_by_its_tag(connection: Connection) -> None:
    log = await open_log(connection)
    await fill(log, 3)
    replica = await as_replicated(connection)
    await fill(log, 2)
    before = await at_head(log)
    await fail_over(connection, replica)
    await fill(log, 2)
    same_number = await at_head(log)
    assert (same_number.seq, same_number.epoch) == (before.seq, before.epoch), "only the tag tells"
    [at_same] = await log.read([(ROOM, before)])
    assert at_same.broken

    await connection.command("HSET", HEAD, "epoch", before.epoch)
    await fill(log, 2)
    [behind] = await log.read([(ROOM, before)])
    assert behind.broken
    assert (await at_head(log)).epoch > before.epoch


async def test_a_store_that_lost_everything_is_found(connection: Connection) -> None:
    log = await open_log(connection)
    await fill(log, 4)
    before = await at_head(log)
    await connection.command("DEL", HEAD, STREAM)
    [tail] = await log.read([(ROOM, before)])
    assert tail.broken


async def test_a_head_that_was_lost_alone_does_not_stop_publishing(connection: Connection) -> None:
    log = await open_log(connection)
    await fill(log, 4)
    await connection.command("DEL", HEAD)
    assert (await log.append(ROOM, batch(5))).offset == 5


async def test_no_cursor_that_a_viewer_makes_up_raises_the_epoch(connection: Connection) -> None:
    log = await open_log(connection)
    await fill(log, 4)
    head = await at_head(log)
    for made_up in (
        dataclasses.replace(head, seq=9),
        dataclasses.replace(head, seq=3),
        dataclasses.replace(head, tag=b"00000000"),
        dataclasses.replace(head, epoch=head.epoch + 1),
        dataclasses.replace(head, seq=2, tag=b"00000000"),
    ):
        tail = await log.resume(ROOM, made_up)
        assert tail.broken
        assert tail.entries == []
    assert (await at_head(log)).epoch == head.epoch


async def test_resume_is_exact_at_every_entry_of_the_log(connection: Connection) -> None:
    log = await open_log(connection)
    for size in (1, 3, 2, 5):
        await log.append(ROOM, batch(*range(size)))
    head = await at_head(log)
    entries = (await log.read([(ROOM, Cursor.START)]))[0].entries
    for place, entry in enumerate(entries):
        tail = await log.resume(ROOM, Cursor(head.epoch, entry.last, entry.tag))
        assert tail.entries == entries[place + 1 :]


async def test_a_checkpoint_and_its_tail_are_the_whole(connection: Connection) -> None:
    log = await open_log(connection, SMALL)
    from_start = State()
    compacted = 0
    for number in range(120):
        appended = await log.append(ROOM, batch(number, number + 0.5))
        if appended.compact:
            compacted += await compact(log, ROOM)
            assert (await log.heads([ROOM]))[ROOM].bytes_after_checkpoint < SMALL.checkpoint_after
        [tail] = await log.read([(ROOM, from_start.cursor)])
        for entry in tail.entries:
            advance(from_start, entry, tail.head.epoch)
    assert compacted > 2
    state, head = await restore(log, ROOM)
    assert state == from_start
    assert state.cursor == head.cursor
    assert head.first > 1, "what the checkpoint covers and nobody needs any more is gone"


async def test_only_one_node_writes_a_checkpoint_and_only_when_it_is_due(connection: Connection) -> None:
    log = await open_log(connection, SMALL)
    assert await log.lease(ROOM) is None
    await fill(log, 30)
    lease = await log.lease(ROOM)
    assert lease is not None
    assert await log.lease(ROOM) is None
    assert await compact(log, ROOM) is False
    state, head = await restore(log, ROOM)
    stranger = dataclasses.replace(lease, token="of another")
    assert await log.write_checkpoint(stranger, state.cursor, encode(state), 1) is False
    elsewhere = dataclasses.replace(state.cursor, tag=b"00000000")
    assert await log.write_checkpoint(lease, elsewhere, encode(state), 1) is False
    assert await log.write_checkpoint(lease, state.cursor, encode(state), head.bytes_after_checkpoint) is True
    assert (await log.heads([ROOM]))[ROOM].bytes_after_checkpoint == 0
    assert (await log.load(ROOM)).entries == []


async def test_many_short_events_are_a_reason_for_a_checkpoint_too(connection: Connection) -> None:
    """Whoever joins folds what lies behind the checkpoint: that must stay little, in events as in bytes."""
    log = await open_log(connection, Retention(checkpoint_events=30))
    for number in range(9):
        assert not (await log.append(ROOM, batch(number, number, number))).compact
    assert await log.lease(ROOM) is None
    appended = await log.append(ROOM, batch(1, 2, 3))
    assert (appended.compact, appended.events_after_checkpoint) == (True, 30)
    assert await compact(log, ROOM)
    again = await log.append(ROOM, batch(4))
    assert (again.compact, again.events_after_checkpoint) == (False, 1)


async def test_a_checkpoint_does_not_run_after_publishers_that_never_stop(connection: Connection) -> None:
    """It stands where the log ended when it began, although something comes with each page it reads."""
    log = await open_log(connection, dataclasses.replace(SMALL, most_after=10**9))
    await fill(log, 60)
    begun = await at_head(log)

    class Busier(Log):
        """A log to which publishers add while it is read."""

        async def read(self, cursors: Sequence[tuple[str, Cursor]]) -> list[Tail]:
            await fill(log, 30)
            return await super().read(cursors)

    assert await compact(Busier(connection, SMALL), ROOM)
    head = (await log.heads([ROOM]))[ROOM]
    assert begun.seq <= head.checkpoint_seq < head.seq
    state, _ = await restore(log, ROOM)
    assert state.cursor == head.cursor


async def test_a_lease_that_ran_out_is_given_again(connection: Connection) -> None:
    log = await open_log(connection, dataclasses.replace(SMALL, lease_ms=0))
    await fill(log, 30)
    first, second = await log.lease(ROOM), await log.lease(ROOM)
    assert first is not None
    assert second is not None
    state, _ = await restore(log, ROOM)
    assert await log.write_checkpoint(first, state.cursor, encode(state), 1) is False


async def test_trimming_keeps_what_no_checkpoint_covers(connection: Connection) -> None:
    log = await open_log(connection, dataclasses.replace(SMALL, keep_bytes=0, most_after=10**9))
    await fill(log, 40)
    assert await log.trim(ROOM) == 0
    assert await compact(log, ROOM)
    assert await connection.command("XLEN", STREAM) == 0
    await fill(log, 3)
    assert [entry.last for entry in (await log.load(ROOM)).entries] == [41, 42, 43]


async def test_old_entries_go_although_there_is_room_for_them(connection: Connection) -> None:
    log = await open_log(connection, dataclasses.replace(SMALL, keep_bytes=10**9, keep_ms=-60_000))
    await fill(log, 40)
    assert await compact(log, ROOM)
    assert (await log.heads([ROOM]))[ROOM].first == 41


async def test_a_cursor_behind_what_is_kept_is_told_so(connection: Connection) -> None:
    log = await open_log(connection, dataclasses.replace(SMALL, keep_bytes=0))
    await log.append(ROOM, batch(1))
    early = await at_head(log)
    await fill(log, 30)
    assert await compact(log, ROOM)
    await fill(log, 2)
    [tail] = await log.read([(ROOM, early)])
    assert (tail.trimmed, tail.broken, tail.entries) == (True, False, [])
    [fresh] = await log.read([(ROOM, Cursor.START)])
    assert fresh.trimmed
    assert (await at_head(log)).epoch == early.epoch


async def test_publishers_wait_when_no_checkpoint_can_be_written(connection: Connection) -> None:
    log = await open_log(connection, dataclasses.replace(SMALL, most_after=500))
    with pytest.raises(Busy):
        await fill(log, 100)
    assert (await log.heartbeat(ROOM)).offset > 0
    assert await compact(log, ROOM) or (await log.heads([ROOM]))[ROOM].bytes_after_checkpoint < 2_000


async def test_a_checkpoint_that_cannot_be_read_is_done_without(connection: Connection) -> None:
    log = await open_log(connection, dataclasses.replace(SMALL, keep_bytes=10**6))
    await fill(log, 30)
    assert await compact(log, ROOM)
    await fill(log, 2)
    whole, _ = await restore(log, ROOM)
    await connection.command("SET", CHECKPOINT, b"of the next version")
    state, _ = await restore(log, ROOM)
    assert state == whole


async def test_a_checkpoint_that_does_not_fit_to_the_log_is_done_without(connection: Connection) -> None:
    log = await open_log(connection, dataclasses.replace(SMALL, keep_bytes=10**6))
    await fill(log, 30)
    assert await compact(log, ROOM)
    await fill(log, 2)
    await connection.command("HSET", HEAD, "ckpt_tag", "00000000")
    loaded = await log.load(ROOM)
    assert loaded.checkpoint is None
    assert loaded.entries[0].first == 1


async def test_restore_tells_what_it_passes(connection: Connection) -> None:
    log = await open_log(connection, dataclasses.replace(SMALL, keep_bytes=0))
    await fill(log, 30)
    assert await compact(log, ROOM)
    await fill(log, 3)
    seen: list[int] = []
    await restore(log, ROOM, passed=lambda _entry, events: seen.extend(event.seq for event in events))
    assert seen == [31, 32, 33]
