"""A network that swallows: between the server and its store, and between viewers and their server."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import playing
from tests.faults.stage import durable_store, local_server, server_at, url_of
from tests.harness.faultproxy import FaultProxy, place

STORE_AWAY_S = 5.0
SILENCE_S = 4.0
SERVER_AWAY_S = SILENCE_S + 1.0
RESETS_S = 3.0


async def before_the_store(folder: Path) -> Outcome:
    async with durable_store(folder / "store") as store:
        with FaultProxy(place(url_of(store))) as proxy:
            async with (
                server_at(folder / "server", proxy.url("redis")) as server,
                playing([server.url], server.api_key, "swallowed") as scene,
            ):
                scene.poster().start()
                await asyncio.sleep(1.0)
                await asyncio.to_thread(proxy.black_hole)
                await asyncio.sleep(STORE_AWAY_S)
                await asyncio.to_thread(proxy.heal)
                back = time.monotonic()
                await scene.recovered()
                recovery = time.monotonic() - back
                await scene.settle()
                scene.assert_sockets_survived()
                scene.assert_all_heard_of_it()
                return scene.outcome("black hole before the store for 5 s", recovery)


async def before_the_server(folder: Path) -> Outcome:
    """Viewers give up after a while, and come back with their cursors; then each is cut off every second."""
    async with local_server(folder) as server:
        with FaultProxy(place(server.url)) as proxy:
            far, near = [proxy.url("http")], [server.url]
            playing_far = playing(near, server.api_key, "far away", watching=far, silence_s=SILENCE_S)
            async with playing_far as scene:
                await asyncio.to_thread(proxy.black_hole)
                await asyncio.sleep(SERVER_AWAY_S)
                await asyncio.to_thread(proxy.heal)
                back = time.monotonic()
                await scene.recovered()
                recovery = time.monotonic() - back
                await asyncio.to_thread(proxy.reset_each, 1.0)
                await asyncio.sleep(RESETS_S)
                await asyncio.to_thread(proxy.heal)
                await scene.recovered()
                await scene.settle()
                assert all(viewer.visits > 1 for viewer in scene.quick()), "nobody was cut off"
                returned = sum(viewer.visits - 1 for viewer in scene.viewers)
                note = f"{returned} returns"
                return scene.outcome("black hole before the server, then resets", recovery, note)
