"""websockets.broadcast, as its documentation recommends for many viewers."""

import asyncio

from websockets.asyncio.server import ServerConnection, broadcast, serve

from tests.bench.peers.server import obey


async def main() -> None:
    viewers: set[ServerConnection] = set()

    async def watch(connection: ServerConnection) -> None:
        viewers.add(connection)
        try:
            await connection.wait_closed()
        finally:
            viewers.discard(connection)

    async def send(event: str) -> None:
        broadcast(viewers, event)

    async with serve(watch, "127.0.0.1", 0) as server:
        await obey(send, next(iter(server.sockets)).getsockname()[1])


if __name__ == "__main__":
    asyncio.run(main())
