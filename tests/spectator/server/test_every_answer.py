"""The security headers, on whatever can come back: every address, every refusal, every broken request."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from yarl import URL

from spectator.server.headers import PAGE_HEADERS, SECURITY_HEADERS
from spectator.server.places import PLACES
from spectator.server.table import ROUTES
from tests.spectator.server.conftest import Reply, Site

SAMPLES = {"room": "ABC234", "id": "q_1", "tenant": "nobody", "code": "ABC234", "name:.+": "app.js"}


def filled(path: str) -> str:
    for name, value in SAMPLES.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, path
    return path


ADDRESSES = sorted({*(f"/api/v1{route.path}" for route in ROUTES), *(place.path for place in PLACES)})


def check(headers: Mapping[str, str], *, page: bool) -> None:
    """All that an answer must carry, each once, and nothing that gives anything away."""
    lower = {name.lower(): value for name, value in headers.items()}
    for name, value in SECURITY_HEADERS.items():
        if name != "Content-Security-Policy" or not page:
            assert lower[name.lower()] == value, name
    policy = lower["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    if page:
        for name, value in PAGE_HEADERS.items():
            assert lower[name.lower()] == value, name
    assert lower["cache-control"] in {"no-store", "no-cache"}
    assert not {"set-cookie", "access-control-allow-origin", "x-powered-by"} & lower.keys()


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"]
)
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer key"}, {"Host": "evil.example"}, {"Origin": "null"}]
)
async def test_every_address_by_every_method(site: Site, method: str, headers: dict[str, str]) -> None:
    if "Authorization" in headers:
        headers = {"Authorization": f"Bearer {site.key}"}
    for address in ADDRESSES:
        reply = await site.send(method, filled(address), headers=headers)
        page = reply.headers.get("Content-Type", "").startswith("text/html")
        check(reply.headers, page=page)
        assert reply.status < 500, (method, address, reply.raw)
        if reply.status >= 400 and method != "HEAD":
            assert reply.code, (method, address)


async def test_what_is_not_modified_and_what_streams(site: Site) -> None:
    for address in ("/", "/static/app.js", "/docs", "/openapi.json"):
        first = await site.send("GET", address)
        again = await site.send("GET", address, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status == 304
        check(again.headers, page=address in {"/", "/docs"})
    made = await site.create()
    url = f"{site.url}/api/v1/rooms/{made['room']['id']}/stream"
    owner = {"Authorization": f"Bearer {made['owner_token']}"}
    async with site.session.get(url, headers=owner) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        check(answer.headers, page=False)


def lines(*text: str, body: str = "") -> bytes:
    return "\r\n".join([*text, "", body]).encode()


def claim(*headers: str, body: str = "") -> bytes:
    return lines("POST /api/v1/claims HTTP/1.1", "Host: localhost", *headers, body=body)


def handshake(*headers: str) -> bytes:
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    return lines("GET /ws/rooms/ABC234 HTTP/1.1", "Host: localhost", "Upgrade: websocket", key, *headers)


BROKEN: dict[str, tuple[bytes, int]] = {
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "another protocol": (lines("SSH-2.0-OpenSSH_9.6"), 400),
    "no version": (lines("GET /"), 421),
    "HTTP/2 by heart": (lines("PRI * HTTP/2.0", "", "SM"), 400),
    "a line too long": (lines(f"GET /{'a' * 9000} HTTP/1.1", "Host: localhost"), 400),
    "a header too long": (lines("GET / HTTP/1.1", "Host: localhost", f"X: {'a' * 9000}"), 400),
    "too many headers": (lines("GET / HTTP/1.1", "Host: localhost", *["X: 1"] * 200), 400),
    "a header without a colon": (lines("GET / HTTP/1.1", "Host: localhost", "Nothing"), 400),
    "a null in a header": (lines("GET / HTTP/1.1", "Host: localhost", "X: a\0b"), 400),
    "two lengths": (claim("Content-Length: 1", "Content-Length: 2"), 400),
    "length and chunks": (claim("Content-Length: 2", "Transfer-Encoding: chunked"), 400),
    "no host": (lines("GET / HTTP/1.1"), 400),
    "no host, and old": (lines("GET / HTTP/1.0"), 421),
    "two hosts": (lines("GET / HTTP/1.1", "Host: localhost", "Host: evil.example"), 400),
    "two hosts, and old": (lines("GET / HTTP/1.0", "Host: localhost", "Host: evil.example"), 400),
    "a whole URL of another": (lines("GET http://evil.example/ HTTP/1.1", "Host: localhost"), 421),
    "a host to connect to": (lines("CONNECT evil.example:443 HTTP/1.1", "Host: localhost"), 421),
    "everything": (lines("OPTIONS * HTTP/1.1", "Host: localhost"), 404),
    "an expectation": (claim("Expect: magic", "Content-Length: 2", body="{}"), 400),
    "a body too large": (claim("Content-Length: 99999999"), 413),
    "a type nobody takes": (claim("Content-Type: text/xml", "Content-Length: 4", body="<a/>"), 415),
    "a body that is no chunk": (claim("Transfer-Encoding: chunked", body="zz\r\n"), 400),
    "half a handshake": (handshake(), 400),
    "a handshake of another time": (handshake("Connection: Upgrade", "Sec-WebSocket-Version: 99"), 400),
    "a foreign handshake": (
        handshake("Connection: Upgrade", "Sec-WebSocket-Version: 13", "Origin: https://evil.example"), 403,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "status"), BROKEN.values(), ids=BROKEN)
async def test_what_is_broken_is_answered_like_everything_else(site: Site, sent: bytes, status: int) -> None:
    reply = await raw(site, sent)
    assert reply.status == status, reply.raw
    check(reply.headers, page=False)
    assert reply.code
    assert b"Traceback" not in reply.raw


async def test_a_handshake_that_is_taken_carries_them_too(site: Site) -> None:
    reply = await raw(site, handshake("Connection: Upgrade", "Sec-WebSocket-Version: 13"))
    assert reply.status == 101
    check(reply.headers, page=False)


async def raw(site: Site, sent: bytes) -> Reply:
    """Send these bytes and read one answer, the body as far as it says how long it is."""
    host, port = URL(site.url).host, URL(site.url).port
    reader, writer = await asyncio.open_connection(host, port)
    try:
        async with asyncio.timeout(20):
            writer.write(sent)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs: Any = [line.partition(": ")[::2] for line in head[1:] if line]
            names = [name.lower() for name, _ in pairs]
            assert len(set(names)) == len(names), f"said twice: {names}"
            headers = dict(pairs)
            body = await reader.readexactly(int(headers.get("Content-Length", 0)))
        return Reply(int(head[0].split()[1]), headers, body)
    finally:
        writer.close()
