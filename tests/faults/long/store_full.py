"""The store reaches its ``maxmemory``: it answers, and refuses whatever would need more."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.long.modern import modern
from tests.faults.outcome import Outcome
from tests.faults.scene import PATIENCE_S, Scene, playing
from tests.faults.stage import durable_store, server_at, url_of
from tests.harness.waiting import eventually

FULL_S = 35.0  # longer than a seat's lease of 30 s: nobody may lose a place because it could not be renewed
BEFORE = 200  # events that are stored before it happens


async def run(folder: Path) -> Outcome:
    async with (
        durable_store(folder / "store") as store,
        server_at(folder / "server", url_of(store)) as server,
        playing([server.url], server.api_key, "full") as scene,
    ):
        poster = scene.poster()
        poster.start()
        for viewer in scene.viewers:  # nothing is published meanwhile, and nobody is to give up by itself
            viewer.silence_s = 2 * FULL_S
        await eventually(lambda: all(viewer.seq > BEFORE for viewer in scene.viewers), PATIENCE_S)
        store.command("CONFIG", "SET", "maxmemory", store.info("memory")["used_memory"] // 2)
        full_at = time.monotonic()
        await eventually(lambda: _told(scene, "store_full"), PATIENCE_S, "viewers are told that it is full")
        await eventually(
            lambda: poster.refused["store_full"] > 0, PATIENCE_S, "a publisher is refused by name"
        )
        await eventually(lambda: time.monotonic() - full_at > FULL_S, FULL_S + PATIENCE_S)
        assert not _told(scene, "store_unavailable"), "a store that answers is not away"
        store.command("CONFIG", "SET", "maxmemory", 0)
        recovery = await scene.recovered()
        await eventually(lambda: _told(scene, "store_back"), PATIENCE_S, "viewers are told that it is over")
        await scene.settle()
        scene.assert_sockets_survived()
        refused = sum(poster.refused.values())
        note = f"{refused} POSTs refused in {FULL_S:.0f} s, each with 503 `store_full`"
        return scene.outcome(f"`maxmemory` reached, for {FULL_S:.0f} s", recovery, note)


def _told(scene: Scene, code: str) -> bool:
    return all(code in viewer.notices for viewer in modern(scene))
