"""What we rely on in aiohttp, and nothing else: run on the installed version here, on the oldest and the
newest that we support by ``make test-aiohttps``. A version that breaks one of these breaks viewers.

Everything goes over real connections to a plain socket, because what matters is the bytes.
"""

import asyncio
import base64
import contextlib
import gzip
import json
import os
import socket
import struct
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from aiohttp import WSMsgType, web

from spectator.hub import frames
from spectator.server.door import make_door
from spectator.server.sockets.sink import TransportSink

KEY = base64.b64encode(os.urandom(16)).decode()
TEXT, CONTINUE, CLOSE, PING, PONG = 1, 0, 8, 9, 10
PATIENCE = 60.0

Serve = Callable[[web.WebSocketResponse, TransportSink], Awaitable[None]]


class Peer:
    """A browser's end of one connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = b""

    async def upgrade(self, extensions: str = "", protocol: str = "spectator.v1") -> None:
        lines = [
            "GET / HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Protocol: {protocol}",
        ]  # fmt: skip
        lines += [f"Sec-WebSocket-Extensions: {extensions}"] if extensions else []
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        assert self.head.startswith(b"HTTP/1.1 101 "), self.head

    def send(self, payload: bytes, opcode: int = TEXT, first: int = 0x80) -> None:
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else (
            b"\xfe" + struct.pack("!H", size) if size < 65536 else b"\xff" + struct.pack("!Q", size)
        )  # fmt: skip
        self.writer.write(bytes([first | opcode]) + length + b"\0\0\0\0" + payload)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: its first byte and its payload."""
        first, second = await asyncio.wait_for(self.reader.readexactly(2), PATIENCE)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self.reader.readexactly(8), "big")
        return first, await asyncio.wait_for(self.reader.readexactly(size), PATIENCE)

    async def rest(self) -> bytes:
        """All bytes up to the end of the connection."""
        with contextlib.suppress(ConnectionError):
            return await asyncio.wait_for(self.reader.read(), PATIENCE)
        return b""


