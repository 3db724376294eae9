"""What the log, the counters and the traces are told of one request, beside the request itself.

It is made when a request passes the door and filled while it is answered; nothing in it is a credential.
"""

from __future__ import annotations

import random
import time
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from aiohttp import web

from rooms import RoomsError
from spectator.server.keys import MANAGER
from spectator.server.policy import PUBLISHER
from spectator.server.problems import answer_of
from spectator.spans import Marked, unmarked

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
        call = self._noted.call
        return call.caller.tenant if call is not None else self._noted.tenant


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
    """How long a call of the API takes: ``with Timed(route, kind, request):`` around all of it.

    Where spans are made it is one, too: part of what the publisher's ``traceparent`` names, if it sends one.
    """

    __slots__ = ("_began", "_kind", "_manager", "_marked", "_request", "_route", "_skip", "_span", "status")

    def __init__(self, route: Route, kind: str, request: web.Request) -> None:
        self._route = route
        self._kind = kind
        self._request = request
        self._manager = request.app[MANAGER]
        self._skip = route.own_pace and kind == "other"  # it waits for something to happen
        self._began = 0.0
        self._span: AbstractContextManager[Marked] | None = None
        self._marked: Marked | None = None
        self.status: int | None = None  # of the answer, when it is ready

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        if self._manager.span is not unmarked:
            told = {"http.request.method": self._route.method, "http.route": self._route.path}
            carrier = self._request.headers if self._kind == "publish" else {}
            self._span = self._manager.span(f"{self._route.method} {self._route.path}", told, carrier=carrier)
            self._marked = self._span.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._skip:
            self._manager.stats.calls[self._kind].add(time.perf_counter() - self._began)
        if self._span is None or self._marked is None:
            return
        if isinstance(error, RoomsError):
            self.status = answer_of(error).status
        seen = self._request[SEEN]
        told = {"spectator.request": seen.id, "spectator.room": seen.room, "spectator.tenant": seen.tenant}
        self._marked.note({"http.response.status_code": self.status, **told})
        if isinstance(error, RoomsError) and self.status is not None and self.status < 500:
            self._marked.note({"error.type": error.code})
            self._span.__exit__(None, None, None)  # whoever called was told; nothing is wrong here
        else:
            self._span.__exit__(kind, error, trace)
