"""The HTTP protocol of one connection: aiohttp's, with our limits, answers and access log.

aiohttp answers a request that is not HTTP with plain text and logs the offending line with a trace, and
that line may be an ``Authorization`` header. Here it is answered like every other error and only its kind
is logged.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from rooms.errors import InternalError, PayloadTooLarge
from spectator.server.headers import SECURITY_HEADERS
from spectator.server.problems import MalformedRequest, problem_response

KEEPALIVE_S = 75.0
"""How long a connection may sit idle, and how long the headers of its first request may take."""

access_logger = logging.getLogger("spectator.access")
logger = logging.getLogger("spectator.server")

_ROUTINE = ("/events", "/healthz", "/readyz")


class AccessLog(AbstractAccessLogger):
    """One line a request: client, method, path, status, bytes, milliseconds. Never a query or a header."""

    @property
    def enabled(self) -> bool:
        """The protocol skips the timing when nobody listens."""
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line; ``time`` is in seconds. What programs ask all day long is for debugging only."""
        routine = response.status == 200 and request.path.endswith(_ROUTINE)
        self.logger.log(
            logging.DEBUG if routine else logging.INFO,
            "%s %s %s %d %d %.1fms",
            request.remote or "-",
            request.method,
            _printable(request.rel_url.raw_path),
            response.status,
            response.body_length,
            time * 1000,
        )


def _printable(path: str) -> str:
    """A path that cannot forge a log line: printable ASCII, cut at 200 characters."""
    return "".join(char if " " < char <= "~" else "?" for char in path[:200])


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
        response.headers.update(SECURITY_HEADERS)
        response.force_close()
        return response


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
