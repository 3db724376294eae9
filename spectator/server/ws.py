"""``GET /ws/rooms/{room}``: watching over a WebSocket."""

from __future__ import annotations

from aiohttp import web


async def handle(request: web.Request) -> web.StreamResponse:
    """Accept the handshake (the route's ``{room}`` is a code or an id), then serve the viewer until it leaves.

    Only Host and Origin are refused before the handshake (by the middleware); everything else by a close code.
    """
    raise NotImplementedError
