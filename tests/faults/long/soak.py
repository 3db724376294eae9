"""Ten minutes of everyday life: nothing may grow that is not meant to.

A script logs, another publishes fat events (so that the log reaches the length that is kept, and is folded
and trimmed over and over), a hundred people watch, others come and go, rooms are made and closed.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import statistics
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.bench.machine import rss
from tests.bench.processes import Child
from tests.faults.crowd import together
from tests.faults.outcome import Outcome
from tests.faults.scene import PATIENCE_S, Scene
from tests.faults.stage import local_server, pid_of_store
from tests.faults.viewers import Viewer
from tests.harness.servers import ServerProcess
from tests.harness.waiting import eventually

SECONDS = 600.0
WARM = 0.4  # of the time goes by before memory is judged: the kept log has to reach its full length first
SAMPLE_S = 2.0
CROWD = 100
FAT, EACH_S = 16 * 1024, 0.1  # bytes of a fat event, and how often: the kept 16 MB are full after two minutes
GUEST_S, ROOM_S = 2.0, 5.0
MOST_GROWTH = {"server": 6.0, "store": 8.0}
"""MB that a process may grow by, along the line through its samples, in the time that is judged. The store's
memory is a saw whose teeth are the 4 MB between two checkpoints."""
MB = 1e6


@dataclass
class Memory:
    """Samples of one process."""

    pid: int
    at: list[float] = field(default_factory=list)
    mb: list[float] = field(default_factory=list)

    def sample(self, now: float) -> None:
        self.at.append(now)
        self.mb.append(rss(self.pid) / MB)

    def growth(self) -> float:
        """MB from begin to end of the samples, along the line through them."""
        return statistics.linear_regression(self.at, self.mb).slope * (self.at[-1] - self.at[0])


async def run(folder: Path, seconds: float = SECONDS) -> Outcome:
    async with local_server(folder) as server, Scene([server.url], server.api_key) as scene:
        await scene.open("soaked", rate=20)
        room = f"/rooms/{scene.room}"
        assert (await asyncio.to_thread(server.call, "PATCH", room, {"max_spectators": 10 * CROWD}))[0] == 200
        await scene.audience()
        order = {
            "host": "127.0.0.1", "port": int(server.url.rsplit(":", 1)[1]), "room": scene.code,
            "room_id": scene.room, "viewers": CROWD,
        }  # fmt: skip
        with Child("tests.faults.crowd", json.dumps(order)) as crowd:
            told = await asyncio.to_thread(crowd.ask, 150, do="connect", within=120)
            assert told["watching"] == CROWD, told
            memory = await _live(scene, server, seconds)
            await scene.settle()
            head = max(viewer.seq for viewer in scene.viewers)
            told = await asyncio.to_thread(crowd.ask, 150, do="reach", seq=head, within=120)
        assert told["watching"] == CROWD, told
        outcome = scene.outcome(
            f"{seconds / 60:.0f} minutes of everyday life", note=_said(memory, told["counts"])
        )
        _judge(memory)
        return replace(outcome, verdict=together(outcome.verdict, told["counts"]))


async def _live(scene: Scene, server: ServerProcess, seconds: float) -> dict[str, Memory]:
    """Let it go on for so long; returns what was sampled after the warm part."""
    memory = {"server": Memory(server.process.pid), "store": Memory(pid_of_store(server))}
    began = time.monotonic()
    async with asyncio.TaskGroup() as busy:
        lives = [busy.create_task(life) for life in (_fatten(scene), _guests(scene), _rooms(scene, server))]
        while (now := time.monotonic() - began) < seconds:
            if now > WARM * seconds:
                for one in memory.values():
                    one.sample(now)
            await asyncio.sleep(SAMPLE_S)
        for life in lives:
            life.cancel()
    return memory


async def _fatten(scene: Scene) -> None:
    """Publish events of random text, which no compression makes small, under no mark."""
    while True:
        event = {"type": "data", "stream": "ballast", "data": {"text": secrets.token_hex(FAT // 2)}}
        await scene.call("publish", "POST", f"/rooms/{scene.room}/events", event, token=scene.room_key)
        await asyncio.sleep(EACH_S)


async def _guests(scene: Scene) -> None:
    """Somebody comes, is shown the whole, and goes."""
    number = 0
    while True:
        number += 1
        guest = await scene.viewer(Viewer, f"guest {number}")
        await eventually(
            lambda guest=guest: guest.view.place is not None, PATIENCE_S, "a guest sees something"
        )
        guest.view.left = True
        scene.viewers.remove(guest)
        await guest.leave()
        await asyncio.sleep(GUEST_S)


async def _rooms(scene: Scene, server: ServerProcess) -> None:
    """A room is made, published into, exported and closed."""
    number = 0
    while True:
        number += 1
        name = {"name": f"passing {number}"}
        _, made = await asyncio.to_thread(server.call, "POST", "/rooms", name)
        room = f"/rooms/{made['room']['id']}"
        event = {"type": "training_metrics", "data": {"loss": 1.0}}
        await scene.call("publish", "POST", f"{room}/events", event, token=made["owner_token"])
        await scene.call("export", "GET", f"{room}/export?format=csv", token=made["owner_token"])
        await scene.call("close", "DELETE", room, token=made["owner_token"])
        await asyncio.sleep(ROOM_S)


def _judge(memory: dict[str, Memory]) -> None:
    for name, one in memory.items():
        assert one.growth() < MOST_GROWTH[name], f"the {name} grew by {one.growth():.1f} MB: {one.mb}"


def _said(memory: dict[str, Memory], counts: dict[str, Any]) -> str:
    parts = []
    for name, one in memory.items():
        hours = (one.at[-1] - one.at[0]) / 3600
        parts.append(
            f"{name}: median {statistics.median(one.mb):.1f} MB, most {max(one.mb):.1f} MB, "
            f"slope {one.growth():+.2f} MB in {60 * hours:.0f} min"
        )
    return "; ".join(parts)
