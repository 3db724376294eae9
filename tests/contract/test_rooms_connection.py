"""What the way to the store promises, on every kind of store."""

import asyncio
import random

import pytest

from rooms import Connection, Script, StoreUnavailable, channel_of, connect
from tests.harness.waiting import eventually

COUNT = Script("count", "-- KEYS counter. Returns its new value.\nreturn redis.call('INCR', KEYS[1])")
FAIL = Script("fail", "return redis.call('HGET', KEYS[1], 'a')")


async def test_the_kind_of_store_is_found_out(connection: Connection, store_url: str) -> None:
    info = await connection.info()
    assert connection.is_cluster == (info[0]["cluster_enabled"] == 1)
    assert len(info) == (3 if connection.is_cluster else 1)
    assert {node["maxmemory_policy"] for node in info} == {"noeviction"}


async def test_a_cluster_may_be_named_one(connection: Connection, store_url: str) -> None:
    if not connection.is_cluster:
        with pytest.raises(StoreUnavailable):
            await connect("redis+cluster://127.0.0.1:1")
        return
    named = await connect(store_url.replace("redis://", "redis+cluster://"))
    assert named.is_cluster
    assert await named.run(COUNT, ["a"], []) == 1
    await named.close()


async def test_scripts_of_many_rooms_go_in_one_pipeline(connection: Connection) -> None:
    keys = [f"sp:{{r_{n}}}:counter" for n in range(100)]
    for expected in (1, 2):
        assert await connection.run_many([(COUNT, [key], []) for key in keys]) == [expected] * 100


async def test_scripts_that_the_store_forgot_are_sent_again(connection: Connection) -> None:
    keys = [f"sp:{{r_{n}}}:counter" for n in range(30)]
    await connection.run_many([(COUNT, [key], []) for key in keys])
    await connection.command("SCRIPT FLUSH", "SYNC")
    assert await connection.run_many([(COUNT, [key], []) for key in keys]) == [2] * 30
    await connection.command("SCRIPT FLUSH", "SYNC")
    assert [await connection.run(COUNT, [key], []) for key in keys] == [3] * 30


async def test_one_that_fails_spares_the_others(connection: Connection) -> None:
    keys = [f"sp:{{r_{n}}}:counter" for n in range(9)]
    await connection.run_many([(COUNT, [key], []) for key in keys])
    replies = await connection.run_many([(FAIL if n % 3 == 0 else COUNT, [keys[n]], []) for n in range(9)])
    assert [isinstance(reply, StoreUnavailable) for reply in replies] == [n % 3 == 0 for n in range(9)]
    assert [reply for reply in replies if not isinstance(reply, StoreUnavailable)] == [2] * 6


async def test_commands_of_many_keys_go_in_one_pipeline(connection: Connection) -> None:
    await connection.command_many([("SET", f"k{n}", n) for n in range(50)])
    found = await connection.command_many([("GET", f"k{n}") for n in range(50)])
    assert found == [str(n).encode() for n in range(50)]


async def test_many_tasks_share_one_connection(connection: Connection) -> None:
    replies = await asyncio.gather(*(connection.run(COUNT, ["a"], []) for _ in range(300)))
    assert sorted(replies) == list(range(1, 301))


async def test_bells_are_heard_wherever_the_room_lies(connection: Connection) -> None:
    heard: list[tuple[str, str]] = []
    lost: list[None] = []
    bells = connection.bells(lambda room_id, kind: heard.append((room_id, kind)), lambda: lost.append(None))
    rooms = [f"r_{n:016}" for n in range(40)]
    await asyncio.gather(*(bells.add(room_id) for room_id in rooms))
    assert bells.alive
    random.Random(1).shuffle(rooms)
    for room_id in rooms:
        await connection.command("SPUBLISH", channel_of(room_id), "log")
    await eventually(lambda: sorted(heard) == sorted((room_id, "log") for room_id in rooms))
    assert not lost
    await bells.close()
