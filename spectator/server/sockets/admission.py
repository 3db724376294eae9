"""By what right a caller may watch a room: from a credential to a pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from rooms import (
    OWNER_PERSON,
    AccessLevel,
    Admitted,
    Caller,
    JoinAsk,
    Role,
    Room,
    RoomClosed,
    RoomExpired,
    RoomNotFound,
    Unauthorized,
)
from spectator.hub import Close, Describe, Ended, Pass, cause
from spectator.log import Head
from spectator.manager import Manager
from spectator.server.policy import SOCKET, STREAMER, belongs, check_credential, check_standing

ASKER = "asker"
"""The role of who waits in the lobby: of the room they are shown what a stranger is."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A room, by what right a connection is in it, and how the room is shown to it."""

    room: Room
    right: Pass
    describe: Describe


async def admit(manager: Manager, ref: str, caller: Caller, client: str) -> Admission:
    """Decide about one caller and one room.

    Args:
        manager: the domain.
        ref: the room's code or id.
        caller: who presents a credential.
        client: the address that a wrong code is counted for.

    Raises:
        Ended: the grant has run out, or its member row is gone; the code says why.
        Unauthorized, NotAllowed: the credential is worth nothing any more, or is none that watches.
        RoomsError: there is no such room for this caller, too many wrong codes, or no store.
    """
    check_credential(SOCKET, caller)
    room, role = await manager.rooms.look(ref, caller, client)
    if not belongs(caller, room):
        raise RoomNotFound
    if not room.is_active(manager.now_ms()):
        raise RoomClosed if room.end_reason == "closed" else RoomExpired
    if caller.kind == "grant" and caller.room_id == room.id and role is None and caller.person is not None:
        raise await parting(manager, room, caller.person)
    return judge(manager, room, caller, role)


async def parting(manager: Manager, room: Room, person: str) -> Ended:
    """Why somebody who was in the room is not in it any more, as the end of a connection."""
    return Ended(cause(await manager.rooms.powers.cause(room, person)))


def judge(manager: Manager, room: Room, caller: Caller, role: Role | None) -> Admission:
    """What a caller with this role may do in the room; raises as ``admit``. Pure."""
    if caller.kind == "lobby" and caller.room_id == room.id:
        right = Pass(ASKER, person=caller.person, request_id=caller.request_id)
        return Admission(room, right, partial(_shown, manager))
    if caller.kind == "grant" and caller.room_id == room.id and (caller.expired or role is None):
        raise Ended(Close.GRANT_ENDED)
    check_standing(STREAMER, caller, room, role)
    assert role is not None, "whoever may watch is something to the room"
    return Admission(room, _pass(caller, role), partial(_shown, manager))


async def visit(manager: Manager, room: Room, client: str) -> Admission:
    """Let an anonymous visitor into a public room that asks for nothing; it takes a seat.

    Raises:
        RoomsError: the room is full, over, or not that open any more.
    """
    joined = await manager.join(room.code, Caller("anonymous"), JoinAsk(), client)
    if not isinstance(joined, Admitted):
        raise Unauthorized("This room asks the owner first. Join it by POST, then connect with the token.")
    caller = await manager.rooms.caller(joined.token)
    admission = judge(manager, joined.room, caller, joined.role)
    return replace(admission, right=replace(admission.right, visiting=True))


def open_to_all(room: Room) -> bool:
    """Whether anybody may come in without a word: public, and nobody is asked."""
    return room.access_level is AccessLevel.PUBLIC and not room.require_approval


def _pass(caller: Caller, role: str) -> Pass:
    if role == "owner":
        return Pass("owner", person=OWNER_PERSON, generation=caller.generation, key_id=caller.key_id)
    if role == "reader":
        return Pass("reader", key_id=caller.key_id)
    return Pass(
        role,
        person=caller.person,
        grant_id=caller.grant_id,
        expires_at_ms=caller.expires_at_ms,
        seated=role == "spectator",
    )


def _shown(manager: Manager, role: str | None, room: Room, head: Head, waiting: int) -> dict[str, Any]:
    if role not in {None, ASKER}:
        return manager.room_view(room, head, role, waiting)
    return manager.room_view(room, head, None, waiting) | {"code": None}
