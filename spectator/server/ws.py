"""``GET /ws/rooms/{room}``: watching over a WebSocket.

aiohttp makes the handshake and unpacks what comes in; what goes out are ready frames, written to the
transport. Nothing here may call ``send_*`` or ``close`` of the response: two writers would corrupt the
stream, and ``close`` waits for a peer that may never read.
"""

from __future__ import annotations

import secrets
from functools import partial

from aiohttp import hdrs, web

from rooms import RoomsError
from spectator.hub import Close, Variant, Viewer
from spectator.server.access import bearer_of, caller_of, client_of
from spectator.server.keys import MANAGER, SETTINGS, WATCHING
from spectator.server.observing import SEEN
from spectator.server.problems import answer_of
from spectator.server.sockets.connection import Connection
from spectator.server.sockets.sink import TransportSink

PROTOCOL = "spectator.v1"
FULL_WINDOW = 15

UNPACKED = 64 * 1024
"""Bytes beyond which aiohttp itself ends the connection (1009). Our limit is lower and answered with 4500."""


async def handle(request: web.Request) -> web.StreamResponse:
    """Accept the handshake (``{room}`` is a code or an id), then serve the viewer until it leaves.

    Only Host and Origin are refused before the handshake (by the middleware); everything else by a close
    code.
    """
    offered = _offered(request)
    socket = web.WebSocketResponse(
        # One we do not speak is accepted too: a browser shows no close code where none was chosen.
        protocols=(PROTOCOL,) if PROTOCOL in offered else offered[:1],
        autoping=False,
        autoclose=False,
        compress=True,
        max_msg_size=UNPACKED,
    )
    await socket.prepare(request)
    socket.headers.clear()  # they are sent; for as long as the viewer stays they would take two kilobytes
    viewer = _viewer(request, socket)
    hub = request.app[MANAGER].hub
    counted = hub.turnstile.enter(viewer.client, limited=request.app[SETTINGS].rate_limits)
    try:
        bearer = bearer_of(request)
        refusal = _refusal(request, counted=counted)
    except RoomsError as error:
        bearer, refusal = None, answer_of(error).close
    connection = Connection(
        request.app[MANAGER],
        socket,
        viewer,
        request.match_info["room"],
        bearer,
        partial(caller_of, request),
        request.app[WATCHING],
    )
    try:
        if refusal is not None:
            hub.end(viewer, refusal)
        elif socket.ws_protocol not in {None, PROTOCOL}:
            hub.end(viewer, Close.PROTOCOL_ERROR, f"Offer {PROTOCOL}, or no subprotocol for flat messages.")
        await connection.serve()
    finally:
        await connection.close()
        request[SEEN].stood_in(viewer.room_id, hub.tenant_of(viewer.room_id))
        if counted:
            hub.turnstile.leave(viewer.client, stranger=not connection.known)
    return socket


def _offered(request: web.Request) -> tuple[str, ...]:
    """The subprotocols the client named, in its order."""
    named = ",".join(request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, []))
    return tuple(name.strip() for name in named.split(",") if name.strip())


def _viewer(request: web.Request, socket: web.WebSocketResponse) -> Viewer:
    if request.transport is None:
        raise ConnectionResetError("whoever asked has gone")
    # Nothing agreed, or a smaller window than the shared frames need: plain is always allowed.
    deflated = socket.compress == FULL_WINDOW
    if socket.ws_protocol != PROTOCOL:
        variant = Variant.FLAT_DEFLATED if deflated else Variant.FLAT
    else:
        variant = Variant.V1_DEFLATED if deflated else Variant.V1
    return Viewer(
        variant,
        TransportSink(request.transport),
        connection_id=secrets.token_urlsafe(9),
        client=client_of(request),
    )


def _refusal(request: web.Request, *, counted: bool) -> Close | None:
    hub = request.app[MANAGER].hub
    if not counted:
        return Close.BUSY
    if hub.available:
        return None
    return Close.RESTARTING if hub.stopping else Close.STORE_UNAVAILABLE
