"""A proxy that hides how slow its client is: it takes all the server sends at once and passes it on later."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

CHUNK = 64 * 1024


class HoardingProxy:
    """Between viewers and a server, in the loop of the test. What viewers say passes at once.

    Args:
        upstream: the server's URL.
    """

    def __init__(self, upstream: str) -> None:
        where = urlsplit(upstream)
        self._upstream = (where.hostname or "127.0.0.1", where.port or 80)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.url = ""
        self.hoarded = 0
        """Bytes taken from the server and not yet passed on."""

    def hold(self) -> None:
        """Pass on nothing from now on, and go on taking."""
        self._flowing.clear()

    def let_go(self) -> None:
        """Pass on what was hoarded, and what comes."""
        self._flowing.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until one of its ends is gone."""
        there, back = await asyncio.open_connection(*self._upstream)
        hoard: asyncio.Queue[bytes] = asyncio.Queue()
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._pass(reader, back))
                parts.create_task(self._take(there, hoard))
                parts.create_task(self._give(hoard, writer))
        finally:
            for end in (writer, back):
                end.close()  # what was passed on leaves first

    async def _pass(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while piece := await reader.read(CHUNK):
            back.write(piece)
        raise ConnectionResetError  # the viewer has gone: so goes the rest

    async def _take(self, there: asyncio.StreamReader, hoard: asyncio.Queue[bytes]) -> None:
        while piece := await there.read(CHUNK):
            self.hoarded += len(piece)
            hoard.put_nowait(piece)
        hoard.put_nowait(b"")

    async def _give(self, hoard: asyncio.Queue[bytes], writer: asyncio.StreamWriter) -> None:
        while piece := await hoard.get():
            await self._flowing.wait()
            self.hoarded -= len(piece)
            writer.write(piece)
        await writer.drain()
        raise ConnectionResetError  # the server has ended it, and all of that was passed on


@contextlib.asynccontextmanager
async def hoarding(upstream: str) -> AsyncIterator[HoardingProxy]:
    """Run one on a free port of the loopback."""
    proxy = HoardingProxy(upstream)
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await proxy.serve(reader, writer)
        except* (OSError, asyncio.CancelledError):
            pass  # one of its ends has gone, or this proxy is being closed
        finally:
            connections.discard(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
