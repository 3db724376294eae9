"""The store forgets all scripts, again and again, while everything runs by scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tests.faults.long.modern import modern
from tests.faults.outcome import Outcome
from tests.faults.scene import playing
from tests.faults.stage import durable_store, server_at, url_of
from tests.harness.cluster import cluster
from tests.harness.valkey import Valkey

TIMES = 200
EACH_S = 0.05


async def single(folder: Path) -> Outcome:
    async with durable_store(folder / "store") as store:
        return await _forgetting(folder, url_of(store), [store], "one server")


async def clustered(folder: Path) -> Outcome:
    with cluster(folder / "cluster", replicas=0) as nodes:
        return await _forgetting(folder, nodes.url, nodes.nodes, "a cluster of three")


async def _forgetting(folder: Path, url: str, nodes: Sequence[Valkey], where: str) -> Outcome:
    async with (
        server_at(folder / "server", url) as server,
        playing([server.url], server.api_key, "forgotten") as scene,
    ):
        poster = scene.poster()
        poster.start()
        for _ in range(TIMES):
            for node in nodes:
                await asyncio.to_thread(node.command, "SCRIPT", "FLUSH", "SYNC")
            await asyncio.sleep(EACH_S)
        recovery = await scene.recovered()
        await scene.settle()
        scene.assert_sockets_survived()
        assert not any(viewer.notices for viewer in modern(scene)), "nobody need notice"
        refused = {what: count for what, count in scene.statuses.items() if what[1] in {0, 503}}
        assert not refused, f"calls failed because a script was forgotten: {refused}"
        return scene.outcome(f"scripts flushed {TIMES} times, {where}", recovery)
