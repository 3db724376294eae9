"""Five viewers never read while the others watch a thousand events a second."""

from __future__ import annotations

from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import Scene
from tests.faults.stage import local_server
from tests.faults.viewers import Stalled
from tests.harness.waiting import eventually

PEERS = 5
RATE = 1000.0
PATIENCE_S = 90.0
"""They are ended after ten seconds in which they took nothing, and their seats are kept for five more."""


async def run(folder: Path) -> Outcome:
    async with local_server(folder) as server, Scene([server.url], server.api_key) as scene:
        await scene.open("stalled", rate=RATE)
        await scene.audience()
        peers = [await scene.viewer(Stalled, f"stalled {number}") for number in range(PEERS)]
        await eventually(lambda: all(peer.stalling for peer in peers), 60, "they are in, and read nothing")
        scene.call_always()
        await eventually(lambda: _are_out(scene, peers), PATIENCE_S, "who takes nothing is sent away")
        recovery = await scene.recovered()
        for viewer in scene.quick():
            assert viewer.visits == 1, f"{viewer.view.name} was disturbed by others: {viewer.codes}"
        await scene.settle()
        assert all(peer.visits > 1 for peer in peers), "they began to read, and came back"
        return scene.outcome("5 of 10 viewers never read, 1,000 events/s", recovery, "all 5 sent away")


async def _are_out(scene: Scene, peers: list[Stalled]) -> bool:
    return not {peer.view.name for peer in peers} & await scene.present()
