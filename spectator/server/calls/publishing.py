"""What trainers send: events, and the empty POST that says they are alive."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from rooms import InvalidRequest, Room, UnsupportedMediaType, claim_mark
from spectator.log import Fence
from spectator.server import policy
from spectator.server.intake import read_events
from spectator.server.keys import PUBLISHING
from spectator.server.routes import Call

NDJSON: Final = "application/x-ndjson"
JSON: Final = "application/json"
_LINES: Final = frozenset({NDJSON, "application/ndjson", "application/jsonl"})


async def publish(call: Call) -> web.Response:
    """Append events; nothing is read from a stranger's body before the room has let them publish."""
    turns = call.request.app[PUBLISHING]
    async with turns.turn():
        call.noted.room = room = await _room_to_publish_into(call)
    sequence = _sequence(call.request)
    body = await read_events(call.request)
    ndjson = _is_ndjson(call.request, body)
    async with turns.turn():
        answer = await call.manager.publish(
            room,
            body,
            ndjson=ndjson,
            producer=call.request.headers.get("Spectator-Producer"),
            sequence=sequence,
            fence=_fence(call),
        )
    return web.Response(body=answer, content_type=JSON)


async def _room_to_publish_into(call: Call) -> Room:
    """The room, from a second-old memory where that is enough: the script that appends looks again."""
    ref = call.request.match_info["room"]
    room = await call.manager.rooms.find(ref, fresh=False, caller=call.caller)
    if room is not None and call.manager.rooms.may_publish(call.caller, room):
        return room
    room, role = await call.manager.rooms.look(ref, call.caller, call.client)
    policy.check_standing(policy.PUBLISHER, call.caller, room, role)
    return room


def _fence(call: Call) -> Fence:
    """What the room must still say of this publisher, so that one who was replaced appends nothing more."""
    claim = call.request.headers.get("Spectator-Claim")
    return Fence(call.caller.generation, None if not claim else claim_mark(claim))


def _is_ndjson(request: web.Request, body: bytes) -> bool:
    if request.content_type in _LINES:
        return True
    if request.content_type == JSON:
        return False
    if not body.strip():
        return True
    raise UnsupportedMediaType(f"Send events as {NDJSON}, one object a line, or as {JSON}.")


def _sequence(request: web.Request) -> int | None:
    text = request.headers.get("Spectator-Sequence")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidRequest("Spectator-Sequence must be a whole number from 1.", field="Spectator-Sequence")
    return int(text)
