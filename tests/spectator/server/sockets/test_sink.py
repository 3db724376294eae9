"""The sink over real sockets, because what matters is what the kernel does."""

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from functools import partial

import pytest
import trustme

from spectator.server.sockets.sink import TransportSink, tune
from tests.harness.waiting import eventually


class Pair:
    """A transport and the plain socket at its other end."""

    def __init__(self, transport: asyncio.Transport, other: socket.socket) -> None:
        self.transport = transport
        self.other = other


@pytest.fixture
async def pair():
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    other = socket.socket()
    other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    other.connect(listener.getsockname())
    accepted, _ = listener.accept()
    listener.close()
    accepted.setblocking(False)
    transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, accepted)
    yield Pair(transport, other)
    transport.abort()
    other.close()
    await asyncio.sleep(0)


@pytest.fixture
async def secured(tmp_path):
    """The same under TLS: the other end has shaken hands, and reads when it is told to."""
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server_side)
    authority.configure_trust(client_side)
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    other = socket.socket()
    other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    other.connect(listener.getsockname())
    accepted, _ = listener.accept()
    listener.close()
    accepted.setblocking(False)
    greeting = loop.run_in_executor(
        None, partial(client_side.wrap_socket, other, server_hostname="localhost")
    )
    transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, accepted, ssl=server_side)
    yield Pair(transport, await greeting)
    transport.abort()
    (await greeting).close()
    await asyncio.sleep(0)


async def test_under_tls_too_a_reader_that_stops_shows(secured):
    """The layer between holds 64 KB more than it tells of, and no more than that."""
    sink = TransportSink(secured.transport)
    swallowed = 0
    while not sink.buffered():
        sink.write(b"x" * 16_384)
        swallowed += 16_384
        assert swallowed < 500_000, "TLS hides how slow the viewer is"
    sink.abort()
    assert sink.closed()


async def test_under_tls_too_what_was_written_leaves_before_the_end(secured):
    sink = TransportSink(secured.transport)
    sink.write(b"last words")
    sink.finish()
    assert sink.closed()
    assert await asyncio.to_thread(secured.other.recv, 100) == b"last words"
    assert await asyncio.to_thread(secured.other.recv, 100) == b""  # ended as TLS asks, not cut off


async def test_a_reader_that_stops_shows_after_a_few_slices(pair):
    sink = TransportSink(pair.transport)
    swallowed = 0
    while not sink.buffered():
        sink.write(b"x" * 16_384)
        swallowed += 16_384
        assert swallowed < 400_000, "the kernel hides how slow the viewer is"


async def test_without_the_option_the_kernel_hides_it(pair):
    """What the option is there for: red when the kernel's defaults ever change for the better."""
    swallowed = 0
    while not pair.transport.get_write_buffer_size() and swallowed < 8_000_000:
        pair.transport.write(b"x" * 16_384)
        swallowed += 16_384
    assert swallowed > 400_000


async def test_whatever_the_kernel_takes_of_it_bytes_arrive_in_order(pair):
    """Partial writes, full sockets and drained ones: the direct way and the transport's take turns."""
    sink = TransportSink(pair.transport)
    frames = [bytes([number % 251]) * (1 + number * 37 % 20_000) for number in range(600)]
    got = bytearray()
    pair.other.setblocking(False)
    waited = 0
    for frame in frames:
        sink.write(frame)
        while sink.buffered() > 40_000:  # read a little, as a slow viewer does
            waited += 1
            with contextlib.suppress(BlockingIOError):
                got += pair.other.recv(16_384)
            await asyncio.sleep(0)
    expected = b"".join(frames)

    def rest() -> bool:
        with contextlib.suppress(BlockingIOError):
            got.extend(pair.other.recv(65_536))
        return len(got) >= len(expected)

    await eventually(rest, 30)
    assert waited > 10, "the socket was never full: nothing is shown"
    assert bytes(got) == expected
    assert sink.buffered() == 0


async def test_a_closing_transport_never_writes_to_a_descriptor_that_is_somebody_elses(pair, tmp_path):
    """The number of a closed socket goes to whatever is opened next: one room's bytes must not reach it."""
    sink = TransportSink(pair.transport)
    number = pair.transport.get_extra_info("socket").fileno()
    pair.transport.abort()
    await eventually(lambda: pair.transport.get_extra_info("socket").fileno() == -1, 5)
    with (tmp_path / "opened next").open("wb") as opened:
        if opened.fileno() != number:
            os.dup2(opened.fileno(), number)
        sink.write(b"of another room")
        if opened.fileno() != number:
            os.close(number)
    assert (tmp_path / "opened next").read_bytes() == b""


async def test_a_connection_that_broke_ends_as_the_transport_ends_it(pair):
    """The direct way meets the error first, and leaves it to the transport to tell the protocol."""
    sink = TransportSink(pair.transport)
    pair.other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    pair.other.close()  # a reset

    def ended() -> bool:
        sink.write(b"x" * 1000)
        return sink.closed()

    await eventually(ended, 10)


async def test_what_was_written_leaves_before_the_end(pair):
    ended: list[int] = []
    sink = TransportSink(pair.transport, lambda: ended.append(1))
    sink.write(b"last words")
    sink.finish()
    assert sink.closed()
    assert await asyncio.to_thread(pair.other.recv, 100) == b"last words"
    assert await asyncio.to_thread(pair.other.recv, 100) == b""
    assert ended


async def test_abort_does_not_wait_for_the_reader(pair):
    sink = TransportSink(pair.transport)
    while not sink.buffered():
        sink.write(b"x" * 65_536)
    sink.abort()
    await eventually(lambda: pair.transport.get_extra_info("socket").fileno() == -1, 1)


def test_a_closed_socket_needs_no_tuning():
    one = socket.socket()
    one.close()
    tune(one)
    tune(None)


def test_a_socket_of_the_same_machine_has_no_such_options():
    one, other = socket.socketpair()
    tune(one)
    one.close()
    other.close()
