"""Connections reset, servers and stores killed, all over one long stretch of events."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import PATIENCE_S, Scene, playing
from tests.faults.stage import local_server, pid_of_store
from tests.harness.faultproxy import FaultProxy, place
from tests.harness.servers import ServerProcess
from tests.harness.waiting import eventually

EVENTS = 32_000
RESETS = 100
SERVER_KILLS = 8
STORE_KILLS = 5
BATCH = 25


async def run(folder: Path) -> Outcome:
    async with local_server(folder) as server:
        with FaultProxy(place(server.url)) as proxy:
            async with playing([proxy.url("http")], server.api_key, "storm", ingest=[server.url]) as scene:
                for _ in range(2):
                    scene.poster(batch=BATCH).start()
                await _rage(scene, server, proxy)
                await eventually(lambda: _acked(scene) >= EVENTS, PATIENCE_S, f"{EVENTS} events are acked")
                recovery = await scene.recovered()
                await scene.settle()
                fault = f"{RESETS} resets, {SERVER_KILLS} server kills, {STORE_KILLS} store kills"
                took, call = scene.longest
                note = f"the longest call, {call}, took {took:.2f} s"
                outcome = scene.outcome(fault, recovery, note)
                assert outcome.verdict.acked >= EVENTS
                return outcome


async def _rage(scene: Scene, server: ServerProcess, proxy: FaultProxy) -> None:
    """One reset each hundredth of the events, and a kill where its turn is: by events, not by time."""
    servers = {round(RESETS * (turn + 0.5) / SERVER_KILLS) for turn in range(SERVER_KILLS)}
    stores = {round(RESETS * (turn + 0.5) / STORE_KILLS) for turn in range(STORE_KILLS)}
    for turn in range(RESETS):
        due = EVENTS * turn // RESETS
        await eventually(lambda due=due: _acked(scene) >= due, PATIENCE_S, f"{due} events are acked")
        proxy.cut()
        if turn in stores:
            os.kill(
                await eventually(lambda: _store_of(server), PATIENCE_S, "the store answers"), signal.SIGKILL
            )
        if turn in servers:
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.restart)


def _store_of(server: ServerProcess) -> int | None:
    """The process of the store; None while it is being started again."""
    with contextlib.suppress(OSError):
        return pid_of_store(server)
    return None


def _acked(scene: Scene) -> int:
    return sum(poster.acked for poster in scene.posters)
