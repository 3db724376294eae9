"""A replica that is behind becomes the primary: what was acknowledged last is gone, and said to be gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from spectator.log import Cursor
from tests.faults.long.modern import modern
from tests.faults.outcome import Outcome
from tests.faults.scene import PATIENCE_S, Scene, playing
from tests.faults.stage import server_at
from tests.faults.viewers import Viewer
from tests.harness.cluster import Cluster, Member, cluster
from tests.harness.waiting import eventually

BEFORE = 100  # events that both copies have
TAIL = 150  # events that only the primary has


async def watched(folder: Path) -> Outcome:
    """People watch on two nodes while it happens, and one comes back on the other node afterwards."""
    with cluster(folder / "cluster") as nodes:
        async with (
            server_at(folder / "a", nodes.url) as here,
            server_at(folder / "b", nodes.url) as there,
            playing([here.url, there.url], here.api_key, "tail") as scene,
        ):
            traveller = await scene.viewer(Viewer, "traveller", urls=[here.url, there.url])
            for number in range(2):
                await scene.viewer(Viewer, f"there {number}", urls=[there.url])
            poster = scene.poster()
            poster.start()
            primary = await _cut_off(scene, nodes)
            await _lose(scene, traveller)
            await asyncio.to_thread(nodes.take_over, primary)
            traveller.away.clear()
            traveller.start()
            recovery = await scene.recovered()
            await asyncio.to_thread(nodes.come_back, primary)
            await scene.settle()
            outcome = scene.outcome("failover that lost a tail, watched on two nodes", recovery)
            assert outcome.verdict.lost > 0, "nothing was lost: the fault did not happen"
            assert outcome.verdict.epochs == 2, f"the epoch was raised {outcome.verdict.epochs - 1} times"
            for viewer in modern(scene):
                assert _told_the_whole(viewer), f"{viewer.view.name} was not told of the new epoch"
            return outcome


async def unwatched(folder: Path) -> Outcome:
    """Nobody watches, and the log grows beyond the loss in one batch: only the tags betray it."""
    with cluster(folder / "cluster") as nodes:
        async with (
            server_at(folder / "a", nodes.url) as here,
            server_at(folder / "b", nodes.url) as there,
            Scene([here.url, there.url], here.api_key) as scene,
        ):
            await scene.make("alone")
            traveller = await scene.viewer(Viewer, "traveller", urls=[here.url, there.url])
            poster = scene.poster()
            poster.start()
            primary = await _cut_off(scene, nodes)
            reached = await _lose(scene, traveller)
            await poster.stop()
            await asyncio.to_thread(nodes.take_over, primary)
            assert await scene.poster().post(3 * TAIL) > reached, "the log has not grown beyond the loss"
            poster.start()
            traveller.away.clear()
            traveller.start()
            await eventually(lambda: traveller.resumes["full"] == 1, PATIENCE_S, "the traveller is told full")
            await asyncio.to_thread(nodes.come_back, primary)
            await scene.settle()
            outcome = scene.outcome("failover that lost a tail, seen by nobody")
            assert outcome.verdict.lost > 0, "nothing was lost: the fault did not happen"
            assert outcome.verdict.epochs == 2, f"the epoch was raised {outcome.verdict.epochs - 1} times"
            return outcome


async def _cut_off(scene: Scene, nodes: Cluster) -> Member:
    """Let both copies have the beginning, then only the primary what follows."""
    await eventually(lambda: all(viewer.seq > BEFORE for viewer in scene.viewers), PATIENCE_S)
    primary = nodes.primary_of(f"{{{scene.room}}}")
    replica = nodes.replica_of(primary)
    await asyncio.to_thread(nodes.cut, replica)
    return primary


async def _lose(scene: Scene, traveller: Viewer) -> int:
    """Let everybody see a tail that will be lost; the traveller leaves in it. Returns where it was."""
    begun = max(viewer.seq for viewer in scene.viewers)
    quick = [viewer for viewer in scene.viewers if viewer.pace_s == 0]
    await eventually(
        lambda: all(viewer.seq > begun + TAIL for viewer in quick), PATIENCE_S, "a tail is shown"
    )
    await traveller.leave()
    assert traveller.cursor is not None
    return Cursor.parse(traveller.cursor).seq


def _told_the_whole(viewer: Viewer) -> bool:
    """Whether what it was shown first of the newest epoch was the whole picture."""
    epochs = [(what["epoch"], kind) for kind, what in viewer.view.told if kind != "connected"]
    newest = max(epoch for epoch, _ in epochs)
    return (
        newest > min(epoch for epoch, _ in epochs) and next(k for e, k in epochs if e == newest) == "snapshot"
    )
