"""Bodies are read with a limit and a deadline, and unpacked by a bounded inflate of our own.

aiohttp's automatic unpacking is off (``auto_decompress=False``): twenty one-megabyte gzip bombs stalled its
loop for seconds after the 413. Here a bomb costs what the limit costs, and only an authenticated publisher
gets this far.
"""

from __future__ import annotations

import asyncio
import zlib

from aiohttp import web

from rooms import InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from spectator.server.problems import RequestTimeout

CONTROL_BODY_LIMIT = 256 * 1024
EVENTS_BODY_LIMIT = 1024 * 1024
EVENTS_UNPACKED_LIMIT = 4 * 1024 * 1024
BODY_DEADLINE_S = 20.0

_GZIP = 16 + zlib.MAX_WBITS
# Each member copies what follows it, so a megabyte of empty members would be a bomb of its own kind.
_MOST_MEMBERS = 16
# Gzip packs a thousand to one at best: so many bytes cost the loop two milliseconds at worst.
_UNPACK_ASIDE_BYTES = 1024


async def read_body(request: web.Request, limit: int, deadline_s: float = BODY_DEADLINE_S) -> bytes:
    """The whole body as it came over the wire, at most ``limit`` bytes within ``deadline_s`` seconds.

    Raises:
        PayloadTooLarge: announced or arrived larger than ``limit``; nothing beyond the limit is kept.
        RequestTimeout: the body did not arrive in time.
    """
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        # A body that is here already, as most are, needs no timer.
        async with asyncio.timeout(None if request.content.is_eof() else deadline_s):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise RequestTimeout from None
    except web.RequestPayloadError:
        raise InvalidRequest("the body is not complete or not framed as HTTP asks; send it again") from None
    return bytes(body)


async def read_events(request: web.Request) -> bytes:
    """The body of a POST of events, unpacked; a large one in a thread, so that no viewer waits.

    Raises:
        RoomsError: what ``read_body`` and ``unpack`` raise.
    """
    body = await read_body(request, EVENTS_BODY_LIMIT)
    encoding = request.headers.get("Content-Encoding", "")
    if not encoding or len(body) <= _UNPACK_ASIDE_BYTES:
        return unpack(body, encoding)
    return await asyncio.to_thread(unpack, body, encoding)


def unpack(body: bytes, encoding: str, limit: int = EVENTS_UNPACKED_LIMIT) -> bytes:
    """Undo ``Content-Encoding``: ``gzip`` (one or several members) or none.

    Raises:
        UnsupportedMediaType: any other encoding.
        PayloadTooLarge: more than ``limit`` bytes after unpacking.
        InvalidRequest: not gzip, or cut off.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        raise UnsupportedMediaType("send the body plain or with Content-Encoding: gzip")
    return _gunzip(body, limit)


def _gunzip(body: bytes, limit: int) -> bytes:
    if not body:
        return body  # a heartbeat from a client that packs everything
    unpacked = bytearray()
    rest = body
    for _ in range(_MOST_MEMBERS):
        member = zlib.decompressobj(_GZIP)
        try:
            unpacked += member.decompress(rest, limit + 1 - len(unpacked))
        except zlib.error:
            raise InvalidRequest("the body is announced as gzip and is not; pack it again") from None
        if len(unpacked) > limit:
            raise _too_large(limit, " after unpacking")
        if not member.eof:
            raise InvalidRequest("the gzip body ends too early; send it again")
        rest = member.unused_data
        if not rest:
            return bytes(unpacked)
    raise InvalidRequest(f"the gzip body has more than {_MOST_MEMBERS} members; pack it as one")


def _too_large(limit: int, when: str = "") -> PayloadTooLarge:
    return PayloadTooLarge(f"A body may hold {limit // 1024} KB{when}. Send it in smaller parts.")
