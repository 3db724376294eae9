"""The load generator counts what it is sent, and notices what is missing; the C program sends everything."""

import base64
import hashlib
import json
import select
import socket
import struct
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bench.candidates import LIMIT, LIMIT_BEAT, Candidate, running
from tests.bench.load.dialects import Message, Plain
from tests.bench.load.hot import Hot
from tests.bench.load.wire import KEY, Reader, frame, next_frame, upgrade
from tests.bench.native import compiled
from tests.bench.payload import text
from tests.bench.processes import Child


def message(payload: bytes, first: int = 0x81) -> bytes:
    """A server's frame."""
    if len(payload) < 126:
        return bytes((first, len(payload))) + payload
    if len(payload) < 65_536:
        return bytes((first, 126)) + struct.pack("!H", len(payload)) + payload
    return bytes((first, 127)) + struct.pack("!Q", len(payload)) + payload


class Watcher:
    """One viewer on a socket pair, read by the compiled path; ``learnt`` and ``special`` is what it asks."""

    def __init__(self) -> None:
        self.server, self.viewer = socket.socketpair()
        self.viewer.setblocking(False)
        self.epoll = select.epoll()
        self.epoll.register(self.viewer.fileno(), select.EPOLLIN)
        self.learnt: list[bytes] = []
        self.special: list[bytes] = []
        self.reader = Reader()
        self.hot = Hot(self.epoll.fileno(), 1, self._learn, lambda _, whole: self.special.append(whole))
        self.hot.adopt(0, self.viewer.fileno(), 0, b"")

    def _learn(self, whole: bytes) -> Message:
        self.learnt.append(whole)
        return Plain().read(self.reader.open(whole)[1])

    def gets(self, data: bytes) -> None:
        self.server.sendall(data)
        self.hot.turn(1.0)


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    made = Watcher()
    with made.server, made.viewer:
        yield made


def event(number: int) -> bytes:
    return message(text(number).encode())


def test_a_frame_is_learnt_once_and_counted_each_time(watcher: Watcher) -> None:
    watcher.gets(event(1))
    again = watcher.learnt[0]
    watcher.gets(again)
    assert watcher.learnt == [again]
    assert watcher.hot.window.events == watcher.hot.window.messages == 2
    assert watcher.hot.counts() == [2]
    assert watcher.hot.window.bytes == 2 * len(again)


def test_a_frame_that_comes_in_pieces_is_counted_when_it_is_whole(watcher: Watcher) -> None:
    whole = event(1)
    for at in range(0, len(whole), 50):
        assert watcher.hot.window.events == 0
        watcher.gets(whole[at : at + 50])
    assert watcher.hot.window.events == 1
    watcher.gets(event(2) + event(3)[:10])
    watcher.gets(b"")
    assert watcher.hot.window.events == 2


@pytest.mark.parametrize(
    ("numbers", "wrong"), [((1, 2, 3), 0), ((7, 8), 0), ((1, 3), 1), ((1, 1), 1), ((2, 1), 1)]
)
def test_what_is_lost_twice_or_out_of_order_is_noticed(
    watcher: Watcher, numbers: tuple[int, ...], wrong: int
) -> None:
    for number in numbers:
        watcher.gets(event(number))
    assert watcher.hot.window.misordered == wrong


def test_a_message_in_several_frames_is_one(watcher: Watcher) -> None:
    body = text(1).encode()
    whole = message(body[:50], 0x01) + message(body[50:90], 0x00) + message(body[90:], 0x80)
    for data in (whole, whole[:70], whole[70:], message(body[:50], 0x01) + message(b"", 0x8A)):
        watcher.gets(data)
    watcher.gets(whole[52:])
    assert watcher.learnt == [whole]
    assert watcher.special == [message(b"", 0x8A)]
    assert watcher.hot.window.events == watcher.hot.window.messages == 3
    assert Reader().open(whole) == (1, body)


