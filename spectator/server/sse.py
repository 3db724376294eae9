"""``GET /api/v1/rooms/{room}/stream``: watching by Server-Sent Events where WebSockets are blocked.

The messages are those of ``spectator.v1``, each as one event; the stream speaks, and never listens.
"""

from __future__ import annotations

import asyncio
import secrets

from aiohttp import HttpVersion11, web

from rooms import ApprovalDenied, Blocked, Busy, RoomsError, StoreUnavailable, Unauthorized
from spectator.hub import Close, Ended, Variant, Viewer
from spectator.server.auditing import note_watching
from spectator.server.keys import SETTINGS
from spectator.server.problems import MalformedRequest, answer_of
from spectator.server.routes import Call
from spectator.server.sockets.admission import Admission, admit
from spectator.server.sockets.returning import place
from spectator.server.sockets.sink import TransportSink

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


async def handle(call: Call) -> web.StreamResponse:
    """Stream the room until the viewer leaves.

    Args:
        call: who calls; whether they may watch the room of the address is decided here.

    Raises:
        RoomsError: what can be refused before the first byte is; what comes later is said by ``bye``.
    """
    request, hub = call.request, call.manager.hub
    if request.version < HttpVersion11:
        raise MalformedRequest
    if not hub.available:
        raise Busy if hub.stopping else StoreUnavailable
    try:
        admission = await admit(call.manager, request.match_info["room"], call.caller, call.client)
    except Ended as ended:
        raise refusal_of(ended.code) from None
    if not hub.turnstile.enter(call.client, limited=request.app[SETTINGS].rate_limits):
        raise Busy("There are too many connections from here. Close some, then try again.")
    try:
        hub.turnstile.known(call.client)
        call.noted.room = admission.room
        note_watching(call.manager, call.caller, call.client, room=admission.room)
        call.noted.what = None  # it is noted: a stream may stay for days
        return await _stream(call, admission)
    finally:
        hub.turnstile.leave(call.client, stranger=False)


def refusal_of(code: Close) -> RoomsError:
    """Why a grant opens no stream, from what would end a socket: before the first byte it is an answer."""
    if code is Close.BLOCKED:
        return Blocked()
    if code is Close.KICKED:
        return ApprovalDenied()
    return Unauthorized("The grant has run out. Join the room again.")


async def _stream(call: Call, admission: Admission) -> web.StreamResponse:
    hub = call.manager.hub
    response = web.StreamResponse(headers=HEADERS)
    response.enable_chunked_encoding()
    await response.prepare(call.request)
    if call.request.transport is None:
        raise ConnectionResetError("whoever asked has gone")
    over = asyncio.Event()
    viewer = Viewer(
        Variant.SSE,
        TransportSink(call.request.transport, over.set),
        connection_id=secrets.token_urlsafe(9),
        client=call.client,
    )
    try:
        since = place(call.request.headers.get("Last-Event-ID"))
        await hub.attach(admission.room.id, viewer, admission.right, admission.describe, since)
        await over.wait()
    except Ended as ended:
        hub.end(viewer, ended.code)
    except RoomsError as error:
        hub.end(viewer, answer_of(error).close, error.message)
    finally:
        hub.detach(viewer)
        viewer.sink.finish()
        hub.bury(viewer)
    return response
