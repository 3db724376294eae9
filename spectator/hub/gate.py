"""Whether a connection may go on watching, from what the store says about its room now. Pure."""

from __future__ import annotations

from rooms import Glance, Room
from spectator.hub.codes import Close
from spectator.hub.viewer import Pass


def verdict(right: Pass, glance: Glance | None, now_ms: int) -> Close | None:
    """Why a connection has to end, or None.

    A store that lost a key denies: what is not there permits nothing.

    Args:
        right: by what the connection watches.
        glance: its room, read after the connection was admitted; None when there is no such room.
        now_ms: the store's clock.
    """
    if glance is None:
        return Close.ROOM_NOT_FOUND
    room = glance.room
    if not room.is_active(now_ms):
        return Close.ROOM_CLOSED if room.end_reason == "closed" else Close.ROOM_EXPIRED
    if right.person is not None and _is_blocked(right.person, room):
        return Close.BLOCKED
    if right.expires_at_ms is not None and right.expires_at_ms <= now_ms:
        return Close.GRANT_ENDED
    if right.generation is not None and right.generation != room.generation:
        return Close.UNAUTHORIZED
    if right.request_id is None and right.grant_id is not None:
        member = glance.members.get(right.person or "")
        if member is None or member.grant_id != right.grant_id:
            return Close.GRANT_ENDED
    return None


def _is_blocked(person: str, room: Room) -> bool:
    """Whether the owner named this user; ``u:<tenant>:<user_id>`` is the person of a user."""
    prefix = f"u:{room.tenant}:"
    return person.startswith(prefix) and person.removeprefix(prefix) in room.blocked_users
