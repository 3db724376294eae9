import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import DataError, NoScriptError, ResponseError

from rooms import pipeline
from rooms.store_url import parse
from spectator.embedded import EmbeddedStore


@pytest.fixture
async def client(store: EmbeddedStore) -> AsyncIterator[Redis]:
    made = parse(store.url).first.client(1)
    yield made
    await made.aclose()


async def test_replies_come_in_order_and_as_redis_py_reads_them(client: Redis) -> None:
    commands = [
        ("HSET", "p:h", "a", 1, "b", 1.5, "c", b"\x00\xff"),
        ("HGETALL", "p:h"),
        ("GET", "p:none"),
        ("SMEMBERS", "p:none"),
    ]
    replies = await pipeline.send(client, commands, 5)
    assert replies == [3, {b"a": b"1", b"b": b"1.5", b"c": b"\x00\xff"}, None, set()]


async def test_an_error_of_one_spares_the_others(client: Redis) -> None:
    await pipeline.send(client, [("SET", "p:s", "text")], 5)
    replies = await pipeline.send(client, [("INCR", "p:s"), ("EVALSHA", "0" * 40, 0), ("GET", "p:s")], 5)
    assert isinstance(replies[0], ResponseError)
    assert isinstance(replies[1], NoScriptError)
    assert replies[2] == b"text"


@pytest.mark.parametrize("part", [None, True, [1], object()])
async def test_what_cannot_be_sent_is_refused_before_anything_is(client: Redis, part: object) -> None:
    with pytest.raises(DataError):
        await pipeline.send(client, [("SET", "p:sent", "1"), ("SET", "p:k", part)], 5)
    assert await pipeline.send(client, [("GET", "p:sent")], 5) == [None]


async def test_a_connection_that_was_cut_is_made_anew(client: Redis) -> None:
    assert await pipeline.send(client, [("SET", "p:cut", "1")], 5) == [True]
    [own] = await pipeline.send(client, [("CLIENT", "ID")], 5)
    other = Redis.from_pool(
        type(client.connection_pool)(
            **client.connection_pool.connection_kwargs,
            connection_class=client.connection_pool.connection_class,
        )
    )
    await other.execute_command("CLIENT", "KILL", "ID", own)
    await other.aclose()
    assert await pipeline.send(client, [("GET", "p:cut")], 5) == [b"1"]


async def test_who_gives_up_between_two_replies_leaves_none_for_the_next(client: Redis) -> None:
    """The next caller on that connection would be told what this one asked for."""
    slow = [("SET", "p:one", "1"), ("BLPOP", "p:empty", 1), ("GET", "p:one")]
    asked = asyncio.ensure_future(pipeline.send(client, slow, 60))  # noqa: TID251 - cancelled below
    for _ in range(100):
        await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await pipeline.send(client, [("ECHO", "mine")], 5) == [b"mine"]


async def test_a_store_that_says_nothing_is_given_up_after_two_tries(client: Redis) -> None:
    with pytest.raises(TimeoutError):
        await pipeline.send(client, [("BLPOP", "p:empty", 30)], 0.1)
    assert await pipeline.send(client, [("ECHO", "back")], 5) == [b"back"]
