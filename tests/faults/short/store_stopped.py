"""The store stands still for ten seconds (SIGSTOP): nothing is refused by the network, nothing answers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import Scene, playing
from tests.faults.stage import durable_store, server_at, url_of

STOPPED_S = 10.0
BURST = 50
"""Rounds of calls at the same instant, each of one call of every kind."""


async def run(folder: Path) -> Outcome:
    async with (
        durable_store(folder / "store") as store,
        server_at(folder / "server", url_of(store)) as server,
        playing([server.url], server.api_key, "stopped") as scene,
    ):
        scene.poster().start()
        await asyncio.sleep(1.0)
        store.pause()
        stopped = time.monotonic()
        refused = await _ask_all_the_time(scene, stopped + STOPPED_S)
        store.resume()
        back = time.monotonic()
        await scene.recovered()
        recovery = time.monotonic() - back
        await scene.settle()
        scene.assert_sockets_survived()
        scene.assert_all_heard_of_it()
        return scene.outcome("store stopped (SIGSTOP) for 10 s", recovery, f"{refused} calls refused (503)")


async def _ask_all_the_time(scene: Scene, until: float) -> int:
    """Many calls at once, again and again; returns how many were answered that the store is away."""
    before = scene.count(503)
    while time.monotonic() < until:
        await asyncio.gather(*(scene.call_each() for _ in range(BURST)))
        await asyncio.sleep(0.5)
    refused = scene.count(503) - before
    assert refused, scene.statuses
    return refused