def test_control_frames_are_left_to_python(watcher: Watcher) -> None:
    watcher.gets(message(b"hi", 0x89) + event(1))
    assert watcher.special == [message(b"hi", 0x89)]
    assert watcher.hot.window.events == 1


def test_a_socket_that_ended_is_handed_back(watcher: Watcher) -> None:
    watcher.server.close()
    ((file, _),) = watcher.hot.turn(1.0)
    assert file == watcher.viewer.fileno()


def test_what_fails_while_a_frame_is_learnt_is_raised(watcher: Watcher) -> None:
    with pytest.raises(zlib.error):
        watcher.gets(message(b"not deflated", 0xC1))


def test_deflated_messages_are_opened_with_the_context_of_those_before() -> None:
    deflate, reader = zlib.compressobj(wbits=-15), Reader()
    for number in (1, 2):
        body = text(number).encode()
        packed = (deflate.compress(body) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
        assert reader.open(message(packed, 0xC1)) == (1, body)


def test_a_frame_is_read_only_when_it_is_whole() -> None:
    for length in (0, 125, 126, 70_000):
        whole = message(b"x" * length)
        assert next_frame(whole[:-1], 0) is None
        found = next_frame(whole + b"\x81", 0)
        assert found is not None
        assert found.end == len(whole)
        assert Reader().open(whole) == (1, b"x" * length)


def test_a_viewers_frame_is_masked_with_zeros() -> None:
    assert frame(b"hi") == b"\x81\x82\0\0\0\0hi"
    assert frame(b"x" * 200)[:8] == b"\x81\xfe\x00\xc8\0\0\0\0"


def test_a_source_that_does_not_compile_is_told(tmp_path: Path) -> None:
    source = tmp_path / "wrong.c"
    source.write_text("int main(void) { return nothing; }")
    with pytest.raises(RuntimeError, match=r"wrong\.c does not compile(.|\n)*nothing"):
        compiled(source)


@pytest.mark.parametrize("limit", [LIMIT, LIMIT_BEAT], ids=["an event", "a beat"])
def test_the_c_program_delivers_every_event_in_order(limit: Candidate) -> None:
    with (
        running(limit, 5) as stage,
        Child("tests.bench.load", json.dumps(stage.order)) as load,
    ):
        assert load.ask(do="connect", within=30)["live"] == 5
        load.ask(do="begin")
        stage.source.ask(rate=4_000, seconds=0.5)
        told = load.ask(90.0, do="measure", seconds=0, pids=[], expect=2_000, grace=60.0, begin=False)
    assert (told["fewest"], told["most"], told["misordered"]) == (2_000, 2_000, 0)


@pytest.mark.parametrize("limit", [LIMIT, LIMIT_BEAT], ids=["an event", "a beat"])
def test_the_c_program_keeps_what_a_socket_does_not_take(limit: Candidate) -> None:
    """Eight megabytes are more than the buffers of a socket hold."""
    count = 28_000
    with ExitStack() as stack:
        stage = stack.enter_context(running(limit, 2))
        sockets = [stack.enter_context(opened(stage.order["port"])) for _ in range(2)]
        stage.source.ask(rate=1_000_000, seconds=count / 1_000_000)  # before anyone reads
        for viewer in sockets:
            assert numbers(viewer, count) == list(range(1, count + 1))


def opened(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=60)
    made.sendall(upgrade(f"127.0.0.1:{port}", "/", deflate=None, subprotocol=None))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += made.recv(1)
    answer = hashlib.sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
    assert b"\r\nSec-WebSocket-Accept: " + base64.b64encode(answer) + b"\r\n" in head
    return made


def numbers(viewer: socket.socket, count: int) -> list[int]:
    """Read so many events; return their numbers."""
    found, data, position = [], b"", 0
    while len(found) < count:
        one = next_frame(data, position)
        if one is None:
            more = viewer.recv(1 << 20)
            assert more
            data, position = data[position:] + more, 0
        else:
            found.append(json.loads(data[one.start : one.end])["data"]["number"])
            position = one.end
    return found
