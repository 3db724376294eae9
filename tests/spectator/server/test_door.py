"""What is not HTTP, what the log says, and the limits of headers; over real connections, as served."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web

from rooms.errors import RoomFull
from spectator.server.door import make_door
from spectator.server.guard import guard
from spectator.server.headers import SECURITY_HEADERS, add_security_headers
from spectator.server.heads import Heads
from spectator.server.hosts import Doorman
from spectator.server.keys import DOORMAN, MANAGER, TABLE
from spectator.settings import Settings
from spectator.stats import Stats
from tests.harness.waiting import eventually

SECRET = "sk_local_0123456789abcdef"


async def greet(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def fail(_request: web.Request) -> web.Response:
    raise KeyError(SECRET)


async def refuse(_request: web.Request) -> web.Response:
    raise RoomFull


async def break_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"half of it")
    raise KeyError(SECRET)


gone: list[str] = []


async def read(request: web.Request) -> web.Response:
    try:
        return web.Response(body=await request.read())
    finally:
        gone.append(request.path)


async def tell_patience(request: web.Request) -> web.Response:
    assert request.transport is not None
    used = request.transport.get_extra_info("socket")
    return web.Response(text=str(used.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)))


async def time_out(_request: web.Request) -> web.Response:
    raise TimeoutError


@asynccontextmanager
async def served(heads: Heads | None = None) -> AsyncIterator[int]:
    app = web.Application(middlewares=[guard])
    app[DOORMAN] = Doorman(Settings(data_dir=Path("/nowhere")))
    app[MANAGER] = SimpleNamespace(stats=Stats())  # where refusals are counted; nothing else is asked of it
    app.on_response_prepare.append(add_security_headers)
    for path, handler in {
        "/": greet,
        "/fail": fail,
        "/full": refuse,
        "/half": break_off,
        "/late": time_out,
        "/patience": tell_patience,
    }.items():
        app.router.add_get(path, handler)
    app.router.add_post("/read", read)
    app[TABLE] = frozenset(app.router.routes())
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    loop = asyncio.get_running_loop()
    server = runner.server
    assert server is not None
    listener = await loop.create_server(lambda: make_door(server, loop, heads), "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await runner.cleanup()


async def say(port: int, text: bytes) -> bytes:
    """Send ``text`` on a connection of its own and return all that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


