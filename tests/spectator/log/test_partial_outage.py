"""One server of a cluster is silent: the rooms of the others are read all the same."""

from collections.abc import Iterator

import pytest

import rooms
from rooms import StoreUnavailable
from spectator.events import decode
from spectator.log import Cursor, Log, Tail, keys
from tests.harness.cluster import Cluster, cluster

EVENT = b'{"type":"log","message":"a"}'


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three servers; when one is away, the others go on with what they hold."""
    coverage = ("--cluster-require-full-coverage", "no")
    with cluster(tmp_path_factory.mktemp("partial"), *coverage, primaries=3, replicas=0) as running:
        yield running


@pytest.mark.timeout(120)
async def test_what_answers_is_read_and_what_does_not_is_told_apart(stores: Cluster) -> None:
    connection = await rooms.connect(stores.url)
    log = Log(connection)
    names = [f"r_{number:016d}" for number in range(30)]
    for name in names:
        expires = connection.clock.now_ms() + 3_600_000
        await connection.command("HSET", keys.room(name), "status", "active", "expires_at", expires)
        await log.append(name, decode(EVENT, 1_700_000_000_000))
    silent = stores.primary_of(keys.head(names[0]))
    sick = {name for name in names if stores.primary_of(keys.head(name)) is silent}
    assert 0 < len(sick) < len(names)
    silent.pause()

    tails = await log.read_each([(name, Cursor.START) for name in names])
    found = dict(zip(names, tails, strict=True))
    assert {name for name, tail in found.items() if isinstance(tail, StoreUnavailable)} == sick
    assert all(len(tail.entries) == 1 for tail in tails if isinstance(tail, Tail))
    with pytest.raises(StoreUnavailable):
        await log.read([(name, Cursor.START) for name in names])
    silent.resume()
    assert [len(tail.entries) for tail in await log.read([(names[0], Cursor.START)])] == [1]
    await connection.close()
