"""The HTTP protocol of one connection: aiohttp's, with our limits and our answers.

aiohttp answers a request that is not HTTP with plain text and logs the offending line with a trace, and
that line may be an ``Authorization`` header. Here it is answered like every other error and only its kind
is logged.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import web

from rooms import InternalError, PayloadTooLarge
from spectator.server.access_log import MALFORMED, AccessLog, access_logger
from spectator.server.headers import security_headers
from spectator.server.problems import MalformedRequest, problem_of, problem_response

KEEPALIVE_S = 75.0
"""How long a connection may sit idle, and how long the headers of its first request may take."""

logger = logging.getLogger("spectator.server")


class Door(web.RequestHandler):
    """The protocol of one connection, answering broken requests like all others: as a problem, quietly."""

    __slots__ = ()

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
        return await super().finish_response(request, resp, start_time)


def make_door(server: web.Server, loop: asyncio.AbstractEventLoop) -> Door:
    """The protocol for one new connection, with every limit set.

    Args:
        server: the ``server`` of an ``AppRunner`` after ``setup()``; it keeps track of the connections.
        loop: the running loop.
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
    return Door(server, loop=loop, **options)