class Server:
    """A handler like ours under our limits; ``serve`` is what it does with a connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.ended = asyncio.Event()
        self.sockets: list[web.WebSocketResponse] = []
        self._peers: list[Peer] = []

    async def reach(self, limit: int = 1 << 20) -> Peer:
        """A connection that has not asked for anything; it holds ``limit`` bytes or so that nobody read."""
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port, limit=limit))
        self._peers.append(peer)
        return peer

    async def connect(self, **options: str) -> Peer:
        peer = await self.reach()
        await peer.upgrade(**options)
        return peer

    async def leave(self) -> None:
        for peer in self._peers:
            peer.writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await peer.writer.wait_closed()


@contextlib.asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[Server]:
    async def handle(request: web.Request) -> web.StreamResponse:
        made = web.WebSocketResponse(
            protocols=("spectator.v1",), autoping=False, autoclose=False, compress=True, max_msg_size=65_536
        )
        await made.prepare(request)
        made.headers.clear()
        server.sockets.append(made)
        assert request.transport is not None
        sink = TransportSink(request.transport)
        try:
            await serve(made, sink)
        finally:
            sink.finish()
            server.ended.set()
        return made

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    assert runner.server is not None
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(partial(make_door, runner.server, loop), "127.0.0.1", 0)
    server = Server(listener.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        await server.leave()
        listener.close()
        await runner.cleanup()


async def until_closed(made: web.WebSocketResponse, _: TransportSink) -> None:
    while (await made.receive()).type not in {WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR}:
        pass


async def test_raw_frames_follow_the_handshake_and_nothing_else_does():
    """Ours are the only bytes after the handshake, from the first to the last; no close frame of its own."""
    said = [b'{"n":%d}' % number for number in range(3)]

    async def serve(made: web.WebSocketResponse, sink: TransportSink) -> None:
        for payload in said:
            sink.write(frames.message(payload)[0])

    async with serving(serve) as server:
        peer = await server.connect()
        assert await peer.rest() == b"".join(frames.message(payload)[0] for payload in said)
        assert b"sec-websocket-protocol: spectator.v1" in peer.head.lower()


@pytest.mark.parametrize(
    ("offered", "agreed", "answered"),
    [
        ("", 0, False),
        ("permessage-deflate", 15, True),
        ("permessage-deflate; client_max_window_bits", 15, True),  # what browsers say
        ("permessage-deflate; client_no_context_takeover; server_no_context_takeover", 15, True),
        ("permessage-deflate; server_max_window_bits=10", 10, True),
        ("x-unknown", 0, False),
    ],
)
async def test_what_was_agreed_about_deflate_is_told(offered: str, agreed: int, answered: bool):
    async with serving(until_closed) as server:
        peer = await server.connect(extensions=offered)
        assert int(server.sockets[0].compress) == agreed
        assert (b"permessage-deflate" in peer.head.lower()) == answered


async def test_a_shared_deflated_frame_is_one_of_the_agreed_stream():
    """Deflated once for all by us, in a window of its own, and read by who agreed to it."""
    said = json.dumps({"type": "tick", "events": ["same " * 200]}).encode()

    async def serve(made: web.WebSocketResponse, sink: TransportSink) -> None:
        sink.write(frames.message(said, deflated=True)[0] * 2)

    async with serving(serve) as server:
        peer = await server.connect(extensions="permessage-deflate")
        window = zlib.decompressobj(-15)  # kept from message to message, as a browser's is
        for _ in range(2):
            first, payload = await peer.frame()
            assert first == 0xC1
            assert window.decompress(payload + b"\0\0\xff\xff") == said


async def test_pings_and_pongs_come_to_us_and_are_not_answered_for_us():
    heard = []

    async def serve(made: web.WebSocketResponse, sink: TransportSink) -> None:
        while len(heard) < 3:
            message = await made.receive()
            heard.append((message.type, bytes(message.data) if message.type != WSMsgType.TEXT else b""))

    async with serving(serve) as server:
        peer = await server.connect()
        peer.send(b"are you there", PING)
        peer.send(b"I am", PONG)
        peer.send(b"{}")
        assert await peer.rest() == b""
    assert heard == [(WSMsgType.PING, b"are you there"), (WSMsgType.PONG, b"I am"), (WSMsgType.TEXT, b"")]


async def test_a_close_frame_is_told_with_its_code_and_not_answered_for_us():
    told = []

    async def serve(made: web.WebSocketResponse, sink: TransportSink) -> None:
        message = await made.receive()
        told.append((message.type, message.data))
        sink.write(frames.close(4001, "ours"))

    async with serving(serve) as server:
        peer = await server.connect()
        peer.send(struct.pack("!H", 1001), CLOSE)
        assert await peer.rest() == frames.close(4001, "ours")
    assert told == [(WSMsgType.CLOSE, 1001)]


async def test_who_vanishes_is_told_at_once():
    async with serving(until_closed) as server:
        peer = await server.connect()
        peer.writer.transport.abort()
        await asyncio.wait_for(server.ended.wait(), PATIENCE)


@pytest.mark.parametrize("how", ["finish", "abort"])
async def test_the_end_of_one_that_never_reads_waits_for_nobody(how: str):
    """``await ws.close()`` would hang on it; abort ends it, also after a polite finish that waits in vain."""
    full = asyncio.Event()

    async def serve(made: web.WebSocketResponse, sink: TransportSink) -> None:
        while sink.buffered() < 300_000:
            sink.write(frames.message(b"x" * 60_000)[0])
        full.set()
        if how == "finish":
            sink.finish()
            await asyncio.sleep(0)
        sink.abort()
        await until_closed(made, sink)

    async with serving(serve) as server:
        peer = await server.reach(limit=1024)
        peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await peer.upgrade()
        began = time.monotonic()
        await asyncio.wait_for(full.wait(), PATIENCE)
        await asyncio.wait_for(server.ended.wait(), PATIENCE)
        assert time.monotonic() - began < PATIENCE / 2, "aiohttp's own close would wait for the other end"
        peer.writer.transport.abort()


async def test_what_a_slow_reader_does_not_take_is_counted_by_the_transport_and_arrives_whole():
    big = frames.message(b"y" * 3_000_000, longest=65_536)
    seen = []

    async def serve(made: web.WebSocketResponse, sink: TransportSink) -> None:
        for piece in big:
            sink.write(piece)
        seen.append(sink.buffered())
        await until_closed(made, sink)

    async with serving(serve) as server:
        peer = await server.connect()
        got = await asyncio.wait_for(peer.reader.readexactly(sum(map(len, big))), PATIENCE)
        assert got == b"".join(big)
    assert seen[0] > 1_000_000


@pytest.mark.parametrize("deflated", [False, True])
async def test_a_message_beyond_the_bound_ends_the_connection_without_being_held(deflated: bool):
    """Also one that only grows beyond it when it is unpacked."""
    got = []

    async def serve(made: web.WebSocketResponse, sink: TransportSink) -> None:
        message = await made.receive()
        got.append((message.type, getattr(made.exception(), "code", None)))

    async with serving(serve) as server:
        peer = await server.connect(extensions="permessage-deflate")
        huge = b"z" * 5_000_000
        if deflated:
            peer.send(frames.deflate(huge), first=0xC0)
        else:
            peer.send(huge)
        await asyncio.wait_for(server.ended.wait(), PATIENCE)
        peer.writer.transport.abort()
    assert got == [(WSMsgType.ERROR, 1009)]


async def test_a_message_in_many_parts_with_a_ping_between_arrives_as_one():
    got = []

    async def serve(made: web.WebSocketResponse, sink: TransportSink) -> None:
        while not got or got[-1][0] != WSMsgType.TEXT:
            message = await made.receive()
            got.append((message.type, message.data))

    async with serving(serve) as server:
        peer = await server.connect()
        peer.send(b'{"a":', TEXT, first=0)
        peer.send(b"", PING)
        peer.send(b"1}", CONTINUE)
        await peer.rest()
    assert got[-1] == (WSMsgType.TEXT, '{"a":1}')


async def test_a_body_is_not_unpacked_for_us():
    """Our own bounded way unpacks what publishers send; aiohttp must hand over the bytes as they came."""
    bodies = []

    async def take(request: web.Request) -> web.Response:
        bodies.append(await request.content.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    assert runner.server is not None
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(partial(make_door, runner.server, loop), "127.0.0.1", 0)
    packed = gzip.compress(b"x" * 100_000)
    try:
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname()[:2])
        head = (
            f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}"
        )
        writer.write(head.encode() + b"\r\nConnection: close\r\n\r\n" + packed)
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
    finally:
        listener.close()
        await runner.cleanup()
    assert b" 200 " in answer
    assert bodies == [packed]
