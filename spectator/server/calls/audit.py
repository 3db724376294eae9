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
    tenant, room = await _place(call, query)
    entries, following = await call.manager.rooms.audit.entries(
        tenant,
        room=room,
        what=query.what,
        since_ms=int((query.since or 0) * 1000),
        before=query.before,
        limit=query.limit,
    )
    return reply(AuditAnswer(entries=[_entry(one) for one in entries], next=following))


async def _place(call: Call, query: AuditQuery) -> tuple[str | None, str | None]:
    """Whose audit is asked for, and the id of the room if it is about one.

    An API key reads its own tenant's. An operator names a tenant, or a room of any; else it is the operator's
    own. An id is taken as it is: the room may be gone.
    """
    free = call.caller.kind == "operator"
    tenant = query.tenant if free else call.caller.tenant
    if query.tenant not in {None, tenant}:  # whether there is such a tenant makes no difference
        raise NotAllowed("An API key reads the audit of its own tenant. Leave tenant out.")
    anywhere = free and tenant is None
    if query.room is None or (is_room_id(query.room) and not anywhere):
        return tenant, query.room
    found = await call.manager.rooms.find(query.room)
    if found is None or not (anywhere or found.tenant == tenant):
        raise RoomNotFound
    return found.tenant, found.id


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
