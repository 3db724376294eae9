"""aiohttp with ``await ws.send_str(...)`` for each viewer: what one writes first."""

import asyncio

from aiohttp import web

from tests.bench.peers.server import obey


async def main() -> None:
    viewers: set[web.WebSocketResponse] = set()

    async def watch(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        viewers.add(socket)
        try:
            async for _ in socket:
                pass
        finally:
            viewers.discard(socket)
        return socket

    async def send(event: str) -> None:
        for viewer in list(viewers):
            await viewer.send_str(event)

    application = web.Application()
    application.router.add_get("/", watch)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    await obey(send, runner.addresses[0][1])


if __name__ == "__main__":
    asyncio.run(main())
