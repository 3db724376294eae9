"""What people open: the page, its files, and the API in readable form. Nothing comes from elsewhere."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Final

from aiohttp import web

from spectator.server import openapi
from spectator.server.discovery import version
from spectator.server.keys import SETTINGS
from spectator.server.static_files import StaticFiles, prepared, send
from spectator.server.table import ROUTES
from spectator.settings import Settings

_PACKAGE: Final = Path(__file__).resolve().parent.parent


class Pages:
    """The handlers of everything that is not a call of the API.

    Args:
        folder: the folder of the page's files.
    """

    def __init__(self, folder: Path) -> None:
        self._files = StaticFiles(folder)
        told = version()
        self._document = prepared(json.dumps(openapi.document(ROUTES, told)).encode(), ".json")
        self._docs = prepared(openapi.page(ROUTES, told).encode(), ".html")
        self._docs_style = prepared((Path(__file__).with_name("docs.css")).read_bytes(), ".css")

    def add_routes(self, app: web.Application) -> None:
        """Give the router the pages."""
        app.router.add_get("/", self.arrive)
        app.router.add_get("/r/{code}", self.room)
        app.router.add_get("/static/{name:.+}", self.file)
        app.router.add_get("/favicon.ico", self.icon)
        app.router.add_get("/docs", self.docs)
        app.router.add_get("/docs.css", self.docs_style)
        app.router.add_get("/openapi.json", self.document)

    async def arrive(self, request: web.Request) -> web.Response:
        """The page where a code is typed."""
        return await self._page(request, "./")

    async def room(self, request: web.Request) -> web.Response:
        """The page of a room; it is the same for every code, and asks the API itself."""
        return await self._page(request, "../")

    async def file(self, request: web.Request) -> web.Response:
        """A file of the page."""
        return await self._files.respond(request, request.match_info["name"])

    async def icon(self, request: web.Request) -> web.Response:
        """What browsers ask for by themselves."""
        return await self._files.respond(request, "icon.svg")

    async def docs(self, request: web.Request) -> web.Response:
        """The API, for people."""
        return send(request, self._docs)

    async def docs_style(self, request: web.Request) -> web.Response:
        """The look of the API's page."""
        return send(request, self._docs_style)

    async def document(self, request: web.Request) -> web.Response:
        """The API, for programs."""
        return send(request, self._document)

    async def _page(self, request: web.Request, base: str) -> web.Response:
        """The one page, told the relative way to the root: it also works behind a path of a proxy."""
        text = await self._files.text("index.html")
        theme = request.app[SETTINGS].theme or ""
        filled = text.replace("{{base}}", base).replace("{{theme}}", html.escape(theme, quote=True))
        return send(request, prepared(filled.encode(), ".html"))


def static_folder(settings: Settings) -> Path:
    """Where the page's files are: where it was set, else in the package, else beside it (a source tree)."""
    if settings.static_dir is not None:
        return settings.static_dir
    packaged = _PACKAGE / "_static"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "static"
