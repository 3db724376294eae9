"""picows: ``transport.send`` for each viewer. It does not deflate."""

import asyncio
import logging

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from tests.bench.peers.server import obey


class Viewer(WSListener):
    """One viewer, known to the server for as long as it is connected."""

    def __init__(self, viewers: set[WSTransport]) -> None:
        self.viewers = viewers

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.viewers.add(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.viewers.discard(transport)


async def main() -> None:
    # It warns of each write to a viewer who has just left, and in the end all leave at once.
    logging.getLogger("aiofastnet").setLevel(logging.ERROR)
    viewers: set[WSTransport] = set()

    def watch(request: WSUpgradeRequest) -> Viewer:
        return Viewer(viewers)

    async def send(event: str) -> None:
        payload = event.encode()
        for viewer in viewers:
            viewer.send(WSMsgType.TEXT, payload)

    server = await ws_create_server(watch, "127.0.0.1", 0, backlog=4096)
    async with server:
        await obey(send, server.sockets[0].getsockname()[1])


if __name__ == "__main__":
    asyncio.run(main())
