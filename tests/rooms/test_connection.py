import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import DataError

from rooms import Connection, Script, StoreFull, StoreUnavailable, StoreUnsuitable, connect
from rooms.connection import FULL_PAUSE_S, MAX_CONNECTIONS
from spectator.embedded import EmbeddedStore
from tests.rooms.servers import OwnStore, own_store
from tests.rooms.world import World

ECHO = Script("echo", "-- KEYS one, ARGV one. Returns both.\nreturn {KEYS[1], ARGV[1]}")
WRONG = Script("wrong", "return redis.call('INCR', KEYS[1], 'too', 'many')")

ANSWER_S = 2.5
"""What a caller outside is promised."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnStore]:
    with own_store(tmp_path) as store:
        yield store


async def test_a_script_is_loaded_by_its_first_use(world: World) -> None:
    connection = world.connection
    await connection.command("SCRIPT", "FLUSH", "SYNC")
    assert await connection.run(ECHO, ["k"], [7]) == [b"k", b"7"]
    assert await connection.command("SCRIPT", "EXISTS", ECHO.sha) == [True]


async def test_many_scripts_go_in_one_pipeline_and_come_back_in_order(world: World) -> None:
    await world.connection.command("SCRIPT", "FLUSH", "SYNC")
    replies = await world.connection.run_many([(ECHO, [f"k{n}"], [n]) for n in range(50)])
    assert replies == [[f"k{n}".encode(), str(n).encode()] for n in range(50)]
    assert await world.connection.run_many([]) == []


async def test_one_that_fails_spares_the_others(world: World) -> None:
    replies = await world.connection.run_many([(ECHO, ["a"], [1]), (WRONG, ["a"], []), (ECHO, ["b"], [2])])
    assert replies[0] == [b"a", b"1"]
    assert isinstance(replies[1], StoreUnavailable)
    assert replies[2] == [b"b", b"2"]


async def test_a_store_without_memory_is_full_not_away(own: OwnStore) -> None:
    connection = await connect(own.url)
    write = Script("write", "return redis.call('SET', KEYS[1], ARGV[1])")
    own.client.config_set("maxmemory", 1)
    with pytest.raises(StoreFull) as refused:
        await connection.run(write, ["a"], [1])
    assert refused.value.retry_after == FULL_PAUSE_S
    assert [type(reply) for reply in await connection.run_many([(write, ["a"], [1])])] == [StoreFull]
    with pytest.raises(StoreFull):
        await connection.command("SET", "a", "1")
    assert await connection.command("GET", "a") is None
    own.client.config_set("maxmemory", 0)
    assert await connection.run(write, ["a"], [1]) == b"OK"
    await connection.close()


async def test_commands_go_alone_or_many(world: World) -> None:
    connection = world.connection
    await connection.command("SET", "a", "1")
    replies = await connection.command_many([("GET", "a"), ("GET", "b"), ("HGET", "a", "x")])
    assert replies[:2] == [b"1", None]
    assert isinstance(replies[2], StoreUnavailable)
    assert await connection.command_many([]) == []


async def test_a_defect_of_a_script_is_logged_as_one(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(StoreUnavailable):
        await world.connection.run(WRONG, ["a"], [])
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "wrong" in caplog.text


async def test_a_wrong_argument_is_the_callers_defect(world: World) -> None:
    with pytest.raises(DataError):
        await world.connection.command("SET", "a", object())


async def test_the_store_tells_the_time(world: World) -> None:
    told = await world.connection.tell_time()
    assert abs(told - time.time() * 1000) < 5_000
    assert abs(world.clock.now_ms() - told) < 1_000


async def test_a_url_that_leads_nowhere_is_said_soon(tmp_path: Path) -> None:
    started = time.monotonic()
    for url in (f"unix://{tmp_path}/nothing", "redis://127.0.0.1:1"):
        with pytest.raises(StoreUnavailable):
            await connect(url)
    assert time.monotonic() - started < ANSWER_S


async def test_a_store_that_may_forget_keys_is_refused(own: OwnStore) -> None:
    own.client.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(StoreUnsuitable, match="CONFIG SET maxmemory-policy noeviction"):
        await connect(own.url)
    own.client.config_set("maxmemory-policy", "noeviction")
    await (await connect(own.tcp_url)).close()


async def test_a_wrong_password_of_the_store_is_said_and_not_shown(own: OwnStore) -> None:
    own.client.config_set("requirepass", "right")
    for url in (own.url, own.url.replace("unix://", "unix://:hunter2@")):
        with pytest.raises(StoreUnsuitable, match="does not let us in") as caught:
            await connect(url)
        assert "hunter2" not in str(caught.value)


async def test_a_store_that_answers_and_refuses_is_not_said_to_be_away(own: OwnStore) -> None:
    with pytest.raises(StoreUnsuitable, match=r"refuses what a server asks of it first.*DB index"):
        await connect(f"{own.tcp_url}/99")
    with pytest.raises(StoreUnsuitable, match="is no cluster"):
        await connect(own.tcp_url.replace("redis://", "redis+cluster://"))
    with pytest.raises(StoreUnsuitable, match="is no sentinel"):
        await connect(own.tcp_url.replace("redis://", "redis+sentinel://") + "/rooms")
    own.client.acl_setuser("poor", enabled=True, passwords=["+hunter2"], commands=["+ping"])
    with pytest.raises(StoreUnsuitable, match=r"refuses what a server asks of it first.*info"):
        await connect(own.tcp_url.replace("redis://", "redis://poor:hunter2@"))


@pytest.mark.parametrize("calls", [1, 3 * MAX_CONNECTIONS])
@pytest.mark.faults
async def test_a_paused_store_is_said_in_time_and_used_again_when_it_is_back(
    own: OwnStore, calls: int
) -> None:
    connection = await connect(own.url)
    await connection.run(ECHO, ["k"], [1])

    async def timed() -> float:
        started = time.monotonic()
        with pytest.raises(StoreUnavailable) as caught:
            await connection.run(ECHO, ["k"], [1])
        assert caught.value.retry
        return time.monotonic() - started

    with own.paused():
        took = await asyncio.gather(*(timed() for _ in range(calls)))
        assert max(took) < ANSWER_S
        with pytest.raises(StoreUnavailable):
            await connection.run_many([(ECHO, ["k"], [1])])
    assert await connection.run(ECHO, ["k"], [2]) == [b"k", b"2"]
    await connection.close()


async def test_a_store_that_was_restarted_is_used_again(tmp_path: Path) -> None:
    with own_store(tmp_path) as first:
        connection = await connect(first.url)
        await connection.run(ECHO, ["k"], [1])
    with pytest.raises(StoreUnavailable):
        await connection.run(ECHO, ["k"], [1])
    (tmp_path / "again").mkdir()
    (tmp_path / "s").unlink(missing_ok=True)
    (tmp_path / "own").rename(tmp_path / "before")
    with own_store(tmp_path):
        assert await connection.run(ECHO, ["k"], [2]) == [b"k", b"2"]
    await connection.close()


async def test_a_caller_that_goes_away_spoils_nothing(store: EmbeddedStore, world: World) -> None:
    connection: Connection = world.connection
    for _ in range(20):
        task = asyncio.create_task(connection.run(ECHO, ["x"], [1]))  # noqa: TID251 - cancelled below
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    replies = await asyncio.gather(*(connection.run(ECHO, ["k"], [n]) for n in range(100)))
    assert [int(reply[1]) for reply in replies] == list(range(100))
