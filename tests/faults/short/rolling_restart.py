"""Two servers behind a balancer, each told to end and started again in its turn, as an upgrade does it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import playing
from tests.faults.stage import durable_store, server_at, url_of
from tests.harness.balancer import balanced

APART_S = 1.0


async def run(folder: Path) -> Outcome:
    async with (
        durable_store(folder / "store") as store,
        server_at(folder / "a", url_of(store)) as a,
        server_at(folder / "b", url_of(store)) as b,
        balanced([a.url, b.url]) as balancer,
        playing([balancer.url], a.api_key, "rolling") as scene,
    ):
        ended, worst = 0.0, 0.0
        for node in (a, b):
            await asyncio.sleep(APART_S)
            began = time.monotonic()
            assert await asyncio.to_thread(node.stop) == 0
            ended = max(ended, time.monotonic() - began)
            await asyncio.to_thread(node.restart)
            came = time.monotonic()
            await scene.recovered()
            worst = max(worst, time.monotonic() - came)
        await scene.settle()
        assert all(balancer.passed.values()), balancer.passed
        return scene.outcome("rolling restart of two servers", worst, note=f"ended within {ended:.1f} s")
