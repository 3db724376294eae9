"""The doctor's WebSocket against a peer that speaks it by hand."""

import base64
import hashlib
import socket
import struct
import threading

import pytest

from spectator.cli.doctor.websocket import Closed, NotUpgraded, WebSocket
from spectator.client.address import Address
from spectator.client.errors import Unreachable

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(first, payload):
    size = len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    if size < 1 << 16:
        return bytes([first, 126]) + struct.pack("!H", size) + payload
    return bytes([first, 127]) + struct.pack("!Q", size) + payload


class Peer:
    """Accepts one connection, answers its handshake, and says what it was told to say."""

    def __init__(self, said, accept=True):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._said = said
        self._accept = accept
        self.head = b""
        self.heard = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(20)
        self._listener.close()

    @property
    def address(self):
        return Address.parse(f"http://127.0.0.1:{self._listener.getsockname()[1]}")

    def _serve(self):
        connected, _ = self._listener.accept()
        with connected:
            while b"\r\n\r\n" not in self.head:
                self.head += connected.recv(4096)
            if not self._accept:
                connected.sendall(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
                return
            key = next(line for line in self.head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
            sha = hashlib.sha1(key.partition(b": ")[2] + GUID).digest()  # noqa: S324 - what RFC 6455 asks for
            accept = base64.b64encode(sha)
            connected.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + self._said
            )
            while data := connected.recv(4096):
                self.heard += data


def test_messages_whole_in_parts_and_long():
    long = b'{"type":"long","text":"' + b"x" * 70_000 + b'"}'
    said = frame(0x81, b'{"type":"a"}') + frame(0x01, b'{"type"') + frame(0x89, b"hi") + frame(0x80, b':"b"}')
    with Peer(said + frame(0x81, long) + frame(0x88, struct.pack("!H", 4510))) as peer:
        found = WebSocket(peer.address, "/ws/rooms/r", "rk_secret", 20)
        assert found.receive() == {"type": "a"}
        assert found.receive() == {"type": "b"}
        assert len(found.receive()["text"]) == 70_000
        with pytest.raises(Closed) as closed:
            found.receive()
        assert closed.value.code == 4510
        found.say({"type": "hello"})
        found.close()
    assert b"Authorization: Bearer rk_secret" in peer.head
    assert b"Sec-WebSocket-Protocol: spectator.v1" in peer.head
    assert peer.heard[0] == 0x8A, "the ping was answered"
    assert peer.heard[1] == 0x80 | 2
    mask = peer.heard[2:6]
    assert bytes(byte ^ mask[place] for place, byte in enumerate(peer.heard[6:8])) == b"hi"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (frame(0x81, b"[1]"), 1007),
        (frame(0x81, b"{"), 1007),
        (frame(0x81, b"\xff"), 1007),
        (frame(0x81, b"[" * 200_000), 1007),
        (frame(0x01, b" " * 5_000_000) + frame(0x00, b" " * 5_000_000), 1009),
    ],
)
def test_what_no_server_of_ours_says_ends_it(said, code):
    with Peer(said) as peer:
        found = WebSocket(peer.address, "/ws/rooms/r", "rk_secret", 20)
        with pytest.raises(Closed) as closed:
            found.receive()
        found.close()
    assert closed.value.code == code


def test_an_answer_that_is_none():
    with Peer(b"", accept=False) as peer, pytest.raises(NotUpgraded) as refused:
        WebSocket(peer.address, "/ws/rooms/r", "rk_secret", 20)
    assert refused.value.status == 426


def test_nobody_there():
    with pytest.raises(Unreachable):
        WebSocket(Address.parse("http://127.0.0.1:9"), "/ws/rooms/r", "rk_secret", 5)
