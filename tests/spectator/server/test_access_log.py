"""The access log: one line, nothing secret in it, and not one for what programs ask all day long."""

import logging
import re
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.server.access_log import AccessLog, access_logger, shown_path
from tests.spectator.server.conftest import running


async def line(path: str, status: int, caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> str:
    """What a server of a few routes writes down about one request."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    for route in ("/api/v1/rooms", "/api/v1/rooms/{room}/events", "/healthz", "/readyz"):
        app.router.add_post(route, answer)
    caplog.set_level(level, access_logger.name)
    server = TestServer(app)
    await server.start_server(access_log_class=AccessLog, access_log=access_logger)
    async with server, ClientSession() as session:
        url = server.make_url("/").join(URL(path, encoded=True))
        async with session.post(url, headers={"Authorization": "Bearer s3cret"}) as told:
            await told.read()
    return caplog.text


async def test_a_line_tells_who_what_and_how_long(caplog: pytest.LogCaptureFixture) -> None:
    text = await line("/api/v1/rooms?token=s3cret#s3cret", 201, caplog)
    assert re.search(r"127\.0\.0\.1 POST /api/v1/rooms 201 \d+ \d+\.\dms", text)
    assert "s3cret" not in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/v1/rooms/ABC234/events"])
async def test_what_programs_ask_all_day_is_told_only_when_it_fails(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await line(path, 200, caplog) == ""
    assert f"{path} 503" in await line(path, 503, caplog)


async def test_for_debugging_everything_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert "/healthz 200" in await line("/healthz", 200, caplog, logging.DEBUG)


@pytest.mark.parametrize(
    ("path", "canonical", "shown"),
    [
        ("/api/v1/rooms/r_0123456789abcdef", "/api/v1/rooms/{room}", "/api/v1/rooms/r_0123456789abcdef"),
        ("/r/ABC234", "/r/{code}", "/r/ABC234"),
        ("/js/view/panel.js", "", "/?/?/panel.js"),
        ("/api/v1/rooms/sk_local_s3cret/join", "/api/v1/rooms/{room}/join", "/api/v1/rooms/?/join"),
        ("/api/v1/s3cret/rooms", "", "/api/v1/?/?"),
        ("/s3cret", "", "/?"),
        ("/gr_eyJ.s3cret", "", "/?"),
        ("/a%0d%0ab", "", "/?"),
        ("/\u00e9\u2028x", "", "/?"),
        ("/" + "x" * 500, "", "/?"),
        ("/" * 500, "", "/" * 15),
    ],
)
def test_a_path_shows_neither_what_may_be_a_secret_nor_what_forges_a_line(
    path: str, canonical: str, shown: str
) -> None:
    assert shown_path(path, canonical) == shown


async def test_behind_a_proxy_the_line_names_who_asked_it(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, access_logger.name)
    async with running(store.url, tmp_path, behind_proxy=True) as site:
        await site.send("GET", "/nowhere", headers={"X-Forwarded-For": "203.0.113.7"})
    assert "203.0.113.7 GET /? 404" in caplog.text
