"""Five viewers never read while the others watch a thousand events a second."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import Scene
from tests.faults.stage import local_server
from tests.faults.viewers import Stalled
from tests.harness.waiting import eventually

PEERS = 5
RATE = 1000.0
LONG_S = 14.0
"""Longer than the ten seconds after which a viewer that takes nothing is ended."""


async def run(folder: Path) -> Outcome:
    async with local_server(folder) as server, Scene([server.url], server.api_key) as scene:
        await scene.open("stalled", rate=RATE)
        await scene.audience()
        peers = [await scene.viewer(Stalled, f"stalled {number}") for number in range(PEERS)]
        await eventually(lambda: all(peer.stalling for peer in peers), 60, "they are in, and read nothing")
        scene.call_always()
        await asyncio.sleep(LONG_S)
        recovery = await scene.recovered()
        for viewer in scene.quick():
            assert viewer.visits == 1, f"{viewer.view.name} was disturbed by others: {viewer.codes}"
        await scene.settle()
        note = f"{sum(peer.visits - 1 for peer in peers)} returns of those who did not read"
        return scene.outcome("5 of 10 viewers never read, 1,000 events/s", recovery, note)