def get(path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


BROKEN = {
    "noise": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "header without colon": f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization {SECRET}\r\n\r\n".encode(),
    "header with a null": f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: {SECRET}\0\r\n\r\n".encode(),
    "two lengths": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "long line": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "long header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200 + b"\r\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_not_http_is_a_problem_and_quiet(text: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with served() as port:
        answer = await say(port, text)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")), answer
    assert b"application/problem+json" in head
    assert b'"code": "malformed_request"' in body
    for name in SECURITY_HEADERS:
        assert name.encode() in head
    assert b"Cache-Control: no-store" in head
    assert SECRET not in caplog.text
    assert SECRET.encode() not in answer
    assert "Traceback" not in caplog.text


async def test_an_unexpected_error_is_answered_without_a_trace_and_logged_without_the_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served() as port:
        answer = await say(port, get("/fail"))
    assert b" 500 " in answer.split(b"\r\n")[0]
    assert b'"code": "internal_error"' in answer
    assert b"Traceback" not in answer
    assert b"KeyError" not in answer
    assert SECRET.encode() not in answer
    assert "KeyError" in caplog.text
    assert "test_door.py" in caplog.text
    assert SECRET not in caplog.text


async def test_an_answer_that_had_begun_is_broken_off(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as port:
        answer = await say(port, get("/half"))
    assert answer.count(b"HTTP/1.1") == 1
    assert b"internal_error" not in answer
    assert not answer.endswith(b"0\r\n\r\n"), "a broken answer must not look complete"
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/full", b"409", b"room_full"),
        ("/nowhere", b"404", b"not_found"),
        ("/late", b"500", b"internal_error"),
    ],
)
async def test_errors_are_problems_with_all_headers(path: str, status: bytes, code: bytes) -> None:
    async with served() as port:
        answer = await say(port, get(path))
    head = answer.partition(b"\r\n\r\n")[0]
    assert head.split()[1] == status
    assert code in answer
    for name in SECURITY_HEADERS:
        assert name.encode() in head
    assert b"Server: spectator" in head


async def test_a_method_the_address_does_not_take() -> None:
    async with served() as port:
        answer = await say(port, get("/").replace(b"GET", b"PUT"))
    assert b" 405 " in answer
    assert b"Allow: GET, HEAD" in answer
    assert b"method_not_allowed" in answer


async def test_what_aiohttp_refuses_before_any_of_us_is_a_problem_too() -> None:
    async with served() as port:
        answer = await say(port, get("/", "Expect: wonders"))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b"malformed_request" in answer


async def test_a_foreign_host_is_told_so_before_anything_else() -> None:
    async with served() as port:
        answer = await say(port, get("/fail").replace(b"localhost", b"evil.example"))
    assert b" 421 " in answer
    assert b"host_not_allowed" in answer


async def test_the_access_log_has_no_query_and_cannot_be_forged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "spectator.access")
    async with served() as port:
        await say(port, get(f"/full?token={SECRET}", f"Authorization: Bearer {SECRET}"))
        await say(port, get("/no%0d%0aGET%20where"))
    lines = [record.getMessage() for record in caplog.records if record.name == "spectator.access"]
    assert lines[0].startswith("127.0.0.1 GET /full 409 ")
    assert lines[1].startswith("127.0.0.1 GET /? 404 ")
    assert SECRET not in caplog.text


async def test_a_client_that_goes_away_in_the_middle_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with served() as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        await say(port, get("/"))
        writer.transport.abort()
        await eventually(lambda: gone, what="the handler has noticed")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


@pytest.mark.parametrize("text", [b"", b"G", HALF])
async def test_half_a_head_is_not_waited_for(text: bytes) -> None:
    async with served(Heads(seconds=0.2)) as port:
        assert await say(port, text) == b""


async def test_neither_is_half_of_the_next_on_a_connection_that_is_kept() -> None:
    whole = get("/").replace(b"Connection: close\r\n", b"")
    heads = Heads(seconds=0.2)
    async with served(heads) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(whole)
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
        await eventually(lambda: len(heads) == 0, what="idle between two requests, nothing is due")
        writer.write(HALF)
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()


async def test_a_body_may_take_longer_than_a_head() -> None:
    heads = Heads(seconds=0.2)
    async with served(heads) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b"POST /read HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"
        writer.write(head + b"sl")
        await eventually(lambda: len(heads) == 0, what="the head has come")
        async with served(Heads(seconds=0.3)) as other:
            assert await say(other, b"") == b"", "so long nothing happens"
        writer.write(b"ow")
        async with asyncio.timeout(60):
            assert (await reader.read()).endswith(b"slow")
        writer.close()


async def test_an_address_has_only_so_many_that_say_nothing() -> None:
    heads = Heads(of_one=3, seconds=60)
    async with served(heads) as port:
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await eventually(lambda: len(heads) == 3)
        assert await say(port, get("/")) == b"", "one too many is hung up on"
        slow[0][1].write(get("/"))
        assert (await slow[0][0].read()).startswith(b"HTTP/1.1 200 ")
        assert (await say(port, get("/"))).startswith(b"HTTP/1.1 200 ")
        for _, writer in slow:
            writer.close()


KEPT = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def test_an_address_has_only_so_many_whatever_they_do() -> None:
    async with served(Heads(all_of_one=2)) as port:
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for reader, writer in kept:
            writer.write(KEPT)
            await reader.readuntil(b"hello")
        assert await say(port, get("/")) == b"", "one too many is hung up on"
        kept[0][1].write(get("/"))
        assert (await kept[0][0].read()).startswith(b"HTTP/1.1 200 "), "those that are in go on"
        assert (await say(port, get("/"))).startswith(b"HTTP/1.1 200 "), "and leave their places"
        for _, writer in kept:
            writer.close()


async def test_a_connection_that_is_kept_makes_way_for_others() -> None:
    async with served(Heads(idle=2)) as port:
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in kept:
            writer.write(KEPT)
            await reader.readuntil(b"hello")
        async with asyncio.timeout(60):
            assert await kept[0][0].read() == b"", "closed, not reset"
        for reader, writer in kept[1:]:
            writer.write(KEPT)
            assert await reader.readuntil(b"hello")
        for _, writer in kept:
            writer.close()


async def test_whoever_takes_nothing_of_an_answer_is_given_up() -> None:
    async with served() as port:
        assert (await say(port, get("/patience"))).endswith(b"\r\n\r\n30000")
