"""A balancer for thousands: ``python -m tests.faults.balancer HOST:PORT...``.

It prints its own port, gives each new connection to the next server that says it is ready (``/readyz``), and
passes bytes. A process of its own, and protocols instead of streams: what is measured is the servers, not it
(``tests.harness.balancer`` is the small one, inside a test). It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from itertools import count

from tests.bench.machine import allow_files

ASK_S = 0.2
ASK_LIMIT_S = 1.0
FILES = 16_000
HIGH_WATER = 256 * 1024

Address = tuple[str, int]


class Balancer:
    """Knows which servers are ready, and whose turn it is."""

    def __init__(self, servers: list[Address]) -> None:
        self._ready = dict.fromkeys(servers, False)
        self._turn = count()

    async def keep_asking(self) -> None:
        """Ask every server again and again whether it is ready."""
        while True:
            servers = list(self._ready)
            for server, ready in zip(servers, await asyncio.gather(*map(_is_ready, servers)), strict=True):
                self._ready[server] = ready
            await asyncio.sleep(ASK_S)

    def candidates(self) -> list[Address]:
        """Whom to try, in this order; those that are not ready come last."""
        servers = list(self._ready)
        first = next(self._turn) % len(servers)
        turned = servers[first:] + servers[:first]
        return sorted(turned, key=lambda server: not self._ready[server])

    def accept(self) -> asyncio.Protocol:
        return _Client(self.candidates)


async def _is_ready(server: Address) -> bool:
    host, port = server
    try:
        async with asyncio.timeout(ASK_LIMIT_S):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET /readyz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in line


class _End(asyncio.Protocol):
    """One end of a connection: what it receives goes to the other, no faster than that one takes it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def connection_lost(self, _: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()


class _Client(_End):
    """The end towards the client; it waits with reading until a server has been found."""

    def __init__(self, candidates: Callable[[], list[Address]]) -> None:
        super().__init__()
        self._candidates = candidates
        self._dialling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        self.transport.pause_reading()
        self._dialling = asyncio.get_running_loop().create_task(self._dial(), name="dial")

    async def _dial(self) -> None:
        assert self.transport is not None
        for host, port in self._candidates():
            try:
                _, end = await asyncio.get_running_loop().create_connection(_End, host, port)
            except OSError:
                continue
            if self.transport.is_closing():
                assert end.transport is not None
                end.transport.close()
                return
            self.other, end.other = end, self
            self.transport.resume_reading()
            return
        self.transport.abort()


async def _serve(servers: list[Address]) -> None:
    allow_files(FILES)
    balancer = Balancer(servers)
    loop = asyncio.get_running_loop()
    asking = loop.create_task(balancer.keep_asking(), name="ask")
    listening = await loop.create_server(balancer.accept, "127.0.0.1", 0, backlog=4096)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    listening.close()
    asking.cancel()


def main() -> None:
    named = (argument.rpartition(":") for argument in sys.argv[1:])
    asyncio.run(_serve([(host, int(port)) for host, _, port in named]))


if __name__ == "__main__":
    main()
