"""What the peers in Python share: where their events come from.

As in every peer: ``{"port": .., "source": ..}`` is printed, events come as lines over one connection to
``source``, and the peer ends when its stdin does.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

Send = Callable[[str], Awaitable[None]]


async def obey(send: Send, port: int) -> None:
    """Announce the port, then ``send`` each line that arrives, until stdin ends."""

    async def feed(lines: asyncio.StreamReader, source: asyncio.StreamWriter) -> None:
        try:
            while line := await lines.readline():
                await send(line.decode().rstrip("\n"))
        finally:
            source.close()

    loop = asyncio.get_running_loop()
    ended = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(ended), sys.stdin)
    async with await asyncio.start_server(feed, "127.0.0.1", 0) as server:
        told = {"port": port, "source": server.sockets[0].getsockname()[1]}
        print(json.dumps(told), flush=True)
        await ended.read()
