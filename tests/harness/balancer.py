"""What stands before several servers: takes connections on one port and passes each to one that is ready.

As proxies do, it asks each server for ``/readyz`` now and then, and tries the next one where a connection is
refused. What it passes on it does not look at.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

LOOK_S = 0.1
CHUNK = 64 * 1024
GONE = (OSError, asyncio.IncompleteReadError)


class Balancer:
    """Use as ``async with balanced(urls) as balancer``; ``url`` is where it listens."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.url = ""
        self.passed = dict.fromkeys(urls, 0)  # connections to each
        self.ready = dict.fromkeys(urls, True)
        self._turn = list(urls)
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def look(self) -> None:
        """Ask each server whether it is ready, again and again."""
        while True:
            for url in self.ready:
                self.ready[url] = await _is_ready(url)
            await asyncio.sleep(LOOK_S)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on, until either end closes it."""
        try:
            server = await self._connect()
            if server is not None:
                await _join((reader, writer), server)
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        self._turn.append(self._turn.pop(0))
        for url in sorted(self._turn, key=lambda one: not self.ready[one]):
            with contextlib.suppress(*GONE):
                streams = await asyncio.open_connection(*_place(url))
                self.passed[url] += 1
                return streams
        return None


@contextlib.asynccontextmanager
async def balanced(urls: Sequence[str]) -> AsyncIterator[Balancer]:
    """Stand before these servers."""
    balancer = Balancer(urls)
    taking = await asyncio.start_server(lambda *ends: balancer.run(balancer.take(*ends)), "127.0.0.1", 0)
    balancer.url = f"http://127.0.0.1:{taking.sockets[0].getsockname()[1]}"
    balancer.run(balancer.look())
    try:
        yield balancer
    finally:
        taking.close()
        await balancer.stop()


async def _join(one, other) -> None:
    """Carry bytes both ways until both ends are silent, or one is gone."""
    ways = [
        asyncio.get_running_loop().create_task(_carry(one[0], other[1])),
        asyncio.get_running_loop().create_task(_carry(other[0], one[1])),
    ]
    try:
        await asyncio.wait(ways)
    finally:
        for way in ways:
            way.cancel()
        other[1].close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(*GONE):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def _is_ready(url: str) -> bool:
    with contextlib.suppress(*GONE, TimeoutError):
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(*_place(url))
            try:
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    return False


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port
