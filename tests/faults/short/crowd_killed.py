"""The server is killed while two hundred watch and a script logs; started again, it has all of them back."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench.processes import Child
from tests.faults.crowd import together
from tests.faults.outcome import Outcome
from tests.faults.scene import Scene
from tests.faults.stage import local_server
from tests.faults.viewers import Viewer

VIEWERS = 200
PATIENCE_S = 120.0


async def run(folder: Path, viewers: int = VIEWERS) -> Outcome:
    async with local_server(folder) as server, Scene([server.url], server.api_key) as scene:
        made = await scene.make("crowd killed", seats=2 * viewers)
        await scene.viewer(Viewer, "closely watched")
        poster = scene.poster()
        poster.start()
        order = {
            "host": "127.0.0.1", "port": int(server.url.rsplit(":", 1)[1]), "room": scene.code,
            "room_id": made["room"]["id"], "viewers": viewers,
        }  # fmt: skip
        with Child("tests.faults.crowd", json.dumps(order)) as crowd:

            async def ask(do: str, **more: int) -> dict[str, Any]:
                return await asyncio.to_thread(crowd.ask, PATIENCE_S + 30, do=do, within=PATIENCE_S, **more)

            told = await ask("connect")
            assert told["watching"] == viewers, told
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.restart)
            started = time.monotonic()
            told = await ask("reach", seq=poster.offset + 1)
            back_s = time.monotonic() - started
            await scene.settle()
            told = await ask("reach", seq=max(viewer.seq for viewer in scene.viewers))
            return _outcome(scene, told, viewers, back_s)


def _outcome(scene: Scene, told: dict[str, Any], viewers: int, back_s: float) -> Outcome:
    counts = told["counts"]
    assert told["watching"] == viewers, told
    exact = counts.get("resume exact", 0)
    assert exact == told["visits"] - viewers, f"who comes back in seconds misses nothing: {counts}"
    fault = f"server killed (kill -9) under {viewers} viewers"
    outcome = scene.outcome(fault, back_s, f"{exact} returns, all of them exact")
    return replace(outcome, verdict=together(outcome.verdict, counts))
