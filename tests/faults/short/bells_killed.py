"""Whoever listens for bells is thrown out every half second: data never depends on them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import playing
from tests.faults.stage import durable_store, server_at, url_of

EACH_S = 0.5
LONG_S = 5.0
FEWEST = 5
AT_MOST_S = 60.0


async def run(folder: Path) -> Outcome:
    async with (
        durable_store(folder / "store") as store,
        server_at(folder / "server", url_of(store)) as server,
        playing([server.url], server.api_key, "unheard") as scene,
    ):
        killed, began = 0, time.monotonic()
        while (lasted := time.monotonic() - began) < LONG_S or killed < FEWEST:
            assert lasted < AT_MOST_S, f"only {killed} were listening, so nothing was shown"
            killed += int(await asyncio.to_thread(store.command, "CLIENT", "KILL", "TYPE", "pubsub"))
            await asyncio.sleep(EACH_S)
        recovery = await scene.recovered()
        await scene.settle()
        scene.assert_sockets_survived()
        note = f"{killed} connections killed"
        return scene.outcome("pub/sub connections killed each 0.5 s for 5 s", recovery, note)
