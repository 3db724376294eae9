"""A room as one role may see it: models of their own, so that nothing leaks by being forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from rooms import AccessLevel, Room
from spectator.log import Head, run_status


class RunView(BaseModel):
    """The run that happens in a room; ``last_event_at`` is None before its first event."""

    model_config = ConfigDict(extra="forbid")

    id: str
    status: Literal["active", "stalled", "crashed", "failed", "finished"]
    last_event_at: str | None


class StrangerView(BaseModel):
    """What anybody with the code may know before joining.

    ``current_spectators`` is None where the room tells spectators nothing of who is here, ``code`` for who
    came by another way than the code: it may have been changed because of them.
    """

    model_config = ConfigDict(extra="forbid")

    id: str | None = None
    code: str | None
    name: str
    access_level: str
    has_password: bool
    require_approval: bool
    max_spectators: int
    current_spectators: int | None
    status: Literal["active", "paused", "ended"]
    run: RunView | None = None


class RoomView(StrangerView):
    """What somebody who is in the room may know."""

    id: str
    code: str
    training_session_id: str | None
    mode: str
    run: RunView | None
    created_at: str
    expires_at: str
    listed: bool
    presence: Literal["names", "count", "nothing"]
    enable_metrics_overlay: bool
    enable_performance_graphs: bool
    enable_decision_visualization: bool
    config: dict[str, Any]
    metadata: dict[str, Any]


class StaffView(RoomView):
    """What owner and moderators may know beside; ``join_url`` where the address of the page is known."""

    join_url: str | None = None
    waiting: int
    turned_away: int
    approval_timeout: int
    owner_id: str | None
    allowed_users: list[str]
    blocked_users: list[str]
    graphs: list[dict[str, Any]] | None


class OwnerView(StaffView):
    """What the owner alone may know beside: the address that is told of new requests."""

    webhook: str | None


_OPEN_LEVELS = frozenset({AccessLevel.PUBLIC, AccessLevel.PASSWORD})
"""Levels at which the code (and the password) lets in; who has the code may know whether anything happens."""

STAFF_ROLES = frozenset({"owner", "moderator"})

_GUESTS = frozenset({None, "spectator"})
"""Those to whom the room's ``presence`` applies; strangers too, or a spectator would ask as one."""


@lru_cache(maxsize=1024)  # when a room was made, and ends, is told to each who joins it
def iso(time_ms: int) -> str:
    """Milliseconds since 1970 as UTC ISO-8601 with ``Z``."""
    return (
        datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def view(room: Room, head: Head | None, role: str | None, now_ms: int, waiting: int = 0) -> StrangerView:
    """Build what ``role`` may see.

    Args:
        room: the room.
        head: the head of its log; None when nothing is known of a run.
        role: None for a stranger, who sees what is needed to join and no more.
        now_ms: the store's clock, by which a room whose time is over has ended, swept or not.
        waiting: join requests that wait; told to owner and moderators only.
    """
    shown = _for_strangers(room, now_ms)
    if role in _GUESTS and room.presence == "nothing":
        shown["current_spectators"] = None
    if role is None:
        if room.access_level in _OPEN_LEVELS:
            shown["run"] = _run(head)
        return StrangerView(**shown)
    shown |= _for_spectators(room)
    shown["run"] = _run(head)
    if role not in STAFF_ROLES:
        return RoomView(**shown)
    shown |= _for_staff(room)
    if role != "owner":
        return StaffView(**shown, waiting=waiting)
    return OwnerView(**shown, waiting=waiting, webhook=room.webhook)


def _for_strangers(room: Room, now_ms: int) -> dict[str, Any]:
    return {
        "code": room.code,
        "name": room.name,
        "access_level": room.access_level.value,
        "has_password": room.has_password,
        "require_approval": room.require_approval,
        "max_spectators": room.max_spectators,
        "current_spectators": room.seats,
        "status": room.status if room.is_active(now_ms) else "ended",
    }


def _for_spectators(room: Room) -> dict[str, Any]:
    return {
        "id": room.id,
        "training_session_id": room.training_session_id,
        "mode": room.mode,
        "created_at": iso(room.created_at_ms),
        "expires_at": iso(room.expires_at_ms),
        "listed": room.listed,
        "presence": room.presence,
        "enable_metrics_overlay": room.enable_metrics_overlay,
        "enable_performance_graphs": room.enable_performance_graphs,
        "enable_decision_visualization": room.enable_decision_visualization,
        "config": dict(room.config),
        "metadata": dict(room.metadata),
    }


def _for_staff(room: Room) -> dict[str, Any]:
    return {
        "turned_away": room.turned_away,
        "approval_timeout": room.approval_timeout,
        "owner_id": room.owner_id,
        "allowed_users": sorted(room.allowed_users),
        "blocked_users": sorted(room.blocked_users),
        "graphs": None if room.graphs is None else [dict(graph) for graph in room.graphs],
    }


def _run(head: Head | None) -> RunView | None:
    status = run_status(head, head.now) if head is not None else None
    if head is None or status is None:
        return None
    last = iso(head.last_event_at) if head.last_event_at else None
    return RunView(id=head.run_id, status=status, last_event_at=last)
