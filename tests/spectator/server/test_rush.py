"""Many come into one room in the same moment: what that costs is counted, not timed."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.spectator.server.sockets.watching import metrics, watching

PEOPLE = 300
PATIENCE = 60.0


async def counted(connection: Any) -> Counter[str]:
    """How often each command ran in the store since ``CONFIG RESETSTAT``; those inside of scripts too."""
    info = await connection.command("INFO", "commandstats")
    return Counter({name.removeprefix("cmdstat_"): told["calls"] for name, told in info.items()})


@pytest.mark.may_block("three hundred clients live in the same loop as the server")
async def test_a_crowd_costs_as_much_reading_and_encoding_as_one(site, connection):
    made = await site.create(max_spectators=2 * PEOPLE)
    room, code = made["room"]["id"], made["room"]["code"]
    for start in range(0, 200, 20):
        await site.publish(room, *(metrics(step) for step in range(start, start + 20)))
    stats = site.manager.stats
    encoded = Counter(stats.encodes)
    all_there = asyncio.Barrier(PEOPLE)

    async def come(number: int) -> int:
        token = (await site.join(code, f"p{number}"))["token"]
        async with watching(site, room, token=token) as watcher:
            snapshot = await watcher.next("snapshot", patience=PATIENCE)
            async with asyncio.timeout(PATIENCE):
                await all_there.wait()  # nobody leaves before everybody is in
            return snapshot["seq"]

    await connection.command("CONFIG", "RESETSTAT")
    site.session.connector._limit = 0
    seqs = await asyncio.gather(*(come(number) for number in range(PEOPLE)))
    ran = await counted(connection)
    assert min(seqs) >= 200, "each has the whole picture"
    assert 1 <= ran["xrange"] <= 3, "log and checkpoint are read for the room, not for each"
    assert 1 <= stats.encodes["snapshot"] - encoded["snapshot"] <= 2
    # Two readings of who they are, one script that lets them in, one that says they are here. What is the
    # same for all is asked once by a flight: where the code leads, which tenants are halted, what time it is.
    assert 4 * PEOPLE <= ran["evalsha"] <= 5 * PEOPLE
    assert 1 <= ran["get"] <= PEOPLE
