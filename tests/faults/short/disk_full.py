"""The disk of the store's append-only file is full: writes are refused, and work again when there is room."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scene import Scene, playing
from tests.faults.stage import durable_store, server_at, url_of
from tests.harness.waiting import eventually

SIZE = "48m"
FULL_S = 4.0
NEEDED = (
    "This test fills a small file system of its own: run it as root where `mount -t tmpfs` is allowed (in a "
    "container: --cap-add SYS_ADMIN). mount said: "
)


async def run(folder: Path) -> Outcome:
    async with (
        small_disk(folder / "disk") as disk,
        durable_store(disk / "store") as store,
        server_at(folder / "server", url_of(store)) as server,
        playing([server.url], server.api_key, "full") as scene,
    ):
        poster = scene.poster()
        poster.start()
        await asyncio.sleep(1.0)
        ballast = disk / "ballast"
        await asyncio.to_thread(fill, ballast)
        await eventually(lambda: _refused(store), 60, "the store refuses writes")
        assert (await scene.call("publish", *_event(scene), token=scene.room_key)) == 503
        assert (await scene.call("read", "GET", f"/rooms/{scene.room}", token=scene.room_key)) == 200
        attempts, acked = poster.attempts, scene.count(200)
        await asyncio.sleep(FULL_S)
        heard = [viewer.notices for viewer in scene.modern()]  # a node finds out when it renews seats
        await eventually(lambda: all("store_full" in one for one in heard), 60, "viewers are told")
        assert poster.attempts > attempts, "it went on trying"
        assert scene.count(200) > acked, "what only reads was answered while the disk was full"
        ballast.unlink()
        room_again = time.monotonic()
        await scene.recovered()
        recovery = time.monotonic() - room_again
        await scene.settle()
        scene.assert_sockets_survived()
        for viewer in scene.modern():
            told = [code for code in viewer.notices if code.startswith("store_")]
            assert "store_full" in told, viewer.notices
            assert told[-1] == "store_back", viewer.notices
        assert poster.refused["store_full"], "refused by its name"
        return scene.outcome("disk of the store full for seconds", recovery)


def _event(scene: Scene) -> tuple[str, str, dict[str, object]]:
    return "POST", f"/rooms/{scene.room}/events", {"type": "training_metrics", "data": {"loss": 1.0}}


def _refused(store) -> bool:
    return store.info("persistence")["aof_last_write_status"] == "err"


def fill(path: Path) -> None:
    """Write until there is no room left."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 65536)
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0")


@contextlib.asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[Path]:
    """A file system of 48 MB. Raises ``AssertionError`` that says what is needed where there can be none."""
    folder.mkdir()
    told = await asyncio.to_thread(_run, "mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
    assert told.returncode == 0, NEEDED + told.stderr
    try:
        yield folder
    finally:
        await asyncio.to_thread(_run, "umount", "--lazy", str(folder))


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
