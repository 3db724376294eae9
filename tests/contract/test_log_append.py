"""What appending to a room's log promises, on every kind of store."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, cast

import pytest

from rooms import (
    ClaimLost,
    Connection,
    InvalidRequest,
    RoomClosed,
    RoomExpired,
    RoomNotFound,
    Script,
    SequenceGap,
    Unauthorized,
)
from spectator.events import Decoded, decode
from spectator.log import Cursor, Fence, Log, Retention, Wants, run_status
from spectator.state import compact

ROOM = "r_0123456789abcdef"
NOW = 1_700_000_000_000


def batch(*events: dict[str, Any]) -> Decoded:
    return decode("\n".join(json.dumps(event) for event in events).encode(), NOW)


def reward(value: float) -> dict[str, Any]:
    return {"type": "training_metrics", "data": {"reward": value}}


def life(event: str, **data: Any) -> dict[str, Any]:
    return {"type": "training_event", "event": event, "data": data}


async def open_room(connection: Connection, **fields: Any) -> Log:
    """A room as the package rooms leaves it, and the log."""
    expires = connection.clock.now_ms() + 3_600_000
    values = {"status": "active", "expires_at": expires, "absolute_at": "", "idle_ms": "", **fields}
    await connection.command(
        "HSET", f"sp:{{{ROOM}}}:room", *(part for pair in values.items() for part in pair)
    )
    return Log(connection)


async def room_field(connection: Connection, field: str) -> int:
    return int(await connection.command("HGET", f"sp:{{{ROOM}}}:room", field))


async def test_events_are_numbered_from_one_and_come_back_as_they_were(connection: Connection) -> None:
    log = await open_room(connection)
    first = await log.append(ROOM, batch(reward(1), reward(2)))
    second = await log.append(ROOM, batch(reward(3)))
    assert (first.offset, second.offset) == (2, 3)
    [tail] = await log.read([(ROOM, Cursor.START)])
    assert [(entry.first, entry.last) for entry in tail.entries] == [(1, 2), (3, 3)]
    assert [json.loads(event)["data"]["reward"] for entry in tail.entries for event in entry.events] == [
        1,
        2,
        3,
    ]
    assert tail.entries[1].previous == tail.entries[0].tag
    assert tail.head.cursor == Cursor(tail.head.epoch, 3, tail.entries[1].tag)
    assert sum(entry.size for entry in tail.entries) == second.bytes_after_checkpoint


@pytest.mark.parametrize("heartbeat", [False, True])
async def test_a_room_key_that_was_replaced_appends_nothing_more(
    connection: Connection, heartbeat: bool
) -> None:
    log = await open_room(connection, generation=2, publisher_until=7)
    old = Fence(generation=1)
    late = (
        log.heartbeat(ROOM, old)
        if heartbeat
        else log.append(ROOM, batch(reward(1)), producer="p", sequence=1, fence=old)
    )
    with pytest.raises(Unauthorized):
        await late
    assert (await log.heads([ROOM]))[ROOM].seq == 0
    assert await room_field(connection, "publisher_until") == 7, "it is no sign of life either"
    assert (await log.append(ROOM, batch(reward(1)), fence=Fence(generation=2))).offset == 1
    assert (await log.append(ROOM, batch(reward(1)), fence=Fence())).offset == 2, "an API key needs none"


async def test_a_room_whose_generation_was_lost_takes_nothing_by_its_key(connection: Connection) -> None:
    log = await open_room(connection)
    with pytest.raises(Unauthorized):
        await log.append(ROOM, batch(reward(1)), fence=Fence(generation=1))


async def test_a_publisher_that_another_took_over_from_appends_nothing_more(connection: Connection) -> None:
    log = await open_room(connection, claimed_by="theirs")
    for fence in (Fence(claim="mine"), Fence(generation=None, claim="mine")):
        with pytest.raises(ClaimLost):
            await log.append(ROOM, batch(reward(1)), fence=fence)
        with pytest.raises(ClaimLost):
            await log.heartbeat(ROOM, fence)
    assert (await log.append(ROOM, batch(reward(1)), fence=Fence(claim="theirs"))).offset == 1
    assert (await log.append(ROOM, batch(reward(1)))).offset == 2, "who claims nothing loses nothing"


async def test_a_room_that_nobody_claimed_refuses_no_claim(connection: Connection) -> None:
    log = await open_room(connection)
    assert (await log.append(ROOM, batch(reward(1)), fence=Fence(claim="mine"))).offset == 1


async def test_the_answer_says_what_the_protocol_says(connection: Connection) -> None:
    log = await open_room(connection)
    sent = b'{"type":"log","message":"a"}\nnonsense\n{"type":"log","message":"b","seq":1}'
    answer = json.loads((await log.append(ROOM, decode(sent, NOW))).body)
    assert answer == {
        "offset": 1,
        "accepted": 1,
        "rejected": [{"line": 2, "code": "invalid_json"}, {"line": 3, "code": "reserved_field"}],
        "watching": 0,
        "requests": 0,
        "wants": {"frames": False, "max_fps": 0, "decisions": False, "episodes": False},
    }


async def test_what_viewers_want_is_joined_over_nodes(connection: Connection) -> None:
    log = await open_room(connection)
    assert await log.announce(ROOM, "node-1", 2, Wants(frames=True, max_fps=5)) == 2
    assert await log.announce(ROOM, "node-2", 3, Wants(decisions=True, max_fps=2)) == 5
    now = connection.clock.now_ms()
    await connection.command("ZADD", f"sp:{{{ROOM}}}:waiting", now + 60_000, "q_1", now - 1, "q_0")
    await connection.command(
        "ZADD", f"sp:{{{ROOM}}}:here", now + 60_000, "v_1", now + 60_000, "v_2", now, "v_0"
    )
    answer = json.loads((await log.heartbeat(ROOM)).body)
    assert (answer["watching"], answer["requests"]) == (7, 1), "five keys, and two people who are still here"
    assert answer["wants"] == {"frames": True, "max_fps": 5, "decisions": True, "episodes": False}
    assert await log.announce(ROOM, "node-1", 0, Wants()) == 3
    assert json.loads((await log.heartbeat(ROOM)).body)["wants"]["frames"] is False


async def test_a_repeat_is_answered_byte_for_byte_and_appends_nothing(connection: Connection) -> None:
    log = await open_room(connection)
    await log.announce(ROOM, "node", 4, Wants(frames=True, max_fps=9))
    first = await log.append(ROOM, batch(reward(1)), producer="p-1", sequence=1)
    await log.announce(ROOM, "node", 0, Wants())
    await log.append(ROOM, batch(reward(9)))
    again = await log.append(ROOM, batch(reward(1)), producer="p-1", sequence=1)
    assert (again.body, again.offset, again.duplicate) == (first.body, 1, True)
    assert (await log.heads([ROOM]))[ROOM].seq == 2


async def test_older_sequences_are_duplicates_and_holes_are_told(connection: Connection) -> None:
    log = await open_room(connection)
    for sequence in (1, 2, 3):
        await log.append(ROOM, batch(reward(sequence)), producer="p", sequence=sequence)
    old = await log.append(ROOM, batch(reward(1)), producer="p", sequence=1)
    assert json.loads(old.body) == {"duplicate": True, "offset": 3}
    with pytest.raises(SequenceGap) as gap:
        await log.append(ROOM, batch(reward(5)), producer="p", sequence=5)
    assert gap.value.last == 3
    with pytest.raises(SequenceGap) as unknown:
        await log.append(ROOM, batch(reward(5)), producer="another", sequence=2)
    assert unknown.value.last == 0
    assert (await log.heads([ROOM]))[ROOM].seq == 3


async def test_a_batch_without_an_acceptable_line_advances_its_sequence(connection: Connection) -> None:
    log = await open_room(connection)
    await log.append(ROOM, decode(b"nonsense", NOW), producer="p", sequence=1)
    second = await log.append(ROOM, batch(reward(1)), producer="p", sequence=2)
    assert second.offset == 1


async def test_the_same_batch_sent_at_once_from_everywhere_is_stored_once(connection: Connection) -> None:
    log = await open_room(connection)
    answers = await asyncio.gather(
        *(log.append(ROOM, batch(reward(1)), producer="p", sequence=1) for _ in range(20))
    )
    assert len({answer.body for answer in answers}) == 1
    assert (await log.heads([ROOM]))[ROOM].seq == 1


async def test_concurrent_publishers_never_share_a_number(connection: Connection) -> None:
    log = await open_room(connection)
    answers = await asyncio.gather(*(log.append(ROOM, batch(reward(n), reward(n))) for n in range(25)))
    assert sorted(answer.offset for answer in answers) == list(range(2, 51, 2))
    [tail] = await log.read([(ROOM, Cursor.START)])
    assert [entry.last for entry in tail.entries] == list(range(2, 51, 2))


@pytest.mark.parametrize(
    ("producer", "sequence"), [("p", None), (None, 1), ("p", 0), ("ü", 1), ("p" * 65, 1)]
)
async def test_a_malformed_producer_or_sequence_names_its_field(
    connection: Connection, producer: str | None, sequence: int | None
) -> None:
    log = await open_room(connection)
    with pytest.raises(InvalidRequest) as refused:
        await log.append(ROOM, batch(reward(1)), producer=producer, sequence=sequence)
    assert refused.value.field in {"Spectator-Producer", "Spectator-Sequence"}


async def test_rooms_that_are_over_take_nothing(connection: Connection) -> None:
    with pytest.raises(RoomNotFound):
        await Log(connection).append(ROOM, batch(reward(1)))
    for fields, error in (
        ({"status": "ended"}, RoomClosed),
        ({"status": "ended", "end_reason": "expired"}, RoomExpired),
        ({"expires_at": connection.clock.now_ms() - 1}, RoomExpired),
    ):
        log = await open_room(connection, **fields)
        with pytest.raises(error):
            await log.append(ROOM, batch(reward(1)))
    assert (await Log(connection).heads([ROOM]))[ROOM].seq == 0


async def test_a_post_keeps_the_room_open_but_never_beyond_its_end(connection: Connection) -> None:
    now = connection.clock.now_ms()
    log = await open_room(connection, expires_at=now + 1_000, idle_ms=60_000)
    await log.heartbeat(ROOM)
    assert await room_field(connection, "expires_at") >= now + 60_000
    log = await open_room(connection, idle_ms=60_000, absolute_at=now + 5_000)
    await log.heartbeat(ROOM)
    assert await room_field(connection, "expires_at") == now + 5_000
    log = await open_room(connection, expires_at=now + 7_000)
    await log.heartbeat(ROOM)
    assert await room_field(connection, "expires_at") == now + 7_000


async def test_a_publisher_holds_the_room_for_15_seconds_and_until_its_run_ends(
    connection: Connection,
) -> None:
    log = await open_room(connection)
    before = connection.clock.now_ms()
    await log.heartbeat(ROOM)
    assert await room_field(connection, "publisher_until") >= before + 15_000
    await log.append(ROOM, batch(life("training_started"), reward(1)))
    assert await room_field(connection, "publisher_until") >= before + 15_000
    await log.append(ROOM, batch(life("training_finished")))
    assert await room_field(connection, "publisher_until") == 0
    await log.heartbeat(ROOM)
    assert await room_field(connection, "publisher_until") == 0


async def test_the_run_begins_ends_and_falls_silent(connection: Connection) -> None:
    log = await open_room(connection)

    async def head() -> Any:
        return (await log.heads([ROOM]))[ROOM]

    await log.heartbeat(ROOM)
    assert run_status(await head(), connection.clock.now_ms()) is None
    await log.append(ROOM, batch(reward(1)))
    assert ((await head()).run_id, (await head()).run_status) == ("run-1", "active")
    await log.append(ROOM, batch(reward(2), life("training_started"), reward(3)))
    found = await head()
    assert found.run_id == "run-3"
    assert run_status(found, found.seen_at + 14_999) == "active"
    assert run_status(found, found.seen_at + 15_000) == "stalled"
    assert run_status(found, found.seen_at + 600_000) == "crashed"
    await log.append(ROOM, batch(life("training_failed")))
    assert (await head()).run_status == "failed"
    await log.append(ROOM, batch(reward(4)))
    assert (await head()).run_status == "failed", "what trickles in after the end begins no run"
    await log.append(ROOM, batch(life("training_started", run_id="abc"), life("training_finished")))
    assert ((await head()).run_id, (await head()).run_status) == ("abc", "finished")


async def test_a_series_too_many_is_refused_with_its_line(connection: Connection) -> None:
    await open_room(connection)
    log, other = (Log(connection, Retention(series=3)) for _ in range(2))
    await log.append(
        ROOM, batch({"type": "training_metrics", "data": {"a": 1, "b": 2, "step": 5, "text": "x"}})
    )
    sent = batch(reward(1), {"type": "metric", "name": "d", "value": 1}, reward(2))
    answer = json.loads((await other.append(ROOM, sent)).body)
    assert answer["accepted"] == 2
    assert answer["rejected"] == [{"line": 2, "code": "too_many_series"}]
    await other.append(ROOM, batch(life("training_started")))
    assert json.loads((await other.append(ROOM, sent)).body)["accepted"] == 3, "a new run begins with none"


async def test_producers_that_were_silent_longest_are_forgotten_first(connection: Connection) -> None:
    await open_room(connection)
    log = Log(connection, Retention(producers=4))
    for number in range(9):
        await log.append(ROOM, batch(reward(number)), producer=f"p{number}", sequence=1)
    rows = await connection.command("HLEN", f"sp:{{{ROOM}}}:producers")
    assert rows <= 4
    await log.append(ROOM, batch(reward(1)), producer="p8", sequence=2)


class Repeating:
    """A connection whose first answer always gets lost on the way, so that it sends everything again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        await self._connection.run(script, keys, args)
        return await self._connection.run(script, keys, args)


