"""Rooms, members and requests made by hand, for tests that need no store."""

from __future__ import annotations

from typing import Any

from rooms import AccessLevel, JoinRequest, Member, Room

NOW = 1_700_000_000_000


def a_room(**fields: Any) -> Room:
    """An active public room of ten seats that ends in an hour."""
    plain: dict[str, Any] = {
        "id": "r_0123456789abcdef",
        "code": "ABC234",
        "name": "a room",
        "tenant": "local",
        "owner_id": None,
        "key_id": "k_1",
        "training_session_id": None,
        "mode": "live_training",
        "access_level": AccessLevel.PUBLIC,
        "has_password": False,
        "require_approval": False,
        "approval_timeout": 600,
        "max_spectators": 10,
        "status": "active",
        "end_reason": None,
        "created_at_ms": NOW,
        "expires_at_ms": NOW + 3_600_000,
        "absolute_at_ms": NOW + 3_600_000,
        "idle_ms": None,
        "ended_at_ms": None,
        "publisher_until_ms": 0,
        "turned_away": 0,
        "generation": 1,
        "listed": False,
    }
    return Room(**(plain | fields))


def a_member(person: str = "v_1", **fields: Any) -> Member:
    """A spectator."""
    plain: dict[str, Any] = {
        "person": person,
        "role": "spectator",
        "grant_id": "g_1",
        "name": "Ann",
        "joined_at_ms": NOW,
    }
    return Member(**(plain | fields))


def a_request(**fields: Any) -> JoinRequest:
    """A request that waits."""
    plain: dict[str, Any] = {
        "id": "q_1",
        "room_id": "r_0123456789abcdef",
        "person": "v_1",
        "name": "Ann",
        "user_id": None,
        "requested_at_ms": NOW,
        "expires_at_ms": NOW + 600_000,
        "status": "pending_approval",
    }
    return JoinRequest(**(plain | fields))
