"""The bytes of a WebSocket client: the upgrade, frames out, frames in."""

import struct
import zlib
from typing import NamedTuple

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
FINAL = 0x80
COMPRESSED = 0x40  # the first reserved bit: permessage-deflate
KEY = b"AAAAAAAAAAAAAAAAAAAAAA=="  # the same for all: nobody here looks at the answer
CONTEXT = "permessage-deflate; client_max_window_bits"  # as browsers offer it
FRESH = "permessage-deflate; client_no_context_takeover; server_no_context_takeover"


def upgrade(host: str, path: str, *, deflate: str | None, subprotocol: str | None) -> bytes:
    """Return the request that opens a WebSocket."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY.decode()}",
    ]
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    if deflate:
        lines.append(f"Sec-WebSocket-Extensions: {deflate}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(host: str, path: str, body: bytes) -> bytes:
    """Return a POST of JSON after which the connection ends."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Return a client's frame; its mask is zero, which leaves the payload as it is."""
    if len(payload) < 126:
        return bytes((0x80 | opcode, 0x80 | len(payload))) + b"\0\0\0\0" + payload
    return bytes((0x80 | opcode, 0x80 | 126)) + struct.pack("!H", len(payload)) + b"\0\0\0\0" + payload


class Frame(NamedTuple):
    """One frame of a server: where its payload starts and the whole ends in the data."""

    first: int
    start: int
    end: int


def next_frame(data: bytes, position: int) -> Frame | None:
    """Return the frame that begins at ``position``; None while a part of it is missing."""
    have = len(data)
    start = position + 2
    if start > have:
        return None
    length = data[position + 1]
    if length == 126:
        start += 2
        length = int.from_bytes(data[position + 2 : start], "big")
    elif length == 127:
        start += 8
        length = int.from_bytes(data[position + 2 : start], "big")
    if start > have or start + length > have:
        return None
    return Frame(data[position], start, start + length)


class Reader:
    """Opens frames one after the other, inflating those that were deflated.

    One for a whole crowd: what a server keeps of earlier messages for each viewer is the same for all of
    them, and each frame is opened when the first viewer has it, so in order.
    """

    def __init__(self) -> None:
        self._context = zlib.decompressobj(-15)

    def open(self, frame_bytes: bytes) -> tuple[int, bytes]:
        """Return opcode and payload of one message, which is one frame or several."""
        first = found = next_frame(frame_bytes, 0)
        assert first is not None
        payload = b""
        while found:
            payload += frame_bytes[found.start : found.end]
            found = next_frame(frame_bytes, found.end)
        if first.first & COMPRESSED:
            payload = self._context.decompress(payload + b"\x00\x00\xff\xff")
            if self._context.eof:  # the server ended its stream with the message
                self._context = zlib.decompressobj(-15)
        return first.first & 0x0F, payload
