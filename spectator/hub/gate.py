"""Whether a connection may go on watching, from what the store says about its room now. Pure."""

from __future__ import annotations

from rooms import Glance, PartedBy, is_blocked, stands
from spectator.hub.codes import Close
from spectator.hub.viewer import Pass


def verdict(right: Pass, glance: Glance | None, now_ms: int, *, jumped: bool = False) -> Close | None:
    """Why a connection has to end, or None.

    A store that lost a key denies: what is not there permits nothing.

    Args:
        right: by what the connection watches.
        glance: its room, read after the connection was admitted; None when there is no such room.
        now_ms: the store's clock.
        jumped: whether that clock jumped just now: what looks expired may only look so, and ends nobody yet.
    """
    if glance is None:
        return Close.ROOM_NOT_FOUND
    room = glance.room
    if room.status == "ended" or not (jumped or room.is_active(now_ms)):
        return Close.ROOM_CLOSED if room.end_reason == "closed" else Close.ROOM_EXPIRED
    if right.person is not None and is_blocked(room, right.person):
        return Close.BLOCKED
    if right.expires_at_ms is not None and right.expires_at_ms <= now_ms and not jumped:
        return Close.GRANT_ENDED
    if right.generation is not None and right.generation != room.generation:
        return Close.UNAUTHORIZED
    return None if right.grant_id is None else _without_row(right, glance)


def cause(parted: PartedBy | None) -> Close:
    """What tells somebody why the owner ended their membership; it ended by itself, or for all, otherwise."""
    return _CAUSES.get(parted, Close.GRANT_ENDED) if parted is not None else Close.GRANT_ENDED


def _without_row(right: Pass, glance: Glance) -> Close | None:
    """Why the grant is worth nothing: the member row is gone, is another's, or permits nothing any more."""
    person = right.person or ""
    member, parted = glance.members.get(person), glance.parted.get(person)
    if member is not None and member.grant_id == right.grant_id and stands(glance.room, member):
        return None
    return cause(parted.cause if parted is not None else None)


_CAUSES: dict[PartedBy, Close] = {"kicked": Close.KICKED, "blocked": Close.BLOCKED}
