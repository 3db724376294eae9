"""What is said beside the events: welcome, crowd, requests, notices, status. Pure: facts in, messages out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from rooms import Room
from spectator.hub import crowd, packets
from spectator.hub.packets import Message
from spectator.hub.policy import Policy
from spectator.hub.room import RoomHub
from spectator.hub.viewer import Viewer
from spectator.log import Cursor, run_status

RECONNECT = {"min_ms": 500, "max_ms": 15_000}
"""Between these a viewer whose connection broke without a word draws its delay, growing with each try."""

PONG = packets.plain({"type": "pong"})

OWNERS = crowd.STAFF

SHOWN = (
    "name",
    "code",
    "mode",
    "access_level",
    "has_password",
    "require_approval",
    "max_spectators",
    "status",
    "listed",
    "config",
    "metadata",
    "graphs",
    "training_session_id",
    "enable_metrics_overlay",
    "enable_performance_graphs",
    "enable_decision_visualization",
    "presence",
    "absolute_at_ms",
    "idle_ms",
)
"""Fields of a room whose change is told to those who watch.

Where its end depends on silence it moves with every event, so what is compared is what the end follows from.
"""

SHOWN_TO_STAFF = ("approval_timeout", "allowed_users", "blocked_users", "owner_id", "webhook")
"""Fields of which owner and moderators alone are told."""


def timestamp(ms: int) -> str | None:
    """UTC ISO-8601 with Z; None for 0, which stands for never."""
    if not ms:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def welcome(
    viewer: Viewer, room: msgspec.Raw, policy: Policy, *, resume: str, since: Cursor | None
) -> Message:
    """The first message of ``spectator.v1``.

    ``cursor`` is where the viewer stands now, not where the room does: one that breaks off before anything
    else came and returns with it has lost nothing.

    Args:
        viewer: who is welcomed.
        room: the JSON of the room as its role may see it.
        policy: tells the heartbeat.
        resume: "exact", "conflated", "full" or "none".
        since: what it came back with.
    """
    stands = since if since is not None and resume in {"exact", "conflated"} else Cursor.START
    return packets.plain(
        {
            "type": "welcome",
            "connection_id": viewer.connection_id,
            "room": room,
            "cursor": stands.text,
            "mode": "lobby" if viewer.right.request_id is not None else "live",
            "resume": resume,
            "heartbeat": policy.ping_s,
            "reconnect": RECONNECT,
        },
    )


def requests(room: RoomHub) -> dict[str, Any]:
    """Who waits for the owner's answer, and how many found the room full."""
    waiting = room.glance.waiting if room.glance is not None else ()
    return {
        "type": "requests",
        "waiting": len(waiting),
        "turned_away": room.glance.turned_away if room.glance is not None else 0,
        "requests": [
            {
                "id": request.id,
                "name": request.name,
                "user_id": request.user_id,
                "requested_at": timestamp(request.requested_at_ms),
                "status": request.status,
            }
            for request in waiting
        ],
    }


def access(status: str, token: str | None = None) -> Message:
    """What became of a request to join; an approved one brings the grant."""
    content = {"type": "access", "status": status}
    return packets.plain(content if token is None else {**content, "token": token})


def news(room: RoomHub, kind: str, content: dict[str, Any]) -> Message | None:
    """The message, unless it says what the last of its kind said."""
    told = room.told.get(kind)
    if told is not None and told[0] == content:
        return None
    message = packets.plain(content)
    room.told[kind] = (content, message)
    return message


def notice(code: str, **more: Any) -> Message:
    """Something that viewers are told and that is no event of the room."""
    return packets.plain({"type": "notice", "code": code, **more})


def differs(before: Room, now: Room, role: str) -> bool:
    """Whether something changed that those who watch in this role are told of."""
    names = SHOWN + SHOWN_TO_STAFF if role in OWNERS else SHOWN
    return any(getattr(before, name) != getattr(now, name) for name in names)


def room_changed(room: RoomHub, role: str) -> Message:
    """The notice that the owner changed the room, with the room as this role may see it."""
    return notice("room_changed", room=room.described(role))


def role_changed(room: RoomHub, role: str) -> Message:
    """The notice that somebody is a moderator now, or no longer, with the room as the new role may see it."""
    return notice("role_changed", role=role, room=room.described(role))


def training_status(room: RoomHub, now_ms: int, to: crowd.Audience) -> Message:
    """The flat message that comes each second; ``watching`` only to those who may know who is here."""
    status = {
        "type": "training_status",
        "status": run_status(room.head, now_ms),
        "last_event_at": timestamp(room.head.last_event_at),
    }
    told = crowd.of(room, to)
    return packets.plain(status if told is None else {**status, "watching": told["watching"]})
