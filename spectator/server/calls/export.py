"""What was recorded in a room, as a file to keep."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import Final

from aiohttp import HttpVersion11, web

from rooms import RoomsError
from spectator.manager.export import Export
from spectator.protocol.filenames import attachment, safe_stem
from spectator.server.bodies import ExportQuery
from spectator.server.problems import MalformedRequest
from spectator.server.routes import Call

logger = logging.getLogger("spectator.server")

TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
}

STALLED_S: Final = 30.0
LONGEST_S: Final = 900.0
"""How long a piece, and a whole file, may take to be read: whoever does not read holds up others."""


async def export(call: Call) -> web.StreamResponse:
    """The file, in pieces as they are read; one that cannot be finished is cut off, never ended."""
    if call.request.version < HttpVersion11:
        raise MalformedRequest  # without chunks, a file that was cut off would pass for a whole one
    form, room = call.asked(ExportQuery).format, call.room
    call.noted.subject = form
    with call.manager.exporter.turn(room.id, room.tenant, guest=call.role == "spectator"):
        async with call.turn():
            (shown,) = await call.manager.views([room], "spectator")  # what all may know who may watch
            about = shown.model_dump(mode="json", exclude_unset=True)
            begun = await call.manager.exporter.begin(room.id, form, about)
        since = f" from {begun.first}" if begun.first > 1 else ""
        response = web.StreamResponse(
            headers={
                "Content-Type": TYPES[form],
                "Content-Disposition": attachment(f"{safe_stem(room.name, 'export')}{since}.{form}"),
                "Spectator-Events": f"{begun.first}-{begun.last}",
            }
        )
        response.enable_chunked_encoding()
        await response.prepare(call.request)
        await _send(call, begun, response)
    return response


async def _send(call: Call, begun: Export, response: web.StreamResponse) -> None:
    """Write the pieces as fast as they are read at the other end."""
    try:
        async with asyncio.timeout(LONGEST_S), aclosing(begun.pieces) as pieces:
            async for piece in pieces:
                async with asyncio.timeout(STALLED_S):
                    await response.write(piece)
        await response.write_eof()
    except (ConnectionError, TimeoutError, RoomsError) as error:
        call.noted.outcome = error.code if isinstance(error, RoomsError) else "cut_off"
        logger.info("an export was cut off: %s", call.noted.outcome)
        if call.request.transport is not None:
            call.request.transport.abort()
