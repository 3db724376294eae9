import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rooms import Bells, Connection, StoreUnavailable, channel_of, connect
from rooms.bells import CONFIRM_S
from tests.harness.waiting import eventually
from tests.rooms.servers import own_store
from tests.rooms.world import World

ROOMS = [f"r_{n:016}" for n in range(30)]


class Ear:
    """What was heard, in order, and how often something may have been missed."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.lost = 0

    def hear(self, room_id: str, kind: str) -> None:
        self.heard.append((room_id, kind))

    def lose(self) -> None:
        self.lost += 1


@asynccontextmanager
async def listening(connection: Connection) -> AsyncIterator[tuple[Ear, Bells]]:
    ear = Ear()
    bells = connection.bells(ear.hear, ear.lose)
    yield ear, bells
    await bells.close()


async def ring(connection: Connection, room_id: str, kind: str) -> None:
    await connection.command("SPUBLISH", channel_of(room_id), kind)


async def test_a_bell_is_heard_once_with_its_kind(world: World) -> None:
    async with listening(world.connection) as (ear, bells):
        await bells.add(ROOMS[0])
        assert bells.alive
        await ring(world.connection, ROOMS[0], "log")
        await ring(world.connection, ROOMS[0], "access")
        assert await eventually(lambda: ear.heard == [(ROOMS[0], "log"), (ROOMS[0], "access")])
        assert ear.lost == 0


async def test_many_rooms_and_each_only_while_it_is_listened_to(world: World) -> None:
    async with listening(world.connection) as (ear, bells):
        await asyncio.gather(*(bells.add(room_id) for room_id in ROOMS))
        await bells.discard(ROOMS[0])
        await bells.discard("r_unknown")
        for room_id in ROOMS:
            await ring(world.connection, room_id, "log")
        await eventually(lambda: len(ear.heard) == len(ROOMS) - 1)
        assert ROOMS[0] not in dict(ear.heard)
        await bells.add(ROOMS[0])
        await ring(world.connection, ROOMS[0], "log")
        await eventually(lambda: (ROOMS[0], "log") in ear.heard)


async def test_adding_twice_is_listening_once(world: World) -> None:
    async with listening(world.connection) as (ear, bells):
        started = asyncio.get_running_loop().time()
        await asyncio.gather(bells.add(ROOMS[0]), bells.add(ROOMS[0]))
        await bells.add(ROOMS[0])
        assert asyncio.get_running_loop().time() - started < CONFIRM_S
        await ring(world.connection, ROOMS[0], "one")
        await ring(world.connection, ROOMS[0], "two")
        await eventually(lambda: (ROOMS[0], "two") in ear.heard)
        assert (len(ear.heard), ear.lost) == (2, 0)


async def test_a_room_that_is_no_longer_wanted_while_it_is_placed_is_let_go(world: World) -> None:
    async with listening(world.connection) as (ear, bells):
        await bells.add(ROOMS[1])
        adding = asyncio.create_task(bells.add(ROOMS[0]))  # noqa: TID251 - awaited below
        await asyncio.sleep(0)
        await bells.discard(ROOMS[0])
        await adding
        listeners = await world.connection.command("PUBSUB", "SHARDNUMSUB", channel_of(ROOMS[0]))
        assert listeners[-1] == 0
        await ring(world.connection, ROOMS[1], "log")
        await eventually(lambda: ear.heard == [(ROOMS[1], "log")])


async def test_nothing_is_called_after_the_end(world: World) -> None:
    async with listening(world.connection) as (ear, bells):
        await bells.add(ROOMS[0])
    await ring(world.connection, ROOMS[0], "log")
    await bells.add(ROOMS[1])
    assert ear.heard == []
    assert ear.lost == 0


@pytest.mark.faults
async def test_a_store_that_dies_is_noticed_and_listened_to_again_when_it_is_back(tmp_path: Path) -> None:
    with own_store(tmp_path) as first:
        connection = await connect(first.url)
        ear = Ear()
        bells = connection.bells(ear.hear, ear.lose)
        await asyncio.gather(*(bells.add(room_id) for room_id in ROOMS))
    await eventually(lambda: ear.lost > 0)
    assert [bells.alive] == [False]
    await bells.add("r_added_meanwhile")
    (tmp_path / "s").unlink(missing_ok=True)
    (tmp_path / "own").rename(tmp_path / "before")
    with own_store(tmp_path):
        await eventually(lambda: bells.alive)
        missed = ear.lost
        assert missed >= 2
        for room_id in [*ROOMS, "r_added_meanwhile"]:
            await ring(connection, room_id, "log")
        await eventually(lambda: len(ear.heard) == len(ROOMS) + 1)
        assert ear.lost == missed
        await bells.close()
    await connection.close()


@pytest.mark.faults
async def test_a_store_that_hangs_is_noticed(tmp_path: Path) -> None:
    with own_store(tmp_path) as store:
        connection = await connect(store.url)
        ear = Ear()
        bells = connection.bells(ear.hear, ear.lose)
        await bells.add(ROOMS[0])
        with store.paused():
            await eventually(lambda: ear.lost > 0, deadline=60)
            assert [bells.alive] == [False]
        await eventually(lambda: bells.alive)
        await ring(connection, ROOMS[0], "log")
        await eventually(lambda: ear.heard == [(ROOMS[0], "log")])
        await bells.close()
        await connection.close()


async def test_a_room_that_nobody_can_place_waits_for_its_turn() -> None:
    async def nowhere(channel: str) -> None:
        raise StoreUnavailable

    ear = Ear()
    bells = Bells(nowhere, ear.hear, ear.lose)  # type: ignore[arg-type]  # it never returns a node
    await bells.add(ROOMS[0])
    assert [bells.alive] == [False]
    await bells.discard(ROOMS[0])
    assert [bells.alive] == [True]
    await bells.close()
