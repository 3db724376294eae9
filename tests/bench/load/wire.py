"""The bytes of a WebSocket client: the upgrade, frames out, frames in."""

import struct
import zlib
from typing import NamedTuple

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
COMPRESSED = 0x40  # the first reserved bit: permessage-deflate
DEFLATE = "permessage-deflate; client_no_context_takeover; server_no_context_takeover"


def upgrade(host: str, path: str, *, deflate: bool, subprotocol: str | None) -> bytes:
    """Return the request that opens a WebSocket."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    if deflate:
        lines.append(f"Sec-WebSocket-Extensions: {DEFLATE}")
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


def payload_of(frame_bytes: bytes) -> tuple[int, bytes]:
    """Return opcode and payload of one whole frame, inflated if it was deflated (fresh context)."""
    found = next_frame(frame_bytes, 0)
    assert found is not None
    payload = frame_bytes[found.start : found.end]
    if found.first & COMPRESSED:
        payload = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
    return found.first & 0x0F, payload
