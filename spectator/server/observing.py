"""What the log, the counters and the traces are told of one request, beside the request itself.

It is made when a request passes the door and filled while it is answered; nothing in it is a credential.
"""

from __future__ import annotations

import random
import time
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from aiohttp import web

from spectator.server.keys import MANAGER
from spectator.server.policy import PUBLISHER

if TYPE_CHECKING:
    from spectator.server.auditing import Noted
    from spectator.server.routes import Route

_draw: Final = random.Random().getrandbits  # names what is told apart, and protects nothing


class Seen:
    """One request, as it is told about.

    Attributes:
        id: tells it from all others, and nothing else: random. Answered as ``X-Request-ID``.
        call: ``publish``, ``join`` or ``other``: under which its refusals are counted.
        code: of the problem it was answered with; None: it was none.
    """

    __slots__ = ("_noted", "_room", "_tenant", "call", "code", "id")

    def __init__(self) -> None:
        self.id = f"{_draw(64):016x}"
        self.call = "other"
        self.code: str | None = None
        self._noted: Noted | None = None
        self._room: str | None = None
        self._tenant: str | None = None

    def follow(self, noted: Noted) -> None:
        """Take room and tenant from what becomes known of a call of the API."""
        self._noted = noted

    def stood_in(self, room: str, tenant: str | None) -> None:
        """Say the room of what is no call of the API: a socket."""
        self._room, self._tenant = room or None, tenant

    @property
    def room(self) -> str | None:
        """The id of the room it is about, once that is known."""
        found = self._noted.known_room if self._noted is not None else None
        return found.id if found is not None else self._room

    @property
    def tenant(self) -> str | None:
        """The tenant of that room, else of whoever calls."""
        if self._noted is None:
            return self._tenant
        found = self._noted.known_room
        if found is not None:
            return found.tenant
        return self._noted.call.caller.tenant if self._noted.call is not None else None


SEEN: Final[web.RequestKey[Seen]] = web.RequestKey("SEEN", Seen)
"""Set for every request that reaches the application."""

CURRENT: Final[ContextVar[Seen | None]] = ContextVar("CURRENT", default=None)
"""The request that is being answered here, for lines of the log that are written meanwhile."""


def kind_of(route: Route) -> str:
    """Under which of ``stats.CALLS`` a call of the API is counted."""
    if route.policy is PUBLISHER:
        return "publish"
    return "join" if route.audit == "join" else "other"


class Timed:
    """How long a call of the API takes: ``with Timed(route, request):`` around all of it."""

    __slots__ = ("_began", "_kind", "_request", "_skip")

    def __init__(self, route: Route, kind: str, request: web.Request) -> None:
        self._kind = kind
        self._request = request
        self._skip = route.own_pace and kind == "other"  # it waits for something to happen
        self._began = 0.0

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._skip:
            stats = self._request.app[MANAGER].stats
            stats.calls[self._kind].add(time.perf_counter() - self._began)
