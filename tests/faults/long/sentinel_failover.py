"""The primary behind sentinels is killed: they make another of its replica, and the server goes on there."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import PATIENCE_S, playing
from tests.faults.stage import server_at
from tests.harness.sentinel import watched_by_sentinels
from tests.harness.waiting import eventually

BEFORE = 200


async def run(folder: Path) -> Outcome:
    with watched_by_sentinels(folder / "sentinels") as watched:
        async with (
            server_at(folder / "server", watched.url) as server,
            playing([server.url], server.api_key, "sentinels") as scene,
        ):
            poster = scene.poster()
            poster.start()
            await eventually(lambda: all(viewer.seq > BEFORE for viewer in scene.viewers), PATIENCE_S)
            killed = time.monotonic()
            await asyncio.to_thread(watched.kill_primary)
            promoted = time.monotonic() - killed
            await scene.recovered()
            recovery = time.monotonic() - killed
            await scene.settle()
            scene.assert_sockets_survived()
            note = f"counted from the kill; the sentinels themselves took {promoted:.1f} s"
            return scene.outcome("primary behind sentinels killed", recovery, note)
