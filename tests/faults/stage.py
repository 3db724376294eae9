"""What a fault happens to: servers as processes, over a store of their own or one that the test holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

from spectator.embedded import process
from tests.harness.servers import ServerProcess
from tests.harness.valkey import DURABLE, Valkey

SECRET = "the-one-secret-that-all-nodes-share-0123456789"


@contextlib.asynccontextmanager
async def local_server(folder: Path, **more: str) -> AsyncIterator[ServerProcess]:
    """One server that holds an embedded store, as on a laptop."""
    async with _started(ServerProcess(folder / "data", SPECTATOR_RATE_LIMITS="off", **more)) as server:
        yield server


@contextlib.asynccontextmanager
async def server_at(
    folder: Path, store_url: str, *arguments: str, **more: str
) -> AsyncIterator[ServerProcess]:
    """One server over a store elsewhere; several of one test share the secret."""
    shared = {"SPECTATOR_RATE_LIMITS": "off", "SPECTATOR_SECRET_KEYS": SECRET, **more}
    async with _started(ServerProcess(folder, "--redis", store_url, *arguments, **shared)) as server:
        yield server


@contextlib.asynccontextmanager
async def _started(server: ServerProcess) -> AsyncIterator[ServerProcess]:
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        await asyncio.to_thread(server.close)


@contextlib.asynccontextmanager
async def durable_store(folder: Path, *options: str) -> AsyncIterator[Valkey]:
    """A store that writes its file as the embedded one does, and may be killed, paused and started."""
    async with started_store(Valkey(folder, *DURABLE, *options)) as store:
        yield store


@contextlib.asynccontextmanager
async def started_store(store: Valkey) -> AsyncIterator[Valkey]:
    """Run this store; whatever was done to it, nothing of it is left."""
    try:
        await asyncio.to_thread(store.start)
        yield store
    finally:
        with contextlib.suppress(ProcessLookupError):
            store.resume()
        await asyncio.to_thread(store.close)


def pid_of_store(server: ServerProcess) -> int:
    """The process of the embedded store that this server holds; another one after each revival."""
    told = json.loads((server.data_dir / "store.lock").read_text())
    return process.pid_of(Path(told["socket"]))


def url_of(store: Valkey) -> str:
    return f"redis://{store.name}/0"
