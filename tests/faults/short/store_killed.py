"""The store is killed while events are on their way: the one a server starts itself, and one elsewhere."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import playing
from tests.faults.stage import durable_store, local_server, pid_of_store, server_at, url_of

KILLS = 2
APART_S = 1.5
AWAY_S = 2.0


async def embedded(folder: Path) -> Outcome:
    """Whoever uses an embedded store starts it again over its file."""
    async with local_server(folder) as server, playing([server.url], server.api_key, "revived") as scene:
        scene.poster().start()
        worst = 0.0
        for _ in range(KILLS):
            await asyncio.sleep(APART_S)
            os.kill(pid_of_store(server), signal.SIGKILL)
            killed = time.monotonic()
            await scene.recovered()
            worst = max(worst, time.monotonic() - killed)
        await scene.settle()
        scene.assert_sockets_survived()
        return scene.outcome("embedded store killed (kill -9), twice", worst)


async def elsewhere(folder: Path) -> Outcome:
    """Away for two seconds: connections stand, and everybody is told when it goes and when it is back."""
    async with (
        durable_store(folder / "store") as store,
        server_at(folder / "server", url_of(store)) as server,
        playing([server.url], server.api_key, "killed") as scene,
    ):
        scene.poster().start()
        await asyncio.sleep(APART_S)
        await asyncio.to_thread(store.kill)
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(store.restart)
        back = time.monotonic()
        await scene.recovered()
        recovery = time.monotonic() - back
        await scene.settle()
        scene.assert_sockets_survived()
        scene.assert_all_heard_of_it()
        return scene.outcome("store killed (kill -9), away for 2 s", recovery)
