"""A proxy that harms: between a server and its store, or between a viewer and its server.

It runs in a thread of its own, so that a test's loop does not slow it down, and is told from any thread.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

T = TypeVar("T")
CHUNK = 64 * 1024
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: closing sends a reset, not an end

Place = tuple[str, int] | Path
"""Where something listens: host and port, or a Unix socket."""


def place(url: str) -> Place:
    """Where a ``redis://``, ``http://`` or ``unix://`` URL leads."""
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        return Path(rest.partition("?")[0])
    authority = rest.partition("/")[0].rpartition("@")[2]
    host, _, port = authority.rpartition(":")
    return host, int(port)


class FaultProxy:
    """Passes on what it is given, until it is told otherwise. Use as a context.

    Args:
        upstream: where the real thing listens; see ``place``.
        socket_path: listen on this Unix socket; else on a free port of the loopback.
    """

    def __init__(self, upstream: Place, socket_path: Path | None = None) -> None:
        self.upstream = upstream
        self.connected = 0  # connections made through it, ever
        self._path = socket_path
        self._links: set[_Link] = set()
        self._delay = 0.0
        self._refusing = False
        self._losing = 0
        self._open = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._server: asyncio.AbstractServer | None = None
        self._resetting: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._open.set()
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # ------------------------------------------------------------ where it is

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def url(self, scheme: str) -> str:
        """Its own address under a scheme: ``url("redis")``, ``url("unix")``."""
        return f"{scheme}://{self._path}" if self._path is not None else f"{scheme}://127.0.0.1:{self.port}"

    @property
    def links(self) -> int:
        """Connections that are open through it now."""
        return len(self._links)

    # ------------------------------------------------------------ what it does

    def cut(self) -> int:
        """Reset every connection; new ones are let through. Returns how many there were."""
        return self._tell(self._cut)

    def refuse(self) -> None:
        """Reset every connection, and each new one at once, until ``heal``."""
        self._tell(lambda: setattr(self, "_refusing", True))
        self.cut()

    def black_hole(self) -> None:
        """Accept and swallow: nothing arrives, nothing is answered, nothing ends, until ``heal``.

        What was on its way arrives afterwards, as it does when a network comes back.
        """
        self._tell(self._open.clear)

    def delay(self, seconds: float) -> None:
        """Hold up each piece, in both directions."""
        self._tell(lambda: setattr(self, "_delay", seconds))

    def reset_each(self, seconds: float) -> None:
        """Reset every connection again and again, until ``heal``."""

        async def begin() -> None:
            self._resetting = self._loop.create_task(self._keep_resetting(seconds))

        self._run(begin())

    def lose_answers(self, count: int) -> None:
        """Let questions through, and reset the connection in place of each of the next ``count`` answers."""
        self._tell(lambda: setattr(self, "_losing", count))

    def heal(self) -> None:
        """Pass everything on again."""
        self._tell(self._heal)

    # ------------------------------------------------------------ inside its thread

    def _tell(self, act: Callable[[], T]) -> T:
        async def acted() -> T:
            return act()

        return self._run(acted())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _listen(self) -> None:
        if self._path is not None:
            self._server = await asyncio.start_unix_server(self._accept, self._path, limit=CHUNK)
        else:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK)

    async def _close(self) -> None:
        assert self._server is not None
        self._heal()
        self._server.close()
        self._cut()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _cut(self) -> int:
        links = list(self._links)
        for link in links:
            link.reset()
        return len(links)

    def _heal(self) -> None:
        self._refusing = False
        self._losing = 0
        self._delay = 0.0
        self._open.set()
        if self._resetting is not None:
            self._resetting.cancel()
            self._resetting = None

    async def _keep_resetting(self, seconds: float) -> None:
        while True:
            self._cut()
            await asyncio.sleep(seconds)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(writer)
        if self._refusing:
            link.reset()
            return
        self._links.add(link)
        try:
            await self._open.wait()
            there, back = await _dial(self.upstream)
            link.add(back)
            self.connected += 1
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, back))
                both.create_task(self._pass(there, writer, link))
        except* (OSError, asyncio.CancelledError):
            pass  # one of the two ends has gone, or this proxy is being closed
        finally:
            self._links.discard(link)
            link.reset()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: _Link | None = None
    ) -> None:
        while True:
            await self._open.wait()
            piece = await reader.read(CHUNK)
            if answers is not None and self._losing and piece:
                self._losing -= 1
                answers.reset()
                return
            if self._delay:
                await asyncio.sleep(self._delay)
            await self._open.wait()
            if not piece:
                writer.write_eof()
                return
            writer.write(piece)
            await writer.drain()


class _Link:
    """The two ends of one connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writers = [writer]

    def add(self, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)

    def reset(self) -> None:
        for writer in self._writers:
            end = writer.get_extra_info("socket")
            if end is not None and end.family != socket.AF_UNIX and end.fileno() >= 0:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()


async def _dial(upstream: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(upstream, Path):
        return await asyncio.open_unix_connection(upstream, limit=CHUNK)
    return await asyncio.open_connection(*upstream, limit=CHUNK)
