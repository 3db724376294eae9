"""A store behind sentinels: found, followed over a failover, and refused in words."""

import asyncio
from collections.abc import Iterator

import pytest

from rooms import Connection, Script, StoreUnavailable, StoreUnsuitable, channel_of, connect
from tests.harness.sentinel import Watched, watched_by_sentinels
from tests.harness.waiting import eventually

COUNT = Script("count", "-- KEYS counter. Returns its new value.\nreturn redis.call('INCR', KEYS[1])")
ROOM = "r_0000000000000000"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched_by_sentinels(tmp_path_factory.mktemp("sentinel")) as made:
        yield made


async def works(connection: Connection) -> bool:
    try:
        return bool(await connection.run(COUNT, [f"sp:{{{ROOM}}}:counter"], []))
    except StoreUnavailable:
        return False


async def test_unknown_names_and_absent_sentinels_are_told_apart(watched: Watched) -> None:
    with pytest.raises(StoreUnsuitable, match="watch no primary called 'other'"):
        await connect(watched.url.replace("/rooms", "/other"))
    with pytest.raises(StoreUnavailable, match=r"none of the sentinels does: 127\.0\.0\.1:1, "):
        await connect("redis+sentinel://127.0.0.1:1,127.0.0.1:2/rooms")


async def test_one_sentinel_that_answers_is_enough(watched: Watched) -> None:
    connection = await connect(watched.url.replace("redis+sentinel://", "redis+sentinel://127.0.0.1:1,"))
    assert await works(connection)
    await connection.close()


async def test_a_password_that_sentinels_do_not_take_is_said(watched: Watched) -> None:
    with pytest.raises(StoreUnsuitable, match="sentinel_password"):
        await connect(f"{watched.url}?sentinel_password=hunter2")


@pytest.mark.timeout(180)
@pytest.mark.faults
async def test_after_a_failover_calls_and_bells_go_to_the_new_primary(watched: Watched) -> None:
    connection = await connect(watched.url)
    heard: list[str] = []
    lost: list[None] = []
    bells = connection.bells(lambda room_id, _: heard.append(room_id), lambda: lost.append(None))
    await bells.add(ROOM)
    replies = await asyncio.gather(*(connection.run(COUNT, [f"sp:{{{ROOM}}}:c"], []) for _ in range(100)))
    assert sorted(replies) == list(range(1, 101))

    async def rings() -> bool:
        try:
            await connection.command("SPUBLISH", channel_of(ROOM), "log")
        except StoreUnavailable:
            return False
        return bool(heard)

    await eventually(rings, deadline=PATIENCE_S)
    before = watched.primary
    after = await asyncio.to_thread(watched.kill_primary)
    assert after.port != before.port
    await eventually(lambda: works(connection), deadline=PATIENCE_S, what="calls reach the new primary")
    await eventually(lambda: bells.alive, deadline=PATIENCE_S, what="bells are listened to again")
    assert lost  # told that some may have been missed
    heard.clear()
    await eventually(rings, deadline=PATIENCE_S, what="bells ring at the new primary")
    assert int(after.command("GET", f"sp:{{{ROOM}}}:counter")) > 0
    await bells.close()
    await connection.close()
