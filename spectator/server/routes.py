"""A route as a record: from one table of them both the router and the OpenAPI document are built."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler as WebHandler
from pydantic import BaseModel

from rooms import Caller, Role, Room, RoomsError
from spectator.manager import Manager
from spectator.server.access import client_of
from spectator.server.auditing import Noted
from spectator.server.keys import TURNS
from spectator.server.policy import Policy

Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class Call:
    """One request that passed the doors: who calls, about which room, with which checked body and query.

    Args:
        request: aiohttp's request, for what is special to a handler.
        manager: the domain.
        caller: who calls; ``caller.kind`` is ``anonymous`` without a credential.
        noted: what the audit is told of this call, for what only the handler knows.
        found: the room of the address, for routes that name one; ``room`` for those that rely on it.
        role: what the caller is in it: owner, moderator, spectator, publisher, reader, or None.
        body: the checked JSON body, for routes that have one.
        query: the checked query, for routes that have one.
    """

    request: web.Request
    manager: Manager
    caller: Caller
    noted: Noted
    found: Room | None = None
    role: Role | None = None
    body: BaseModel | None = None
    query: BaseModel | None = None

    @property
    def client(self) -> str:
        """The name under which failures of this client are counted (an address, an IPv6 network)."""
        return client_of(self.request)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """A turn for work on the store, for handlers that take theirs themselves."""
        return self.request.app[TURNS].turn()

    @property
    def room(self) -> Room:
        """The room in the address; only routes with ``finds_room`` may ask."""
        assert self.found is not None, "this route does not look up its room"
        return self.found

    def read(self, model: type[Model]) -> Model:
        """The body as the model the route declares."""
        assert isinstance(self.body, model), "this route declares another body"
        return self.body

    def asked(self, model: type[Model]) -> Model:
        """The query as the model the route declares."""
        assert isinstance(self.query, model), "this route declares another query"
        return self.query


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API.

    Args:
        method: ``GET``, ``POST``, ``PATCH`` or ``DELETE``.
        path: below ``/api/v1``, with ``{room}`` and ``{id}`` where they stand.
        handler: what answers.
        policy: who may call.
        told: one line for people.
        body: the model of a JSON body; None: none is read (the handler may read a special one).
        query: the model of the query.
        answers: status → model of the JSON answer, None for an answer without one.
        refusals: the errors a caller should expect beyond those every call may meet.
        finds_room: look the ``{room}`` up before the handler runs; False where the domain does it (joining).
        own_pace: the handler waits for the other end or for something to happen, and takes its turns itself.
        large: the answer may be megabytes, so only few are made for a tenant at once.
        takes: media types of a special body, for the OpenAPI document.
        gives: media types of a special answer, for the OpenAPI document.
        headers: further request headers the call reads, name → meaning.
        audit: the name under which the audit notes this call, refused or done; None: it is not noted.
    """

    method: str
    path: str
    handler: Handler
    policy: Policy
    told: str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answers: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    refusals: Sequence[type[RoomsError]] = ()
    finds_room: bool = True
    own_pace: bool = False
    large: bool = False
    takes: Sequence[str] = ()
    gives: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    audit: str | None = None

    @property
    def names_room(self) -> bool:
        """Whether the address names a room that is looked up before the handler runs."""
        return self.finds_room and "{room}" in self.path


@dataclass(frozen=True, slots=True)
class Place:
    """One address, asked for by ``GET`` (and by ``HEAD``, except for the socket).

    Args:
        path: from the root.
        handler: what answers.
        policy: who may ask.
        told: one line for people.
        methods: by which it is asked for.
    """

    path: str
    handler: WebHandler
    policy: Policy
    told: str
    methods: tuple[str, ...] = ("GET", "HEAD")
