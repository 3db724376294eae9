"""The slot of a room moves to another node of the cluster and back, under load."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from redis.crc import key_slot

from tests.faults.outcome import Outcome
from tests.faults.scene import playing
from tests.faults.stage import server_at
from tests.harness.cluster import cluster

ROUNDS = 2
HALF_WAY_S = 1.5  # so long some keys of the room are here and some there, and its scripts can run nowhere


async def run(folder: Path) -> Outcome:
    with cluster(folder / "cluster", replicas=0) as nodes:
        async with (
            server_at(folder / "a", nodes.url) as here,
            server_at(folder / "b", nodes.url) as there,
            playing([here.url, there.url], here.api_key, "moved") as scene,
        ):
            poster = scene.poster()
            poster.start()
            slot = key_slot(f"{{{scene.room}}}".encode())
            worst = 0.0
            for _ in range(ROUNDS):
                source = nodes.holder(slot)
                target = nodes.others(source)[0]
                await asyncio.to_thread(nodes.move, slot, target, lambda: time.sleep(HALF_WAY_S))
                worst = max(worst, await scene.recovered())
                await asyncio.to_thread(nodes.move_at_once, slot, source)
                worst = max(worst, await scene.recovered())
            await scene.settle()
            scene.assert_sockets_survived()
            name = f"slot of the room moved {2 * ROUNDS} times, key by key and at once"
            return scene.outcome(name, worst)
