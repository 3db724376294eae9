"""The room's primary in a cluster hands over, and later dies; ingest and fan-out are different processes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

from spectator.log import keys
from tests.faults.outcome import Outcome
from tests.faults.scene import playing
from tests.faults.stage import server_at
from tests.harness.cluster import Cluster, cluster

BEFORE_S = 1.5


async def graceful(folder: Path) -> Outcome:
    """CLUSTER FAILOVER: the replica has everything before it takes over."""
    return await _failover(folder, "graceful failover, ingest and fan-out apart", forced=False)


async def forced(folder: Path) -> Outcome:
    """The primary is killed and the replica takes what it has; a lost tail is a new epoch."""
    return await _failover(folder, "forced failover, ingest and fan-out apart", forced=True)


async def _failover(folder: Path, title: str, *, forced: bool) -> Outcome:
    async with (
        _running(folder / "cluster") as store,
        server_at(folder / "ingest", store.url) as ingest,
        server_at(folder / "fan-out", store.url) as fan_out,
        playing([fan_out.url], ingest.api_key, "failover", ingest=[ingest.url]) as scene,
    ):
        scene.poster().start()
        await asyncio.sleep(BEFORE_S)
        primary = store.primary_of(keys.head(scene.room))
        began = time.monotonic()
        await asyncio.to_thread(store.take_over if forced else store.fail_over, primary)
        await scene.recovered()
        recovery = time.monotonic() - began
        await scene.settle()
        scene.assert_sockets_survived()
        outcome = scene.outcome(title, recovery)
        if not forced:
            assert outcome.verdict.lost == 0
            assert outcome.verdict.epochs == 1, "nothing was lost, so nobody had to begin anew"
        return outcome


@contextlib.asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Cluster]:
    with contextlib.ExitStack() as stack:
        yield await asyncio.to_thread(stack.enter_context, cluster(folder))
