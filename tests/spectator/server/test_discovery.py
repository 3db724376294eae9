"""``server.json``: the first that is alive, true while it lives, gone afterwards."""

import json
import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from spectator.server.discovery import Discovery


def named(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "server.json").read_text())
    assert isinstance(found, dict)
    return found


async def test_it_names_this_server(tmp_path: Path) -> None:
    assert await Discovery(tmp_path, "http://127.0.0.1:8000").claim()
    told = named(tmp_path)
    assert told.keys() == {"url", "host", "pid", "version", "workers", "store", "started_at"}
    assert (told["url"], told["pid"], told["host"]) == (
        "http://127.0.0.1:8000",
        os.getpid(),
        socket.gethostname(),
    )
    assert (tmp_path / "server.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["server.json"], "no draft may stay"


@pytest.mark.parametrize("secured", [False, True])
async def test_the_first_that_is_alive_stays(tmp_path: Path, *, secured: bool) -> None:
    """Under TLS with whatever certificate: what is asked is whether somebody is there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if secured else None
    if context is not None:
        trustme.CA().issue_cert("lab.example").configure_cert(context)

    async def alive(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/healthz", alive)
    first = TestServer(app, scheme="https" if secured else "http")
    await first.start_server(ssl=context)
    async with first:
        assert await Discovery(tmp_path, str(first.make_url("")).rstrip("/")).claim()
        second = Discovery(tmp_path, "http://127.0.0.1:8001")
        assert not await second.claim()
        assert named(tmp_path)["url"] == str(first.make_url("")).rstrip("/")
        second.release()
        assert (tmp_path / "server.json").exists(), "only its own file is removed"
    assert await second.claim(), "the first is gone"
    assert named(tmp_path)["url"] == "http://127.0.0.1:8001"


async def test_an_entry_with_our_own_address_is_left_over_whatever_its_process(tmp_path: Path) -> None:
    """A killed server nobody has waited for, or whose number another process has, must not stay named."""

    async def alive(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/healthz", alive)
    async with TestServer(app) as ourselves:
        url = str(ourselves.make_url("")).rstrip("/")
        before = {"url": url, "host": socket.gethostname(), "pid": os.getppid(), "version": "0"}
        (tmp_path / "server.json").write_text(json.dumps(before))
        assert await Discovery(tmp_path, url).claim()
    assert named(tmp_path)["pid"] == os.getpid()


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"url": "http://127.0.0.1:9", "pid": "x"}',
        '{"url": "http://127.0.0.1:9", "pid": 99999999999999999999}',
        '{"url": 7, "pid": 1}',
        json.dumps({"url": "http://127.0.0.1:9", "pid": os.getpid()}),
        json.dumps({"url": "http://127.0.0.1:9", "pid": ended_process()}),
        json.dumps({"url": "http://127.0.0.1:9", "pid": os.getpid(), "host": "elsewhere"}),
    ],
)
async def test_a_damaged_or_dead_entry_is_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert await Discovery(tmp_path, "http://127.0.0.1:8000").claim()
    assert named(tmp_path)["url"] == "http://127.0.0.1:8000"


async def test_released_it_is_gone_and_twice_is_harmless(tmp_path: Path) -> None:
    discovery = Discovery(tmp_path, "http://127.0.0.1:8000")
    await discovery.claim()
    discovery.release()
    discovery.release()
    assert list(tmp_path.iterdir()) == []
