"""The server is killed in the middle of everything, twice, and started again on its port."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import playing
from tests.faults.stage import local_server

KILLS = 2
APART_S = 1.5


async def run(folder: Path) -> Outcome:
    async with local_server(folder) as server, playing([server.url], server.api_key, "killed") as scene:
        worst = 0.0
        for _ in range(KILLS):
            await asyncio.sleep(APART_S)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.restart)
            started = time.monotonic()
            await scene.recovered()
            worst = max(worst, time.monotonic() - started)
        await scene.settle()
        for viewer in scene.quick():
            assert viewer.visits >= KILLS + 1, f"{viewer.view.name} never came back"
        return scene.outcome("server killed (kill -9), twice", worst)
