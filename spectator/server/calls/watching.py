"""Looking back, and looking on where WebSockets are blocked."""

from __future__ import annotations

from aiohttp import web

from spectator.server import sse
from spectator.server.bodies import HistoryQuery
from spectator.server.routes import Call
from spectator.state import Span

_PACK_FROM = 1024
"""Bytes from which an answer is worth packing, where the caller takes that."""

_PACK_IN_THREAD_FROM = 16 * 1024
"""Bytes from which packing would hold up the loop."""


async def history(call: Call) -> web.Response:
    """The course of a room's metrics."""
    query = call.asked(HistoryQuery)
    body = await call.manager.history(
        call.room,
        names=query.names,
        span=Span(start=query.start, end=query.end, start_step=query.from_step, end_step=query.to_step),
        max_points=query.max_points,
    )
    response = web.Response(
        body=body, content_type="application/json", zlib_executor_size=_PACK_IN_THREAD_FROM
    )
    if len(body) >= _PACK_FROM:
        # Nine metrics of 1,000 points are 264 KB plain: too much for a phone. No secret stands in it.
        response.enable_compression()
        response.headers["Vary"] = "Accept-Encoding"
    return response


async def stream(call: Call) -> web.StreamResponse:
    """Watch by Server-Sent Events."""
    return await sse.handle(call)