class Keeping:
    """A connection that remembers what was appended through it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.calls: list[tuple[Script, Sequence[str], Sequence[Any]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        if script.name == "append":
            self.calls.append((script, keys, args))
        return await self._connection.run(script, keys, args)


async def test_a_call_that_the_connection_repeats_counts_once(connection: Connection) -> None:
    await open_room(connection)
    log = Log(cast("Connection", Repeating(connection)), Retention(checkpoint_after=100))
    for number in range(1, 6):
        unnamed = await log.append(ROOM, batch(reward(number), life("training_started")))
        assert unnamed.offset == 3 * number - 1
        named = await log.append(ROOM, batch(reward(number)), producer="p", sequence=number)
        assert named.offset == 3 * number
    await log.announce(ROOM, "node", 2, Wants())
    assert json.loads((await log.heartbeat(ROOM)).body)["watching"] == 2
    assert await compact(log, ROOM)
    [tail] = await Log(connection).read([(ROOM, Cursor.START)])
    assert [entry.last for entry in tail.entries] == [2, 3, 5, 6, 8, 9, 11, 12, 14, 15]
    assert (tail.head.run_id, tail.head.bytes_after_checkpoint) == ("run-14", 0)


async def test_a_call_that_is_repeated_late_counts_once(connection: Connection) -> None:
    """Others have appended meanwhile: a batch without a number is found among the last of its kind."""
    await open_room(connection)
    keeping = Keeping(connection)
    log = Log(cast("Connection", keeping))
    for number in range(1, 61):
        await log.append(ROOM, batch(reward(number)))
        named = await log.append(ROOM, batch(reward(-number)), producer="p", sequence=number)
        assert named.offset == 2 * number
    unnamed = keeping.calls[::2]
    for place, call in enumerate(unnamed[-45:], 15):
        assert (await connection.run(*call))[1] == 2 * place + 1, "the number it got, whole"
    assert (await log.heads([ROOM]))[ROOM].seq == 120


async def test_every_append_rings_and_a_heartbeat_does_not(connection: Connection) -> None:
    log = await open_room(connection)
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    bells = connection.bells(lambda room, kind: heard.put_nowait((room, kind)), lambda: None)
    try:
        await bells.add(ROOM)
        await log.heartbeat(ROOM)
        await log.append(ROOM, batch(reward(1)))
        assert await asyncio.wait_for(heard.get(), 5) == (ROOM, "log")
        assert heard.empty()
    finally:
        await bells.close()


async def test_heads_of_many_rooms_come_together(connection: Connection) -> None:
    log = await open_room(connection)
    await log.append(ROOM, batch(reward(1)))
    others = [f"r_{number:016x}" for number in range(50)]
    heads = await log.heads([ROOM, *others])
    assert heads[ROOM].seq == 1
    assert all(heads[other].seq == 0 for other in others)
    assert abs(heads[ROOM].now - connection.clock.now_ms()) < 1_000
