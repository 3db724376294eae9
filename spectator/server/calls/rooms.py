"""Making, listing, showing, changing and ending rooms."""

from __future__ import annotations

from aiohttp import web

from rooms import NewRoom, Room, RoomPatch
from spectator.manager.views import RoomView, StaffView
from spectator.server.answers import (
    ChangedAnswer,
    CreatedAnswer,
    LobbyAnswer,
    OwnerUrlAnswer,
    RoomsAnswer,
    reply,
)
from spectator.server.bodies import ExtendBody
from spectator.server.links import join_links, own_links, qr_svg
from spectator.server.routes import Call


async def create_room(call: Call) -> web.Response:
    """Make a room, or find the one of the same name again."""
    key = call.request.headers.get("Idempotency-Key")
    created = await call.manager.create(call.caller, call.read(NewRoom), key)
    room = created.room
    claim = await call.manager.rooms.claim(room)
    join_url = join_links(call.request).room(room.code)
    answer = CreatedAnswer(
        room=await _staff_view(call, room),
        owner_token=created.owner_token,
        join_url=join_url,
        owner_url=own_links(call.request).owner(room.code, claim),
        ws_url=own_links(call.request).socket(room.id),
        qr=qr_svg(join_url),
    )
    if created.password is not None:
        answer.password = created.password
    return reply(answer, 200 if created.reused else 201)


async def list_rooms(call: Call) -> web.Response:
    """The rooms of the key's tenant."""
    tenant = call.caller.tenant or ""
    role = "owner" if "manage" in call.caller.scopes else "reader"
    shown = await call.manager.views(await call.manager.rooms.list_rooms(tenant), role)
    return reply(RoomsAnswer(rooms=[one for one in shown if isinstance(one, RoomView)]))


async def lobby(call: Call) -> web.Response:
    """The public rooms that are listed."""
    found = await call.manager.rooms.lobby()
    return reply(LobbyAnswer(rooms=await call.manager.views(found, None)))


async def show_room(call: Call) -> web.Response:
    """What this caller may see of a room."""
    (shown,) = await call.manager.views([call.room], call.role)
    return reply(shown)


async def change_room(call: Call) -> web.Response:
    """Change what is given."""
    changed = await call.manager.change(call.room, call.read(RoomPatch))
    shown = await _staff_view(call, changed.room)
    answer = ChangedAnswer(**shown.model_dump())
    if changed.password is not None:
        answer.password = changed.password
    return reply(answer)


async def extend_room(call: Call) -> web.Response:
    """Let a room live longer."""
    room = await call.manager.rooms.extend(call.room, call.read(ExtendBody).hours)
    return reply(await _staff_view(call, room))


async def close_room(call: Call) -> web.Response:
    """End a room for everybody."""
    room = await call.manager.rooms.close_room(call.room)
    return reply(await _staff_view(call, room))


async def make_claim(call: Call) -> web.Response:
    """A fresh link that makes whoever opens it owner."""
    claim = await call.manager.rooms.claim(call.room)
    return reply(OwnerUrlAnswer(owner_url=own_links(call.request).owner(call.room.code, claim)))


async def _staff_view(call: Call, room: Room) -> StaffView:
    (shown,) = await call.manager.views([room], "owner")
    assert isinstance(shown, StaffView), "an owner is shown everything"
    return shown
