"""A clock jumps by two hours, forth and back: the store's, which all go by, and a server's, which none does.

Done with libfaketime, preloaded into the one process; it reads the offset from a file at each look.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults.faketime import FakeTime
from tests.faults.outcome import Outcome
from tests.faults.scene import Scene, playing
from tests.faults.stage import durable_store, server_at, started_store, url_of
from tests.harness.valkey import DURABLE, Valkey

HOURS = 2
SETTLE_S = 6.0
"""After each jump: members are read again each 5 s, so by then whoever would be put out is out."""


class ElsewhenStore(Valkey):
    """A store whose clock is set by the test."""

    def __init__(self, folder: Path, clock: FakeTime) -> None:
        super().__init__(folder, *DURABLE)
        self.environment = clock.environment


async def of_the_store(folder: Path) -> Outcome:
    """Rooms, seats and connections stay; nothing is swept, and leases are renewed by the new time."""
    clock = FakeTime(folder / "clock")
    async with (
        started_store(ElsewhenStore(folder / "store", clock)) as store,
        server_at(folder / "server", url_of(store)) as server,
        playing([server.url], server.api_key, "out of time") as scene,
    ):
        scene.poster().start()
        recovery = await _there_and_back(scene, clock)
        return scene.outcome(f"the store's clock jumps {HOURS} h ahead, then back", recovery)


async def of_the_server(folder: Path) -> Outcome:
    """It goes by the store's clock and its own monotonic one, so nobody notices."""
    clock = FakeTime(folder / "clock")
    async with (
        durable_store(folder / "store") as store,
        server_at(folder / "server", url_of(store), **clock.environment) as server,
        playing([server.url], server.api_key, "out of time") as scene,
    ):
        recovery = await _there_and_back(scene, clock)
        return scene.outcome(f"a server's clock jumps {HOURS} h ahead, then back", recovery)


async def _there_and_back(scene: Scene, clock: FakeTime) -> float:
    worst = 0.0
    for hours in (HOURS, 0):
        clock.jump(hours)
        began = time.monotonic()
        await scene.recovered()
        worst = max(worst, time.monotonic() - began)
        await asyncio.sleep(SETTLE_S)
        missing = {viewer.view.name for viewer in scene.viewers} - await scene.present()
        assert not missing, f"{missing} are not counted as present any more"
    await scene.settle()
    scene.assert_sockets_survived()
    return worst
