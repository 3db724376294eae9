"""A store that refuses: what an append answered is stored, and what it refused is stored later, once."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import rooms
from rooms import Connection, StoreUnavailable
from spectator.events import Decoded, decode
from spectator.log import Cursor, Log, Retention
from tests.harness.valkey import Valkey
from tests.harness.waiting import eventually

ROOM = "r_0123456789abcdef"
PRODUCERS = 4
BATCHES = 120
"""Of each producer."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Valkey]:
    """A store of this test's own, which it may harm."""
    server = Valkey(tmp_path / "store", "--appendonly", "no", "--save", "")
    server.start()
    yield server
    server.close()


@pytest_asyncio.fixture
async def connection(store: Valkey) -> AsyncIterator[Connection]:
    opened = await rooms.connect(f"redis://{store.name}")
    expires = opened.clock.now_ms() + 3_600_000
    await opened.command("HSET", f"sp:{{{ROOM}}}:room", "status", "active", "expires_at", expires)
    yield opened
    await opened.close()


def batch(name: str, number: int) -> Decoded:
    event = {"type": "data", "stream": name, "data": {"number": number}}
    return decode(json.dumps(event).encode(), 1_700_000_000_000)


async def numbers(log: Log) -> dict[int, tuple[str, int]]:
    """What is stored: by offset, whose and which."""
    found, cursor = {}, Cursor.START
    while True:
        [tail] = await log.read([(ROOM, cursor)])
        for entry in tail.entries:
            for seq, raw in enumerate(entry.events, entry.first):
                event = json.loads(raw)
                found[seq] = (event["stream"], event["data"]["number"])
            cursor = Cursor(tail.head.epoch, entry.last, entry.tag)
        if not tail.more:
            return found


def full(store: Valkey) -> None:
    """No memory left: every write is refused."""
    store.command("CONFIG", "SET", "maxmemory", 1)


def room_again(store: Valkey) -> None:
    store.command("CONFIG", "SET", "maxmemory", 0)


def read_only(store: Valkey) -> None:
    """What a primary becomes that was failed over: a replica, here of a server that is not there."""
    store.command("CONFIG", "SET", "replica-serve-stale-data", "yes")
    store.command("REPLICAOF", "127.0.0.1", 1)


def primary_again(store: Valkey) -> None:
    store.command("REPLICAOF", "NO", "ONE")


SICK = {"maxmemory": (full, room_again), "readonly": (read_only, primary_again)}


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("how", SICK)
async def test_what_is_refused_is_not_stored_and_passes_later(
    store: Valkey, connection: Connection, how: str, named: bool
) -> None:
    log = Log(connection)
    harm, mend = SICK[how]

    async def append(number: int) -> int:
        source = {"producer": "p", "sequence": number} if named else {}
        return (await log.append(ROOM, batch("p", number), **source)).offset

    assert await append(1) == 1
    harm(store)
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await append(2)
    assert (await log.heads([ROOM]))[ROOM].seq == 1
    with pytest.raises(StoreUnavailable):
        await log.heartbeat(ROOM)
    mend(store)
    assert await append(2) == 2
    assert await append(3) == 3
    assert await numbers(log) == {1: ("p", 1), 2: ("p", 2), 3: ("p", 3)}


async def test_scripts_that_the_store_forgot_are_told_again(store: Valkey, connection: Connection) -> None:
    log = Log(connection)
    for number in range(1, 6):
        store.command("SCRIPT", "FLUSH", "SYNC")
        assert (await log.append(ROOM, batch("p", number), producer="p", sequence=number)).offset == number
    store.command("SCRIPT", "FLUSH", "SYNC")
    assert len(await numbers(log)) == 5


async def test_a_store_that_is_sick_now_and_then_loses_nothing_it_acknowledged(
    store: Valkey, connection: Connection
) -> None:
    """Producers on two nodes repeat what was not acknowledged, while the mood of the store changes."""
    other = await rooms.connect(f"redis://{store.name}")
    logs = itertools.cycle([Log(connection), Log(other)])
    acked: dict[int, tuple[str, int]] = {}
    refused = 0

    async def produce(name: str) -> None:
        nonlocal refused
        for number in range(1, BATCHES + 1):
            while True:
                try:
                    done = await next(logs).append(ROOM, batch(name, number), producer=name, sequence=number)
                except StoreUnavailable:
                    refused += 1
                    await asyncio.sleep(0.002)
                    continue
                acked[done.offset] = (name, number)
                break

    work = asyncio.gather(*(produce(f"p{number}") for number in range(PRODUCERS)))
    harms = itertools.cycle([(full, room_again), (read_only, primary_again), (forget, forget)])
    moods = 0
    while not work.done():
        harm, mend = next(harms)
        before = refused
        await asyncio.to_thread(harm, store)
        await felt(lambda before=before, harm=harm: refused > before + 3 or harm is forget or work.done())
        await asyncio.to_thread(mend, store)
        held = len(acked)
        await felt(lambda held=held: len(acked) > held + 20 or work.done())
        moods += 1
    await work
    await other.close()
    assert moods > 3
    assert refused > 0
    assert await numbers(Log(connection, Retention(page=50_000))) == acked
    by_producer = {
        name: [number for who, number in (acked[seq] for seq in sorted(acked)) if who == name]
        for name in {who for who, _ in acked.values()}
    }
    assert by_producer == {f"p{n}": list(range(1, BATCHES + 1)) for n in range(PRODUCERS)}


def forget(store: Valkey) -> None:
    store.command("SCRIPT", "FLUSH", "SYNC")


async def felt(condition: Callable[[], bool]) -> None:
    await eventually(condition, deadline=60, what="the store's mood is felt")
