"""The steps before a handler: bodies that go no further."""

import asyncio
import gzip

import pytest

from spectator.server.turns import AT_ONCE
from tests.spectator.server.conftest import Site


@pytest.mark.parametrize(
    ("body", "content_type", "encoding", "status", "code"),
    [
        (b"{", "application/json", None, 422, "invalid_request"),
        (b"[]", "application/json", None, 422, "invalid_request"),
        (b'{"name": NaN}', "application/json", None, 422, "invalid_request"),
        (b'{"config":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, "application/json", None, 413, None),
        (
            b'{"config":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
            "application/json",
            None,
            422,
            "invalid_request",
        ),
        (b"name=x", "application/x-www-form-urlencoded", None, 415, "unsupported_media_type"),
        (b"{}", "text/plain", None, 415, "unsupported_media_type"),
        (gzip.compress(b"{}"), "application/json", "gzip", 415, "unsupported_media_type"),
        (b" " * 300_000, "application/json", None, 413, "payload_too_large"),
    ],
)
async def test_bodies_that_are_refused(
    site: Site, body: bytes, content_type: str, encoding: str | None, status: int, code: str | None
) -> None:
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {site.key}"}
    if encoding is not None:
        headers["Content-Encoding"] = encoding
    reply = await site.send("POST", "/api/v1/rooms", data=body, headers=headers)
    assert reply.status == status
    assert code is None or reply.code == code


async def test_slow_senders_do_not_keep_others_from_being_served(site: Site) -> None:
    """More bodies under way than there are turns; the next call is answered all the same."""
    made = await site.create()
    host, port = site.url.removeprefix("http://").split(":")
    path = f"/api/v1/rooms/{made['room']['code']}/join"
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json", "Content-Length: 99"]
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(AT_ONCE + 10)]
    try:
        for _, writer in slow:
            writer.write("\r\n".join([*lines, "", "{"]).encode())
            await writer.drain()
        async with asyncio.timeout(5):
            assert (await site.call("GET", "/lobby")).status == 200
            assert (await site.join(made["room"]["code"]))["status"] == "approved"
    finally:
        for _, writer in slow:
            writer.transport.abort()


async def test_three_hundred_join_at_once(site: Site) -> None:
    code = (await site.create(max_spectators=300))["room"]["code"]
    joined = await asyncio.gather(*(site.join(code, f"Spectator {number}") for number in range(300)))
    assert {one["status"] for one in joined} == {"approved"}
    full = await site.call("POST", f"/rooms/{code}/join", {})
    assert full.code == "room_full"
