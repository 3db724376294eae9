"""Who did what to which room, for the tenant it happened to and for the operator."""

from __future__ import annotations

from aiohttp import web

from rooms import AuditEntry, NotAllowed, RoomNotFound, is_room_id
from spectator.manager.views import iso
from spectator.server.answers import ActorView, AuditAnswer, AuditEntryView, reply
from spectator.server.bodies import AuditQuery
from spectator.server.routes import Call


async def show_audit(call: Call) -> web.Response:
    """A page of a tenant's audit, newest first."""
    query = call.asked(AuditQuery)
    tenant = _tenant(call, query.tenant)
    entries, following = await call.manager.rooms.audit.entries(
        tenant,
        room=await _room(call, query.room, tenant),
        what=query.what,
        since_ms=int((query.since or 0) * 1000),
        before=query.before,
        limit=query.limit,
    )
    return reply(AuditAnswer(entries=[_entry(one) for one in entries], next=following))


def _tenant(call: Call, asked: str | None) -> str | None:
    """Whose audit is asked for: an API key's own, or whichever the operator names (none: the operator's)."""
    if call.caller.kind == "operator":
        return asked
    if asked not in {None, call.caller.tenant}:  # whether there is such a tenant makes no difference
        raise NotAllowed("An API key reads the audit of its own tenant. Leave tenant out.")
    return call.caller.tenant


async def _room(call: Call, ref: str | None, tenant: str | None) -> str | None:
    """The id of the room that is asked for; an id is taken as it is, for rooms that are gone."""
    if ref is None or is_room_id(ref):
        return ref
    found = await call.manager.rooms.find(ref)
    if found is None or found.tenant != tenant:
        raise RoomNotFound
    return found.id


def _entry(one: AuditEntry) -> AuditEntryView:
    return AuditEntryView(
        id=one.id,
        at=iso(one.at_ms),
        what=one.what,
        outcome=one.outcome,
        tenant=one.tenant,
        room=one.room,
        actor=ActorView(kind=one.actor.kind, id=one.actor.id, name=one.actor.name),
        subject=one.subject,
        client=one.client,
        count=one.count,
    )
