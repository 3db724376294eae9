"""The browser's side, served from memory: right types, strong ETags, gzip where it helps.

Files are read once and again only when they change on the disk, so a developer sees an edit at the next
reload.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from spectator.server.problems import PageNotFound

TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""What is served; any other kind of file is not there (package.json lies in the same folder)."""

_TEXT: Final = frozenset({".css", ".html", ".js", ".mjs", ".svg", ".txt", ".webmanifest", ".json"})
_HIDDEN: Final = frozenset({"node_modules", "types"})
_GZIP_FROM: Final = 512
_BLOCK_COMMENT: Final = re.compile(r"^[ \t]*/\*\*[\s\S]*?\*/[ \t]*$", re.MULTILINE)
_LINE_COMMENT: Final = re.compile(r"^[ \t]*//.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Served:
    """One file, ready to be sent. ``packed`` is None where gzip does not help."""

    stamp: tuple[int, int]
    content_type: str
    body: bytes
    packed: bytes | None
    etag: str


class StaticFiles:
    """The files of one folder.

    Args:
        folder: the folder with ``index.html``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._served: dict[str, Served] = {}

    async def respond(self, request: web.Request, name: str) -> web.Response:
        """Answer with the file of this name, or 304 when the caller has it.

        Raises:
            PageNotFound: there is no such file that may be served.
        """
        return send(request, await self._load(name))

    async def text(self, name: str) -> str:
        """The text of a file, for pages that are completed before they are sent. Raises ``PageNotFound``."""
        return (await self._load(name)).body.decode("utf-8")

    async def _load(self, name: str) -> Served:
        try:
            path = self._path(name)
            status = path.stat()
        except (OSError, ValueError):  # gone meanwhile, a name too long, a null in it
            raise PageNotFound from None
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._served.get(name)
        if known is not None and known.stamp == stamp:
            return known
        served = await asyncio.to_thread(_read, path, stamp)
        self._served[name] = served
        return served

    def _path(self, name: str) -> Path:
        """The file's path, if nothing in the name leads out of the folder or to what is not the page's."""
        parts = name.split("/")
        if any(not part or part.startswith(".") or part in _HIDDEN or "\\" in part for part in parts):
            raise PageNotFound
        path = self._folder.joinpath(*parts)
        if path.suffix not in TYPES or not path.resolve().is_relative_to(self._folder) or not path.is_file():
            raise PageNotFound
        return path


def without_comments(script: str) -> str:
    """A module of ours without its whole-line comments, line by line where it was.

    A quarter of what a browser would load are types for the checker (JSDoc). Numbers of lines stay, so a
    message of the browser still names the line of the source. That no token changes is tested where the
    modules are.
    """
    script = _BLOCK_COMMENT.sub(lambda found: "\n" * found[0].count("\n"), script)
    return _LINE_COMMENT.sub("", script)


def prepared(body: bytes, suffix: str, stamp: tuple[int, int] = (0, 0)) -> Served:
    """Make ``body`` ready to be sent as a file of this suffix: one of ``TYPES``, or ``.json``."""
    packed = gzip.compress(body, 9, mtime=0) if suffix in _TEXT and len(body) >= _GZIP_FROM else None
    if packed is not None and len(packed) >= len(body):
        packed = None
    content_type = TYPES.get(suffix, "application/json")
    return Served(stamp, content_type, body, packed, hashlib.sha256(body).hexdigest()[:32])


def _read(path: Path, stamp: tuple[int, int]) -> Served:
    body = path.read_bytes()
    if path.suffix == ".js" and "vendor" not in path.parts:
        body = without_comments(body.decode("utf-8")).encode()
    return prepared(body, path.suffix, stamp)


def send(request: web.Request, served: Served) -> web.Response:
    """Answer with ``served``, packed for those who take gzip; 304 when the caller has it."""
    packed = served.packed if "gzip" in request.headers.get("Accept-Encoding", "").lower() else None
    # Packed and plain are two representations, and a strong tag names one.
    tag = f"{served.etag}-gz" if packed is not None else served.etag
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding", "ETag": f'"{tag}"'}
    if any(known.value in {tag, "*"} for known in request.if_none_match or ()):
        # The type stands here too: it decides which policy goes along, and a browser keeps that of the 304.
        return web.Response(status=304, headers=headers, content_type=served.content_type)
    if packed is not None:
        headers["Content-Encoding"] = "gzip"
    charset = "utf-8" if served.content_type.startswith("text/") else None
    return web.Response(
        body=served.body if packed is None else packed,
        content_type=served.content_type,
        charset=charset,
        headers=headers,
    )
