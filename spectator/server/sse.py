"""``GET /api/v1/rooms/{room}/stream``: watching by Server-Sent Events where WebSockets are blocked."""

from __future__ import annotations

from aiohttp import web


async def handle(request: web.Request) -> web.StreamResponse:
    """Stream the room until the viewer leaves; a refusal before the first byte is raised as a ``RoomsError``."""
    raise NotImplementedError
