"""From a request to a handler: credential, room, policy, query, body; the same steps for every call.

Work on the store is done in turns (see ``turns``); a body is read outside of them, or a few slow senders
would stop everybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler as WebHandler
from pydantic import BaseModel

from rooms import Busy, JoinAsk, Role, Room, RoomNotFound, StoreUnavailable, UnsupportedMediaType, is_room_id
from spectator.server.access import bearer_of, caller_of
from spectator.server.auditing import Noted
from spectator.server.bodies import check as check_form
from spectator.server.bodies import parse_json
from spectator.server.intake import CONTROL_BODY_LIMIT, read_body
from spectator.server.keys import GUESSING, LISTING, MANAGER, PUBLISHING, TURNS
from spectator.server.observing import SEEN, Timed, kind_of
from spectator.server.openapi import API_ROOT
from spectator.server.policy import PUBLISHER, check_credential, check_standing
from spectator.server.routes import Call, Route


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Give the router every route of the table, below ``/api/v1``."""
    for route in routes:
        app.router.add_route(route.method, f"{API_ROOT}{route.path}", _handler(route))


def _handler(route: Route) -> WebHandler:
    kind = kind_of(route)

    async def handle(request: web.Request) -> web.StreamResponse:
        with Timed(route, kind, request) as timed, Noted(route, request) as noted:
            request[SEEN].call = kind
            request[SEEN].follow(noted)
            answer = await _answer(route, request, noted)
            timed.status = answer.status
            return answer

    return handle


async def _answer(route: Route, request: web.Request, noted: Noted) -> web.StreamResponse:
    _check_open(request)
    turns = request.app[PUBLISHING if route.policy is PUBLISHER else TURNS]
    async with turns.turn():
        call = await _admit(route, request, noted)
    if route.query is not None:
        call.query = check_form(route.query, _last_values(request))
    if route.body is not None:
        call.body = await _read_form(request, route.body)
    if route.own_pace:
        return await route.handler(call)
    if isinstance(call.body, JoinAsk) and call.body.password:
        turns = request.app[GUESSING]
    elif route.large:
        turns = request.app[LISTING].of(call.caller.tenant or "")
    async with turns.turn():
        return await route.handler(call)


def _check_open(request: web.Request) -> None:
    """Refuse at once what would only wait for a store that does not answer, or comes to a node that ends.

    Raises:
        Busy: this node is on its way out; nothing of the call was done, so it can go to another.
        StoreUnavailable: as said.
    """
    hub = request.app[MANAGER].hub
    if hub.stopping:
        raise Busy(
            "This server is restarting. Nothing was changed; send it again in a moment.", retry_after=1
        )
    if not hub.available:
        raise StoreUnavailable(retry_after=2.0)


async def _admit(route: Route, request: web.Request, noted: Noted) -> Call:
    """Who calls, about which room, and whether they may; the body comes later, when the caller is known."""
    manager = request.app[MANAGER]
    caller = await caller_of(request, bearer_of(request))
    noted.call = call = Call(request=request, manager=manager, caller=caller, noted=noted)
    check_credential(route.policy, call.caller)
    if route.names_room:
        room, role = await _find(request.match_info["room"], call)
        check_standing(route.policy, call.caller, room, role)
        call.found, call.role = room, role
    await _charge(route, call)
    return call


async def _charge(route: Route, call: Call) -> None:
    """Count the call among those a minute that its key's tenant may make; publishing has quotas of its own.

    Raises ``QuotaExceeded``. What costs nothing (tenant ``local``) costs no command of the store either.
    """
    if route.policy is PUBLISHER:
        return
    tenant = call.caller.tenant if call.caller.kind == "api_key" else None
    if call.caller.kind == "room_key" and call.caller.room_id is not None:
        rooms = call.manager.rooms
        room = call.found or await rooms.find(call.caller.room_id, fresh=False, caller=call.caller)
        tenant = room.tenant if room is not None else None
    if tenant is not None:
        await call.manager.rooms.quotas.spend(tenant, requests_per_minute=1)


async def _find(ref: str, call: Call) -> tuple[Room, Role | None]:
    """The room and the caller's role. A code works for anyone, an id for who holds a credential for it."""
    room, role = await call.manager.rooms.look(ref, call.caller, call.client)
    if role is None and is_room_id(ref) and call.caller.room_id != room.id:
        raise RoomNotFound
    return room, role


def _last_values(request: web.Request) -> dict[str, str]:
    return {name: request.query.getall(name)[-1] for name in request.query}


async def _read_form(request: web.Request, model: type[BaseModel]) -> BaseModel:
    """A small JSON body, checked; an empty one counts as ``{}`` and needs no content type."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("Send this body plain, without Content-Encoding.")
    body = await read_body(request, CONTROL_BODY_LIMIT)
    if not body.strip():
        return check_form(model, {})
    if request.content_type != "application/json":
        raise UnsupportedMediaType("Send this body as application/json.")
    return check_form(model, parse_json(body))
