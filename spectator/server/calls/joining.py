"""Coming in and going: join, leave, the asker's own request, claims and identities."""

from __future__ import annotations

import time

from aiohttp import web

from rooms import Actor, Admitted, JoinAsk, JoinRequest, NewIdentity, RequestNotFound
from spectator.manager.views import RoomView, StaffView, iso
from spectator.server.answers import (
    ApprovedAnswer,
    AskedAnswer,
    ClaimedAnswer,
    DoneAnswer,
    IdentityAnswer,
    PendingAnswer,
    reply,
)
from spectator.server.bodies import ClaimBody, WaitQuery
from spectator.server.calls.rooms import hide_code, shown_to, shown_to_owner
from spectator.server.keys import WEBHOOKS
from spectator.server.links import own_links
from spectator.server.routes import Call

POLL_S = 5.0
"""A waiting call looks again after so many seconds, whether or not it was told of a change."""


async def join(call: Call) -> web.Response:
    """Ask to come in."""
    ref = call.request.match_info["room"]
    outcome = await call.manager.join(ref, call.caller, call.read(JoinAsk), call.client)
    call.noted.room = outcome.room
    if isinstance(outcome, Admitted):
        call.noted.actor = Actor(call.caller.kind, outcome.person, outcome.name)
        answer = ApprovedAnswer(
            status="approved",
            token=outcome.token,
            expires_at=iso(outcome.expires_at_ms),
            spectator_id=outcome.person,
            role=outcome.role,
            room=await _own_view(call, outcome),
            ws_url=own_links(call.request).socket(outcome.room.id),
        )
        if outcome.visitor is not None:
            answer.visitor = outcome.visitor
        return reply(answer)
    call.noted.actor = Actor(call.caller.kind, outcome.request.person, outcome.request.name)
    call.noted.outcome, call.noted.subject = "waiting", outcome.request_id
    if outcome.again:
        call.noted.what = None  # a page that was loaded again goes on waiting: no news
    else:
        secrets = call.manager.rooms.webhook_secrets(outcome.room)
        call.request.app[WEBHOOKS].announce(outcome.room, outcome.request, call.manager.now_ms(), secrets)
    (shown,) = await call.manager.views([outcome.room], None)
    hide_code(call, shown)
    waiting = PendingAnswer(
        status="pending_approval",
        request_id=outcome.request_id,
        token=outcome.token,
        expires_at=iso(outcome.request.expires_at_ms),
        spectator_id=outcome.request.person,
        room=shown,
        ws_url=own_links(call.request).socket(outcome.room.id),
    )
    if outcome.visitor is not None:
        waiting.visitor = outcome.visitor
    return reply(waiting, 202)


async def leave(call: Call) -> web.Response:
    """Give the seat back and end the membership."""
    assert call.caller.person is not None, "the policy lets in grants only, and a grant names a person"
    await call.manager.rooms.leave(call.room.id, call.caller.person)
    return reply(DoneAnswer(status="left"))


async def show_own_request(call: Call) -> web.Response:
    """How the caller's own request stands; with ``wait`` the answer comes as soon as there is one."""
    _check_own(call)
    outcome = await _answered(call, call.asked(WaitQuery).wait)
    if not isinstance(outcome, Admitted):
        return reply(AskedAnswer(request_id=outcome.id, status=outcome.status))
    return reply(
        AskedAnswer(
            request_id=call.request.match_info["id"],
            status="approved",
            token=outcome.token,
            expires_at=iso(outcome.expires_at_ms),
            spectator_id=outcome.person,
            role=outcome.role,
            room=await _own_view(call, outcome),
            ws_url=own_links(call.request).socket(outcome.room.id),
        )
    )


async def withdraw(call: Call) -> web.Response:
    """The caller waits no longer."""
    _check_own(call)
    await call.manager.rooms.withdraw(call.room.id, call.request.match_info["id"])
    return reply(DoneAnswer(status="withdrawn"))


async def redeem_claim(call: Call) -> web.Response:
    """Exchange a claim for the room's key."""
    room, owner_token = await call.manager.rooms.redeem_claim(call.read(ClaimBody).claim)
    call.noted.room = room
    shown = await shown_to_owner(call, room)
    return reply(
        ClaimedAnswer(room=shown, owner_token=owner_token, ws_url=own_links(call.request).socket(room.id))
    )


async def mint_identity(call: Call) -> web.Response:
    """A signed identity; whoever holds the key vouches for it."""
    body = call.read(NewIdentity)
    tenant = call.caller.tenant or ""
    token = await call.manager.rooms.mint_identity(tenant, body.user_id, body.name, body.hours)
    expires_at = call.manager.now_ms() + round(body.hours * 3_600_000)
    return reply(
        IdentityAnswer(
            token=token, user_id=body.user_id, name=body.name or body.user_id, expires_at=iso(expires_at)
        )
    )


async def _answered(call: Call, wait_s: float) -> Admitted | JoinRequest:
    """The caller's request as soon as it no longer waits, or as it stands after ``wait_s`` seconds."""
    end = time.monotonic() + wait_s
    rooms = call.manager.rooms
    with call.manager.patience(call.request.match_info["id"]) as may_wait:
        if not wait_s or not may_wait:
            return await rooms.redeem_request(call.caller)
        async with call.manager.hub.watch_access(call.room.id) as watch:
            while True:
                outcome = await rooms.redeem_request(call.caller)
                left = end - time.monotonic()
                over = left <= 0 or call.manager.hub.stopping
                if isinstance(outcome, Admitted) or outcome.status != "pending_approval" or over:
                    return outcome
                await watch.changed(min(left, POLL_S))


def _check_own(call: Call) -> None:
    if call.caller.request_id != call.request.match_info["id"]:
        raise RequestNotFound


async def _own_view(call: Call, admitted: Admitted) -> StaffView | RoomView:
    shown = await shown_to(call, admitted.room, admitted.role, lately=True)
    assert isinstance(shown, RoomView), "whoever is in is shown more than a stranger"
    return shown
