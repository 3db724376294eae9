"""A whole server in the test's own loop: the real application, a real socket, a real and empty store."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.manager import Manager
from spectator.manager.local import local_key
from spectator.server.listening import open_sockets, url_of
from spectator.server.running import answering
from spectator.settings import Settings


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str | None:
        """The code of a problem, after making sure that it is one."""
        if self.status < 400:
            return None
        assert self.headers["Content-Type"] == "application/problem+json", self.raw
        problem = self.body
        assert problem["status"] == self.status
        assert problem["detail"]
        assert problem["title"]
        return str(problem["code"])


class Site:
    """A running server and a way to call it."""

    def __init__(self, url: str, key: str, manager: Manager, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.key = key
        self.manager = manager
        self.session = session

    async def send(self, method: str, path: str, **given: Any) -> Reply:
        """One request, its path sent as it is written."""
        url = URL(self.url + path, encoded=True)
        async with self.session.request(method, url, allow_redirects=False, **given) as answer:
            return Reply(answer.status, answer.headers.copy(), await answer.read())

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> Reply:
        """A call of the API; ``token="key"`` shows the tenant's key."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named["Authorization"] = f"Bearer {self.key if token == 'key' else token}"
        return await self.send(method, f"/api/v1{path}", json=body, headers=named)

    async def create(self, **fields: Any) -> Any:
        """A new room as its creation answered it."""
        reply = await self.call("POST", "/rooms", fields, token="key")
        assert reply.status == 201, reply.raw
        return reply.body

    async def join(self, code: str, name: str = "Ann", **fields: Any) -> Any:
        """Somebody who came in, as the join answered it."""
        reply = await self.call("POST", f"/rooms/{code}/join", {"display_name": name, **fields})
        assert reply.status in {200, 202}, reply.raw
        return reply.body

    async def publish(self, room: str, *events: Any, token: str = "key", **headers: str) -> Reply:
        """Events as NDJSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {
            "Content-Type": "application/x-ndjson",
            "Authorization": f"Bearer {self.key if token == 'key' else token}",
        }
        lines = "\n".join(json.dumps(event) for event in events)
        return await self.send("POST", f"/api/v1/rooms/{room}/events", data=lines.encode(), headers=named)


@asynccontextmanager
async def running(store_url: str, data_dir: Path, **given: Any) -> AsyncIterator[Site]:
    """A server with these settings; without attempt budgets unless told otherwise."""
    settings = Settings(**{"data_dir": data_dir, "port": 0, "rate_limits": False, **given})
    sockets = open_sockets(settings)
    manager = await Manager.open(settings, store_url)
    await manager.start()
    try:
        async with answering(manager, settings, sockets), aiohttp.ClientSession() as session:
            yield Site(url_of(sockets[0]), local_key(data_dir), manager, session)
    finally:
        await manager.stop()


@pytest.fixture
def page_folder(tmp_path: Path) -> Path:
    """A page of a few files, so that the server's tests do not depend on the real one."""
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text('<!doctype html><html data-theme="{{theme}}"><base href="{{base}}">')
    (folder / "app.js").write_text("export const answer = 42;\n")
    (folder / "icon.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    return folder


@pytest_asyncio.fixture
async def site(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> AsyncIterator[Site]:
    """A running server over an empty store."""
    async with running(store.url, tmp_path, static_dir=page_folder) as found:
        yield found
