"""Looking back, and looking on where WebSockets are blocked."""

from __future__ import annotations

from aiohttp import web

from spectator.server import sse
from spectator.server.bodies import HistoryQuery
from spectator.server.routes import Call
from spectator.state import Span


async def history(call: Call) -> web.Response:
    """The course of a room's metrics."""
    query = call.asked(HistoryQuery)
    body = await call.manager.history(
        call.room,
        names=query.names,
        span=Span(start=query.start, end=query.end, start_step=query.from_step, end_step=query.to_step),
        max_points=query.max_points,
    )
    return web.Response(body=body, content_type="application/json")


async def stream(call: Call) -> web.StreamResponse:
    """Watch by Server-Sent Events."""
    return await sse.handle(call)
