"""Bytes ready for a socket: WebSocket frames (RFC 6455, RFC 7692), and chunks of an event stream. Pure.

Why ready: each message is encoded once and the same bytes go to every viewer.

Why one deflated frame may serve everybody: permessage-deflate lets a server keep its compression window from
message to message, but nothing forces it to. A message compressed in a fresh window refers to nothing before
it, ends on a byte boundary (sync flush) and sets no final block, so it is a valid continuation of any
client's stream, whether the client keeps its window or resets it (RFC 7692, 7.2.1 and 7.2.2). The one thing
it must respect is a window smaller than 32 KiB if one was negotiated; such viewers get plain frames, which
are always allowed.

Why long messages come in fragments: a viewer's transport holds at most one of them, and a ping or a close may
be written between two (RFC 6455, 5.4).
"""

from __future__ import annotations

import struct
import zlib

TEXT = 0x1
BINARY = 0x2
CLOSE = 0x8
PING = 0x9
PONG = 0xA

SLICE = 64 * 1024
"""Bytes of the longest fragment: what a viewer that stopped reading can cost in its transport's buffer."""

DEFLATE_FROM = 200
"""Payloads below this many bytes stay plain: the deflated form would save less than it costs."""

DEFLATE_LEVEL = 6

SMALL = 4096
"""Payloads up to this many bytes are deflated in a window of their own size: to clear the full one takes ten
times as long as to compress them (70 us against 7), and the result is the same."""

LONGEST_REASON = 123
"""Bytes of text that fit into a close frame beside its code."""

_FIN = 0x80
_DEFLATED = 0x40
_TAIL = b"\x00\x00\xff\xff"
_CONTINUATION = 0x0


def message(
    payload: bytes, *, opcode: int = TEXT, deflated: bool = False, longest: int = SLICE
) -> tuple[bytes, ...]:
    """One message as frames to be written in order; a single one unless it is longer than ``longest``.

    Args:
        payload: UTF-8 text or, with ``opcode=BINARY``, anything.
        opcode: TEXT or BINARY.
        deflated: compress it in a window of its own; only for a viewer whose handshake agreed to
            permessage-deflate with the full window.
        longest: bytes of payload in one frame.
    """
    flags = 0
    if deflated and len(payload) >= DEFLATE_FROM:
        payload, flags = deflate(payload), _DEFLATED
    if len(payload) <= longest:
        return (_header(_FIN | flags | opcode, len(payload)) + payload,)
    pieces = []
    for start in range(0, len(payload), longest):
        part = payload[start : start + longest]
        first = (flags | opcode) if start == 0 else _CONTINUATION
        last = _FIN if start + longest >= len(payload) else 0
        pieces.append(_header(last | first, len(part)) + part)
    return tuple(pieces)


def deflate(payload: bytes) -> bytes:
    """``payload`` compressed in a fresh window, without the four bytes that RFC 7692 leaves out."""
    bits, memory = (12, 5) if len(payload) <= SMALL else (zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    window = zlib.compressobj(DEFLATE_LEVEL, zlib.DEFLATED, -bits, memory)
    packed = window.compress(payload) + window.flush(zlib.Z_SYNC_FLUSH)
    return packed.removesuffix(_TAIL)


def ping(payload: bytes = b"") -> bytes:
    """A ping frame; ``payload`` (at most 125 bytes) comes back in the pong."""
    return _header(_FIN | PING, len(payload)) + payload


def pong(payload: bytes) -> bytes:
    """The answer to a viewer's ping, with the same payload (at most 125 bytes)."""
    return _header(_FIN | PONG, len(payload)) + payload


def close(code: int, reason: str = "") -> bytes:
    """A close frame; a reason that does not fit is cut at a character's boundary."""
    text = reason.encode()[:LONGEST_REASON].decode(errors="ignore").encode()
    return _header(_FIN | CLOSE, 2 + len(text)) + struct.pack("!H", code) + text


def chunk(data: bytes) -> bytes:
    """One chunk of an HTTP/1.1 body with ``Transfer-Encoding: chunked``."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def server_sent_event(payload: bytes, cursor: str | None = None, longest: int = SLICE) -> tuple[bytes, ...]:
    """One JSON message as a Server-Sent Event, cut into HTTP chunks of at most ``longest`` bytes.

    A raw line break in JSON can only be white space between two values, so it becomes a space: in an event
    stream it would end the field.

    Args:
        payload: the JSON.
        cursor: becomes the event's ``id``, which the browser sends back as ``Last-Event-ID``.
        longest: bytes of one chunk.
    """
    line = payload.replace(b"\n", b" ").replace(b"\r", b" ")
    head = f"id: {cursor}\n".encode() if cursor is not None else b""
    event = b"%bdata: %b\n\n" % (head, line)
    return tuple(chunk(event[start : start + longest]) for start in range(0, len(event), longest))


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return struct.pack("!BB", first, length)
    if length < 65536:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)
