"""Two servers behind a balancer are restarted one after the other while thousands watch and a script logs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench.machine import allow_files, cpu_seconds
from tests.bench.processes import Child, end
from tests.faults.balancer import FILES
from tests.faults.crowd import together
from tests.faults.outcome import Outcome
from tests.faults.scene import Scene
from tests.faults.stage import durable_store, server_at, url_of
from tests.faults.viewers import Viewer
from tests.harness.servers import ROOT, ServerProcess, environment

VIEWERS = 3000
BATCH, PAUSE_S = 10, 0.5  # the load is one of connections: each beat is written to each of them
LET_IN_S = 400.0
BACK_S = 240.0


async def run(folder: Path, viewers: int = VIEWERS) -> Outcome:
    allow_files(FILES)
    async with (
        durable_store(folder / "store") as store,
        server_at(folder / "a", url_of(store)) as one,
        server_at(folder / "b", url_of(store)) as two,
        balancer([one.url, two.url], folder) as url,
        Scene([url], one.api_key) as scene,
    ):
        made = await scene.make("rolled", seats=2 * viewers)
        for number in range(4):
            await scene.viewer(Viewer, f"closely watched {number}")
        poster = scene.poster(batch=BATCH, pause_s=PAUSE_S)
        poster.start()
        order = {
            "host": "127.0.0.1", "port": int(url.rsplit(":", 1)[1]), "room": scene.code,
            "room_id": made["room"]["id"], "viewers": viewers,
        }  # fmt: skip
        with Child("tests.faults.crowd", json.dumps(order)) as crowd:
            return await _roll(scene, crowd, [one, two], viewers)


async def _roll(scene: Scene, crowd: Child, servers: list[ServerProcess], viewers: int) -> Outcome:
    [poster] = scene.posters
    told = await _ask(crowd, "connect", LET_IN_S)
    assert told["watching"] == viewers, told
    exits = []
    for server in servers:
        exits.append(await _restart(server))
        told = await _ask(crowd, "reach", BACK_S, seq=poster.offset + 1)
        assert told["behind"] > 0, told
    await scene.settle()
    told = await _ask(crowd, "reach", BACK_S, seq=max(viewer.seq for viewer in scene.viewers))
    assert told["watching"] == viewers, told
    counts = told["counts"]
    note = (
        f"{told['visits'] - viewers:,} returns, {counts.get('resume exact', 0):,} of them exact; nobody away "
        f"longer than {told['longest_away']:.1f} s; each server ended within {max(exits)[0]:.1f} s, "
        f"{max(cpu for _, cpu in exits):.1f} s of CPU"
    )
    fault = f"rolling restart of two nodes under {viewers:,} viewers"
    outcome = scene.outcome(fault, told["longest_away"], note)
    return replace(outcome, verdict=together(outcome.verdict, counts))


async def _ask(crowd: Child, do: str, within: float, **order: Any) -> dict[str, Any]:
    """Give the crowd an order that it is to be done with ``within`` so many seconds."""
    return await asyncio.to_thread(crowd.ask, within + 30, do=do, within=within, **order)


async def _restart(server: ServerProcess) -> tuple[float, float]:
    """Stop it as a supervisor does, start it again on its port; returns how long the end took, and its CPU.

    Beside others on a busy machine the first says little without the second.
    """
    process = server.process
    assert process is not None
    began, spent = time.monotonic(), cpu_seconds(process.pid)
    process.send_signal(signal.SIGTERM)
    cpu = 0.0
    while process.poll() is None:
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has just ended
            cpu = max(cpu, cpu_seconds(process.pid) - spent)
        await asyncio.sleep(0.02)
    took = time.monotonic() - began
    await asyncio.to_thread(server.restart)
    return took, cpu


@contextlib.asynccontextmanager
async def balancer(urls: list[str], folder: Path) -> AsyncIterator[str]:
    """A balancer before these servers; gives its URL."""
    servers = [url.removeprefix("http://") for url in urls]
    process = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-P", "-m", "tests.faults.balancer", *servers],
        cwd=ROOT,
        env=environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = (await asyncio.to_thread(process.stdout.readline)).strip()
        yield f"http://127.0.0.1:{port}"
    finally:
        await asyncio.to_thread(end, process)
