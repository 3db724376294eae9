"""The access log: who asked for what and what became of it. No query string, no header, no credential."""

from __future__ import annotations

import logging
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

access_logger = logging.getLogger("spectator.access")

_ROUTINE: Final = ("/events", "/healthz", "/readyz")


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
            printable_path(request),
            response.status,
            response.body_length,
            time * 1000,
        )


def printable_path(request: web.BaseRequest) -> str:
    """The path of a request so that it cannot forge a log line: printable ASCII, at most 200 characters."""
    return "".join(char if " " < char <= "~" else "?" for char in request.rel_url.raw_path[:200])
