"""Making, listing, showing, changing and ending rooms."""

from __future__ import annotations

from aiohttp import web

from rooms import NewRoom, Role, Room, RoomPatch, is_room_id
from spectator.manager.views import OwnerView, RoomView, StaffView, StrangerView
from spectator.server.answers import (
    ChangedAnswer,
    CreatedAnswer,
    LobbyAnswer,
    OwnerUrlAnswer,
    RoomsAnswer,
    reply,
)
from spectator.server.bodies import CloseQuery, ExtendBody
from spectator.server.keys import WEBHOOKS
from spectator.server.links import join_links, own_links, qr_svg
from spectator.server.routes import Call


async def create_room(call: Call) -> web.Response:
    """Make a room, or find the one of the same name again."""
    key = call.request.headers.get("Idempotency-Key")
    new = call.read(NewRoom)
    call.request.app[WEBHOOKS].check(new.webhook)
    created = await call.manager.create(call.caller, new, key)
    room = call.noted.room = created.room
    if created.reused:
        call.noted.what = "reuse"
    claim = await call.manager.rooms.claim(room)
    join_url = join_links(call.request).room(room.code)
    answer = CreatedAnswer(
        room=await shown_to_owner(call, room),
        owner_token=created.owner_token,
        join_url=join_url,
        owner_url=own_links(call.request).owner(room.code, claim),
        ws_url=own_links(call.request).socket(room.id),
        qr=qr_svg(join_url),
    )
    if created.password is not None:
        answer.password = created.password
    if new.webhook is not None:
        answer.webhook_secret = call.manager.rooms.webhook_secrets(room)[0]
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
    return reply(await shown_to(call, call.room, call.role))


async def change_room(call: Call) -> web.Response:
    """Change what is given."""
    patch = call.read(RoomPatch)
    call.request.app[WEBHOOKS].check(patch.webhook)
    changed = await call.manager.change(call.room, patch)
    shown = await shown_to_owner(call, changed.room)
    answer = ChangedAnswer(**shown.model_dump(exclude_unset=True))
    if changed.password is not None:
        answer.password = changed.password
    if patch.webhook is not None:
        answer.webhook_secret = call.manager.rooms.webhook_secrets(changed.room)[0]
    return reply(answer)


async def extend_room(call: Call) -> web.Response:
    """Let a room live longer."""
    room = await call.manager.rooms.extend(call.room, call.read(ExtendBody).hours)
    return reply(await shown_to_owner(call, room))


async def close_room(call: Call) -> web.Response:
    """End a room for everybody."""
    asked = call.asked(CloseQuery)
    room = await call.manager.rooms.close_room(call.room, keep=asked.keep, trace=asked.trace)
    return reply(await shown_to_owner(call, room))


async def make_claim(call: Call) -> web.Response:
    """A fresh link that makes whoever opens it owner."""
    claim = await call.manager.rooms.claim(call.room)
    return reply(
        OwnerUrlAnswer(
            owner_url=own_links(call.request).owner(call.room.code, claim),
            join_url=join_links(call.request).room(call.room.code),
        )
    )


def hide_code(call: Call, shown: StrangerView) -> None:
    """Leave the code out for strangers who came by the room's id: it may be new because of them."""
    if not isinstance(shown, RoomView) and is_room_id(call.request.match_info["room"]):
        shown.code = None


async def shown_to(call: Call, room: Room, role: Role | None, *, lately: bool = False) -> StrangerView:
    """A room as ``role`` may see it; owner and moderators also get the link to give to others.

    ``lately``: its run may be a second old, where it is watched here.
    """
    (shown,) = await call.manager.views([room], role, lately=lately)
    hide_code(call, shown)
    if isinstance(shown, StaffView):
        shown.join_url = join_links(call.request).room(room.code)
    return shown


async def shown_to_owner(call: Call, room: Room) -> OwnerView:
    """A room as its owner sees it."""
    shown = await shown_to(call, room, "owner")
    assert isinstance(shown, OwnerView), "an owner is shown everything"
    return shown
