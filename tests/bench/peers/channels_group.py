"""Django Channels on Daphne: all viewers in one group of the in-memory layer, reached by ``group_send``."""

import asyncio
import json
import sys

import django  # type: ignore[import-not-found]  # fetched for this peer alone
from daphne.server import Server  # type: ignore[import-not-found]  # as above
from django.conf import settings  # type: ignore[import-not-found]  # as above

GROUP = "events"


def main() -> None:
    settings.configure(CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}})
    django.setup()

    from channels.generic.websocket import AsyncWebsocketConsumer  # type: ignore[import-not-found]  # as above
    from channels.layers import get_channel_layer

    class Viewer(AsyncWebsocketConsumer):  # type: ignore[misc]  # of a package without types here
        groups = (GROUP,)

        async def event(self, message: dict[str, str]) -> None:
            await self.send(text_data=message["text"])

    async def feed(lines: asyncio.StreamReader, source: asyncio.StreamWriter) -> None:
        layer = get_channel_layer()
        while line := await lines.readline():
            await layer.group_send(GROUP, {"type": "event", "text": line.decode().rstrip("\n")})
        source.close()

    async def announce() -> None:
        listening = await asyncio.start_server(feed, "127.0.0.1", 0)
        while not server.listening_addresses:  # Daphne tells nobody when it listens
            await asyncio.sleep(0.01)
        _, port = server.listening_addresses[0]
        print(json.dumps({"port": port, "source": listening.sockets[0].getsockname()[1]}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.stop()

    server = Server(
        Viewer.as_asgi(),
        endpoints=["tcp:port=0:interface=127.0.0.1:backlog=4096"],
        signal_handlers=False,
        ready_callable=lambda: asyncio.get_event_loop().create_task(announce()),
    )
    server.run()


if __name__ == "__main__":
    main()
