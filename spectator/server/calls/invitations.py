"""Invitations: made, listed and withdrawn by the owner. The token is told once, when one is made."""

from __future__ import annotations

from aiohttp import web

from rooms import Invitation, NewInvitation
from spectator.manager.views import iso
from spectator.server.answers import InvitationsAnswer, InvitationView, NewInvitationAnswer, reply
from spectator.server.links import join_links
from spectator.server.routes import Call


async def invite(call: Call) -> web.Response:
    """Make an invitation, and the link that carries it."""
    made, token = await call.manager.rooms.invitations.make(call.room, call.read(NewInvitation))
    call.noted.subject = made.id
    link = join_links(call.request).invited(call.room.code, token)
    shown = _view(made, call.manager.now_ms())
    return reply(NewInvitationAnswer(**shown.model_dump(), url=link, token=token), 201)


async def list_invitations(call: Call) -> web.Response:
    """All invitations of the room, the newest first."""
    now_ms = call.manager.now_ms()
    found = await call.manager.rooms.invitations.list(call.room)
    return reply(InvitationsAnswer(invitations=[_view(one, now_ms) for one in found]))


async def withdraw_invitation(call: Call) -> web.Response:
    """Make an invitation worth nothing; who came in by it stays."""
    one = await call.manager.rooms.invitations.withdraw(call.room, call.request.match_info["id"])
    return reply(_view(one, call.manager.now_ms()))


def _view(one: Invitation, now_ms: int) -> InvitationView:
    return InvitationView(
        id=one.id,
        note=one.note,
        user_id=one.user_id,
        uses=one.uses,
        used=one.used,
        created_at=iso(one.created_at_ms),
        expires_at=iso(one.expires_at_ms),
        status=one.status(now_ms),
    )
