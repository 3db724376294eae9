"""Not a server but the floor: one ``socket.send`` of a ready frame for each viewer and event, in a loop."""

import asyncio
import base64
import contextlib
import hashlib
import socket
import struct

from tests.bench.payload import text
from tests.bench.peers.server import obey

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def welcome(viewer: socket.socket) -> None:
    """Answer the upgrade of one viewer."""
    loop = asyncio.get_running_loop()
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += await loop.sock_recv(viewer, 4096)
    key = asked.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + MAGIC, usedforsecurity=False).digest())
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    await loop.sock_sendall(viewer, head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


async def main() -> None:
    viewers: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)

    async def admit() -> None:
        while True:
            viewer, _ = await asyncio.get_running_loop().sock_accept(listener)
            viewer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await welcome(viewer)
            viewers.append(viewer)

    async def send(step: int, made_at: float) -> None:
        payload = text(step, made_at).encode()
        frame = b"\x81\x7e" + struct.pack("!H", len(payload)) + payload
        for viewer in viewers:
            with contextlib.suppress(BlockingIOError):  # a full socket loses the event, as the count shows
                viewer.send(frame)

    async with asyncio.TaskGroup() as tasks:
        admitting = tasks.create_task(admit())
        await obey(send, listener.getsockname()[1])
        admitting.cancel()


if __name__ == "__main__":
    asyncio.run(main())
