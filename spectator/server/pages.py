"""What people open: the page, its files, and the API in readable form. Nothing comes from elsewhere."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from spectator.nodes import version
from spectator.server import openapi
from spectator.server.keys import SETTINGS
from spectator.server.routes import Place, Route
from spectator.server.static_files import Served, StaticFiles, prepared, send
from spectator.settings import Settings

_PACKAGE: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Documents:
    """The API told in its three files; they are the same for every server of a process.

    Args:
        document: for programs.
        docs: for people.
        docs_style: how that looks.
    """

    document: Served
    docs: Served
    docs_style: Served

    @classmethod
    def of(cls, routes: Sequence[Route], places: Sequence[Place]) -> Documents:
        """What is told of these calls and, to people, of these other addresses."""
        told = version()
        return cls(
            prepared(json.dumps(openapi.document(routes, told)).encode(), ".json"),
            prepared(openapi.page(routes, places, told).encode(), ".html"),
            prepared(Path(__file__).with_name("docs.css").read_bytes(), ".css"),
        )


class Pages:
    """What is answered to those who ask for no call of the API.

    Args:
        folder: the folder of the page's files.
        told: the API's documents.
    """

    def __init__(self, folder: Path, told: Documents) -> None:
        self.files: Final = StaticFiles(folder)
        self.told: Final = told


PAGES: web.AppKey[Pages] = web.AppKey("PAGES", Pages)


async def arrive(request: web.Request) -> web.Response:
    """The page where a code is typed."""
    return await _page(request, "./")


async def room(request: web.Request) -> web.Response:
    """The page of a room; it is the same for every code, and asks the API itself."""
    return await _page(request, "../")


async def file(request: web.Request) -> web.Response:
    """A file of the page."""
    return await request.app[PAGES].files.respond(request, request.match_info["name"])


async def icon(request: web.Request) -> web.Response:
    """What browsers ask for by themselves."""
    return await request.app[PAGES].files.respond(request, "icon.svg")


async def docs(request: web.Request) -> web.Response:
    """The API, for people."""
    return send(request, request.app[PAGES].told.docs)


async def docs_style(request: web.Request) -> web.Response:
    """The look of the API's page."""
    return send(request, request.app[PAGES].told.docs_style)


async def document(request: web.Request) -> web.Response:
    """The API, for programs."""
    return send(request, request.app[PAGES].told.document)


async def _page(request: web.Request, base: str) -> web.Response:
    """The one page, told the relative way to the root: it also works behind a path of a proxy."""
    text = await request.app[PAGES].files.text("index.html")
    theme = request.app[SETTINGS].theme or ""
    filled = text.replace("{{base}}", base).replace("{{theme}}", html.escape(theme, quote=True))
    return send(request, prepared(filled.encode(), ".html"))


def static_folder(settings: Settings) -> Path:
    """Where the page's files are: where it was set, else in the package, else beside it (a source tree)."""
    if settings.static_dir is not None:
        return settings.static_dir
    packaged = _PACKAGE / "_static"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "static"
