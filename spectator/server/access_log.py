"""The access log: who asked for what and what became of it. No query string, no header, no credential."""

from __future__ import annotations

import logging
import re
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from rooms import is_code
from spectator.server.keys import DOORMAN
from spectator.server.observing import SEEN

access_logger = logging.getLogger("spectator.access")

MALFORMED: Final = web.RequestKey("MALFORMED", bool)
"""Set on what is no request, though aiohttp hands it on as one: no route was ever looked for."""

_ROUTINE: Final = ("/events", "/healthz", "/readyz", "/metrics")

_ID: Final = re.compile(r"[a-z]_[a-z0-9]{16}")
"""Of a room, a person, a request: an id proves nothing."""

_FILE: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}\.[a-z]{1,5}")
_PARTS: Final = 16


class AccessLog(AbstractAccessLogger):
    """One line a request: client, method, path, status, bytes, milliseconds. Never a query or a header."""

    @property
    def enabled(self) -> bool:
        """The protocol skips the timing when nobody listens."""
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line; ``time`` is in seconds. What programs ask all day long is for debugging only."""
        routine = response.status == 200 and request.path.endswith(_ROUTINE)
        level = logging.DEBUG if routine else logging.INFO
        if not self.logger.isEnabledFor(level):
            return
        path = printable_path(request)
        told = (_client(request) or "-", request.method, path, response.status, response.body_length)
        fields = dict(zip(("client", "method", "path", "status", "bytes"), told, strict=True))
        fields["duration_ms"] = round(time * 1000, 1)
        if isinstance(request, web.Request) and (seen := request.get(SEEN)) is not None:
            fields |= {"request": seen.id, "tenant": seen.tenant, "room": seen.room, "code": seen.code}
        self.logger.log(
            level,
            "%s %s %s %d %d %.1fms",
            *told,
            time * 1000,
            extra={"event": "request", "fields": fields},
        )


def _client(request: web.BaseRequest) -> str | None:
    """The address of who asked: behind a proxy that is believed, what that says."""
    if not isinstance(request, web.Request) or MALFORMED in request:
        return request.remote
    doorman = request.app.get(DOORMAN)  # an application that is not ours has none
    return request.remote if doorman is None else doorman.client(request)


def printable_path(request: web.BaseRequest) -> str:
    """The path of a request as it may be written down: words of its route, ids, codes, names of files.

    Whatever else stands there, a credential in the wrong place perhaps, is a ``?``. So nobody can forge a
    line of the log with it either.
    """
    if not isinstance(request, web.Request) or MALFORMED in request:
        return shown_path(request.rel_url.raw_path, "")
    resource = request.match_info.route.resource
    return shown_path(request.rel_url.raw_path, "" if resource is None else resource.canonical)


def shown_path(raw_path: str, canonical: str) -> str:
    """A path as it was sent (percent-encoded), of which only what is no secret is shown.

    Args:
        raw_path: as in the request line, without the query.
        canonical: the path of the route that it matched, ``/api/v1/rooms/{room}``; empty for none.
    """
    words = {"", *canonical.split("/")} if canonical else {"", "api", "v1"}
    parts = raw_path.split("/", _PARTS)[:_PARTS]
    return "/".join(part if part in words or _is_harmless(part) else "?" for part in parts)[:200]


def _is_harmless(part: str) -> bool:
    return bool(_ID.fullmatch(part) or _FILE.fullmatch(part) or is_code(part))
