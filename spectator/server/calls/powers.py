"""What owner and moderators do while people watch: put out, block, make moderators, rotate, transfer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from rooms import Affected, Role, Room, Rotation, Transfer
from spectator.server.answers import AffectedAnswer, RotatedAnswer, reply
from spectator.server.calls.rooms import shown_to_owner
from spectator.server.routes import Call

Power = Callable[[Room, str, Role], Awaitable[Affected]]


async def kick(call: Call) -> web.Response:
    """End somebody's visit; they may ask again after a minute."""
    return await _use(call, call.manager.rooms.powers.kick)


async def block(call: Call) -> web.Response:
    """Put somebody out until they are unblocked, and the address of an anonymous person for an hour."""
    return await _use(call, call.manager.rooms.powers.block)


async def unblock(call: Call) -> web.Response:
    """Take somebody off the list of the blocked."""
    return await _use(call, call.manager.rooms.powers.unblock)


async def promote(call: Call) -> web.Response:
    """Make somebody moderator: on a live connection at once, without a seat."""
    powers, person = call.manager.rooms.powers, call.request.match_info["id"]
    return _told(call, await powers.promote(call.room, person))


async def demote(call: Call) -> web.Response:
    """Make a moderator a spectator again."""
    powers, person = call.manager.rooms.powers, call.request.match_info["id"]
    return _told(call, await powers.demote(call.room, person))


async def rotate(call: Call) -> web.Response:
    """Replace the code, the password or the room key; the old one is worth nothing at once."""
    what = call.read(Rotation).what
    made = await call.manager.rooms.powers.rotate(call.room, what)
    shown = await shown_to_owner(call, made.room)
    answer = RotatedAnswer(**shown.model_dump(exclude_unset=True))
    if made.password is not None:
        answer.password = made.password
    if what == "key":
        answer.owner_token = made.owner_token
    return reply(answer)


async def transfer(call: Call) -> web.Response:
    """Make the room another user's of the tenant."""
    room = await call.manager.rooms.powers.transfer(call.room, call.read(Transfer).user_id)
    return reply(await shown_to_owner(call, room))


async def _use(call: Call, power: Power) -> web.Response:
    """Use a power that moderators have too, on the person of the address."""
    assert call.role is not None, "the policy lets in owners and moderators only"
    return _told(call, await power(call.room, call.request.match_info["id"], call.role))


def _told(call: Call, affected: Affected) -> web.Response:
    call.noted.subject = f"{affected.id} {affected.name}"
    return reply(AffectedAnswer(id=affected.id, name=affected.name, status=affected.status))
