"""Bodies: limits, deadline, and an inflate that a bomb cannot fool."""

import asyncio
import gzip
import time
import zlib

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from rooms.errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from spectator.server.intake import read_body, unpack
from spectator.server.problems import RequestTimeout

MB = 1024 * 1024


def request_with(body: bytes, *, length: int | None = None, complete: bool = True) -> web.Request:
    loop = asyncio.get_running_loop()
    protocol = BaseProtocol(loop)
    protocol.connection_made(asyncio.Transport())
    payload = StreamReader(protocol, 2**16, loop=loop)
    if body:
        payload.feed_data(body)
    if complete:
        payload.feed_eof()
    headers = {} if length is None else {"Content-Length": str(length)}
    return make_mocked_request("POST", "/", headers=headers, payload=payload)


async def test_a_body_within_the_limit_is_read_whole() -> None:
    assert await read_body(request_with(b"x" * 1000), 1000) == b"x" * 1000


async def test_a_body_beyond_the_limit_is_refused() -> None:
    with pytest.raises(PayloadTooLarge):
        await read_body(request_with(b"x" * 1001), 1000)


async def test_an_announced_length_is_refused_before_anything_is_read() -> None:
    with pytest.raises(PayloadTooLarge):
        await read_body(request_with(b"", length=MB, complete=False), 1000)


async def test_a_body_that_does_not_arrive_is_given_up() -> None:
    with pytest.raises(RequestTimeout):
        await read_body(request_with(b"half", complete=False), 1000, deadline_s=0.05)


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_plain_bodies_pass_as_they_are(encoding: str) -> None:
    assert unpack(b"abc", encoding) == b"abc"


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_gzip_is_unpacked(encoding: str) -> None:
    assert unpack(gzip.compress(b"abc" * 1000), encoding) == b"abc" * 1000


def test_several_members_are_joined() -> None:
    assert unpack(gzip.compress(b"one\n") + gzip.compress(b"two\n"), "gzip") == b"one\ntwo\n"


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip"])
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        unpack(b"abc", encoding)


def test_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    assert len(unpack(gzip.compress(b"x" * 1000), "gzip", 1000)) == 1000
    with pytest.raises(PayloadTooLarge):
        unpack(gzip.compress(b"x" * 1001), "gzip", 1000)


def test_a_bomb_costs_what_the_limit_costs() -> None:
    bomb = _bomb()
    assert len(bomb) < MB
    began = time.process_time()
    with pytest.raises(PayloadTooLarge):
        unpack(bomb, "gzip")
    assert time.process_time() - began < 0.5  # of this process: how busy the machine is does not count


def _bomb() -> bytes:
    """Half a megabyte that would become half a gigabyte."""
    window = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    packed = bytearray()
    for _ in range(512):
        packed += window.compress(bytes(MB))
    return bytes(packed + window.flush())


def test_a_body_of_very_many_empty_members_is_refused() -> None:
    began = time.process_time()
    with pytest.raises(InvalidRequest, match="members"):
        unpack(gzip.compress(b"") * 40_000, "gzip")
    assert time.process_time() - began < 0.5  # of this process: how busy the machine is does not count


def test_nothing_stays_nothing() -> None:
    assert unpack(b"", "gzip") == b""


@pytest.mark.parametrize("body", [b"not gzip", gzip.compress(b"abc")[:-3], gzip.compress(b"abc") + b"tail"])
def test_what_is_no_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        unpack(body, "gzip")
