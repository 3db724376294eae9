"""The one place that tells the audit what was asked of this server: calls of the table, sockets and streams.

A route says under which name it is noted (``Route.audit``); who called, from where, about which room and what
became of it is found here. A handler adds only what nobody else knows, by ``call.noted``.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from aiohttp import web
from pydantic import BaseModel

from rooms import (
    Actor,
    AuditEntry,
    Caller,
    Room,
    RoomPatch,
    RoomsError,
    StoreUnavailable,
    actor_of,
)
from spectator.manager import Manager
from spectator.server.access import client_of
from spectator.server.keys import MANAGER

if TYPE_CHECKING:
    from spectator.server.routes import Call, Route

OK: Final = "ok"

_UNKNOWN: Final = frozenset({"unauthorized", "not_allowed", "invalid_request", "too_many_attempts"})
"""Outcomes that do not say that what stands in the address exists: it is not repeated then."""

_NAMED: Final = ("id", "key", "tenant")
"""The parts of an address that name what is acted on."""

_FIELDS: Final = ("user_id", "what", "id")
"""The fields of a body that name it."""


class Noted:
    """What the audit is told of one call, when it is over: ``with Noted(route, request) as noted:``.

    Attributes:
        what: the name it is noted under; None: it is not.
        call: who calls, as soon as that is known.
        actor: who did it, where the credential does not say.
        room: the room, where the address does not say.
        tenant: of whoever called; set when it is over.
        subject: what it was done to or with, where neither address nor body says.
        outcome: what became of it, if no error tells.
        count: how many times.
    """

    __slots__ = ("actor", "call", "count", "outcome", "request", "room", "subject", "tenant", "what")

    def __init__(self, route: Route, request: web.Request) -> None:
        self.what = route.audit
        self.request = request
        self.call: Call | None = None
        self.actor: Actor | None = None
        self.room: Room | None = None
        self.tenant: str | None = None
        self.subject: str | None = None
        self.outcome = OK
        self.count = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.what is not None and (error is None or isinstance(error, Exception)):
                self._conclude(self.what, error)
        finally:
            self._let_go()

    def _conclude(self, what: str, error: Exception | None) -> None:
        if isinstance(error, StoreUnavailable) and self.call is None:
            return  # nobody knows who it was, and nothing was done
        if error is not None:
            self.outcome = _code(error)
        self._note(what)

    def _let_go(self) -> None:
        """Keep what is asked afterwards, and not the request.

        It holds this too, and what holds each other stays, with the connection, until garbage is looked for.
        """
        self.room = self.known_room
        self.tenant = self.call.caller.tenant if self.call is not None else None
        self.call = None
        del self.request

    @property
    def known_room(self) -> Room | None:
        """The room the call is about, as far as that is known."""
        return self.room or (self.call.found if self.call is not None else None)

    def _note(self, what: str) -> None:
        call = self.call
        caller = call.caller if call is not None else Caller("anonymous")
        room = self.known_room
        entry = AuditEntry(
            what=what,
            outcome=self.outcome,
            actor=self.actor or actor_of(caller),
            tenant=room.tenant if room is not None else caller.tenant,
            room=room.id if room is not None else None,
            subject=self.subject or self._named(),
            client=client_of(self.request),
            count=self.count,
        )
        self.request.app[MANAGER].rooms.audit.note(entry, ref=self.request.match_info.get("room"))

    def _named(self) -> str | None:
        """What address or body say that it was done to, as far as it is known to exist."""
        if self.outcome in _UNKNOWN or self.outcome.endswith("_not_found"):
            return None
        for part in _NAMED:
            if part in self.request.match_info:
                return self.request.match_info[part]
        return _in_body(self.call.body) if self.call is not None else None


def _code(error: Exception) -> str:
    if isinstance(error, RoomsError):
        return error.code
    return "cut_off" if isinstance(error, ConnectionError) else "internal_error"


def _in_body(body: BaseModel | None) -> str | None:
    if isinstance(body, RoomPatch):
        return ", ".join(sorted(body.model_fields_set))
    fields = type(body).model_fields if body is not None else {}  # of others pydantic is slow to say no
    named = (getattr(body, name) for name in _FIELDS if name in fields)
    return next((value for value in named if isinstance(value, str)), None)


def note_watching(
    manager: Manager,
    caller: Caller | None,
    client: str,
    *,
    room: Room | None = None,
    ref: str | None = None,
    outcome: str = OK,
    actor: Actor | None = None,
) -> None:
    """Note that somebody watches, or was refused: a visit without a join before it, a key, a wrong token.

    Who comes with a grant has joined, which was noted then; only that it was refused is news.

    Args:
        manager: whose audit.
        caller: who comes with a credential; None: a visit, which is a join of its own.
        client: the address it comes from.
        room: the room, where it is known.
        ref: the room as it was typed, where it is not.
        outcome: ``ok``, or the code of the error.
        actor: who it is, for a visit that was let in.
    """
    if caller is not None and caller.kind in {"grant", "lobby"} and outcome == OK:
        return
    entry = AuditEntry(
        what="join" if caller is None else "watch",
        outcome=outcome,
        actor=actor or actor_of(caller or Caller("anonymous")),
        tenant=room.tenant if room is not None else (caller.tenant if caller is not None else None),
        room=room.id if room is not None else None,
        client=client,
    )
    manager.rooms.audit.note(entry, ref=ref)
