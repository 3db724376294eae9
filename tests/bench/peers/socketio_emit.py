"""python-socketio on aiohttp, its first recommended way: ``await sio.emit(...)`` to everyone."""

import asyncio
import json

import socketio  # type: ignore[import-untyped]  # it carries no types
from aiohttp import web

from tests.bench.peers.server import obey


async def main() -> None:
    server = socketio.AsyncServer(async_mode="aiohttp")
    application = web.Application()
    server.attach(application)

    async def send(event: str) -> None:
        await server.emit("event", json.loads(event))  # it takes objects and encodes them itself

    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    await obey(send, runner.addresses[0][1])


if __name__ == "__main__":
    asyncio.run(main())
