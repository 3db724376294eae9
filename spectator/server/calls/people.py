"""What owner and moderators do about people: answer requests, see who is in."""

from __future__ import annotations

from aiohttp import web

from rooms import BlockedPerson, JoinRequest, Person
from spectator.manager.views import iso
from spectator.server.answers import (
    BlockedView,
    JoinRequestsAnswer,
    JoinRequestView,
    SpectatorsAnswer,
    SpectatorView,
    reply,
)
from spectator.server.routes import Call


async def list_requests(call: Call) -> web.Response:
    """Who waits, oldest first."""
    found = await call.manager.rooms.requests(call.room.id)
    return reply(JoinRequestsAnswer(requests=[_request(one) for one in found]))


async def approve(call: Call) -> web.Response:
    """Let somebody in."""
    return reply(_request(await _answer(call, approve=True)))


async def deny(call: Call) -> web.Response:
    """Turn somebody away."""
    return reply(_request(await _answer(call, approve=False)))


async def approve_all(call: Call) -> web.Response:
    """Let in everybody who waits, oldest first, until the room is full; tells also who waits still."""
    answered = await call.manager.rooms.answer_all(call.room.id)
    call.noted.count = max(1, len(answered))
    waiting = await call.manager.rooms.requests(call.room.id)
    return reply(JoinRequestsAnswer(requests=[_request(one) for one in [*answered, *waiting]]))


async def list_spectators(call: Call) -> web.Response:
    """Who is in, in the order they came, and who is blocked."""
    people = await call.manager.rooms.people(call.room.id)
    lags = call.manager.hub.lags(call.room.id)  # of those here it is known to the moment
    blocked = await call.manager.rooms.powers.blocked(call.room)
    return reply(
        SpectatorsAnswer(
            spectators=[_spectator(one, lags.get(one.id, one.lag_ms)) for one in people],
            blocked=[_blocked(one) for one in blocked],
        )
    )


async def _answer(call: Call, *, approve: bool) -> JoinRequest:
    one = await call.manager.rooms.answer(call.room.id, call.request.match_info["id"], approve)
    call.noted.subject = f"{one.id} {one.name}"
    return one


def _request(one: JoinRequest) -> JoinRequestView:
    return JoinRequestView(
        id=one.id,
        name=one.name,
        user_id=one.user_id,
        requested_at=iso(one.requested_at_ms),
        expires_at=iso(one.expires_at_ms),
        status=one.status,
    )


def _spectator(one: Person, lag_ms: int | None) -> SpectatorView:
    return SpectatorView(
        id=one.id,
        name=one.name,
        role=one.role,
        joined_at=iso(one.joined_at_ms),
        watching=one.here,
        lag_ms=lag_ms,
        user_id=one.user_id,
    )


def _blocked(one: BlockedPerson) -> BlockedView:
    at_ms = one.blocked_at_ms
    return BlockedView(
        id=one.id, name=one.name, user_id=one.user_id, blocked_at=None if at_ms is None else iso(at_ms)
    )
