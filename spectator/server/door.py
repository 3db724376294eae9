"""The HTTP protocol of one connection: aiohttp's, with our limits and our answers.

aiohttp answers a request that is not HTTP with plain text and logs the offending line with a trace, and
that line may be an ``Authorization`` header. Here it is answered like every other error and only its kind
is logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web

from rooms import InternalError, PayloadTooLarge
from spectator.server.access_log import MALFORMED, AccessLog, access_logger
from spectator.server.headers import security_headers
from spectator.server.heads import Heads
from spectator.server.problems import MalformedRequest, problem_of, problem_response
from spectator.server.sockets.sink import give_up_in_time

KEEPALIVE_S = 75.0
"""How long a connection may sit idle between two requests."""

logger = logging.getLogger("spectator.server")

AddressOf = Callable[[str], str]
"""The name under which a peer's address is counted."""


class Door(web.RequestHandler):
    """The protocol of one connection, answering broken requests like all others: as a problem, quietly."""

    __slots__ = ("_address", "_entered", "_heads", "_idle")

    def __init__(self, server: web.Server, heads: Heads, address_of: AddressOf, **options: Any) -> None:
        super().__init__(server, **options)
        self._heads = heads
        self._address: AddressOf | str = address_of
        self._entered = False  # counted among those of its address
        self._idle = False  # between two requests: whatever comes now begins the next

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A head is due from now on."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        told = str(peer[0]) if isinstance(peer, tuple) else ""
        self._address = self._address if isinstance(self._address, str) else self._address(told)
        give_up_in_time(transport.get_extra_info("socket"))
        self._entered = self._heads.enter(self._address)
        if self._entered:
            self._head_is_due()
        else:
            self.hang_up()

    def data_received(self, data: bytes) -> None:
        """Take what came; on an idle connection another head is due from its first byte on."""
        if self._idle:
            self._head_is_due()
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget it."""
        self._heads.end(self)
        self._heads.stir(self)
        if self._entered:
            assert isinstance(self._address, str), "it is known since the connection was made"
            self._entered = False
            self._heads.leave(self._address)
        super().connection_lost(exc)

    def head_came(self) -> None:
        """What is asked for is known now; whatever comes until it is answered belongs to it."""
        self._idle = False
        self._heads.end(self)
        self._heads.stir(self)

    def hang_up(self) -> None:
        """The head took too long, or its address has too many connections."""
        self.force_close()
        if self.transport is not None:
            self.transport.abort()

    def part(self) -> None:
        """Close it between two requests; aiohttp does the same after ``KEEPALIVE_S``."""
        self.force_close()

    def _head_is_due(self) -> None:
        self._idle = False
        self._heads.stir(self)
        assert isinstance(self._address, str), "it is known since the connection was made"
        if not self._heads.begin(self, self._address):
            self.hang_up()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's signature
    ) -> web.StreamResponse:
        """Answer what never reached a handler; the connection ends with it."""
        request[MALFORMED] = True
        if isinstance(exc, ConnectionError):
            raise exc  # whoever asked has gone: the connection ends, and nothing is wrong here
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun; the connection is ended instead")
        if status >= 500:
            self.logger.error("a request failed outside its handler: %s", type(exc).__name__)
            response = problem_response(InternalError())
        elif status == 413:
            response = problem_response(PayloadTooLarge())
        else:
            self.logger.info("a connection sent something that is not HTTP: %s", type(exc).__name__)
            response = problem_response(MalformedRequest())
        response.headers.update(security_headers(request))
        response.headers["Cache-Control"] = "no-store"
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; one that aiohttp made itself, before any middleware, becomes a problem first."""
        if isinstance(resp, web.HTTPException):
            resp = problem_of(resp)
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._heads.end(self)
            self._idle = True
            if self.transport is not None:
                self._heads.rest(self)
            if isinstance(resp, web.WebSocketResponse):
                _untangle(resp)


def make_door(
    server: web.Server,
    loop: asyncio.AbstractEventLoop,
    heads: Heads | None = None,
    address_of: AddressOf = str,
) -> Door:
    """The protocol for one new connection, with every limit set.

    Args:
        server: the ``server`` of an ``AppRunner`` after ``setup()``; it keeps track of the connections.
        loop: the running loop.
        heads: of all connections of the server; None: this one's alone.
        address_of: names the address that a connection is counted for, of the peer's; empty: for none.
    """
    options: dict[str, Any] = {
        "keepalive_timeout": KEEPALIVE_S,
        "logger": logger,
        "access_log": access_logger,
        "access_log_class": AccessLog,
        "max_line_size": 4096,
        "max_field_size": 8190,
        "max_headers": 64,
        "lingering_time": 2.0,
        "auto_decompress": False,
    }
    return Door(server, Heads() if heads is None else heads, address_of, loop=loop, **options)


def _untangle(socket: web.WebSocketResponse) -> None:
    """Let go of where an error of aiohttp was raised: the trace holds the socket, and the socket the error.

    Else all that belonged to a connection would stay until garbage is looked for.
    """
    error = socket.exception()
    while error is not None:
        error.__traceback__ = None
        error = error.__context__
