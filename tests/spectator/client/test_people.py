from __future__ import annotations

from typing import List

from spectator.client.people import JoinRequest, Spectator


def test_a_request_can_be_answered_where_it_stands() -> None:
    asked: List[str] = []

    def approve(request_id: str) -> bool:
        asked.append("approve " + request_id)
        return True

    def deny(request_id: str) -> bool:
        asked.append("deny " + request_id)
        return False

    request = JoinRequest.read({"id": "q_1", "name": "Ada", "user_id": "u", "more": 1}, approve, deny)
    assert request.approve()
    assert not request.deny()
    assert asked == ["approve q_1", "deny q_1"]
    assert (request.name, request.user_id, request.status) == ("Ada", "u", "pending_approval")


def test_a_person_with_and_without_a_known_lag() -> None:
    told = {
        "id": "v_1",
        "name": "Ada",
        "role": "moderator",
        "joined_at": "2024-01-01T00:00:00Z",
        "lag_ms": 12,
    }
    assert Spectator.read(told) == Spectator("v_1", "Ada", "moderator", "2024-01-01T00:00:00Z", 12.0)
    assert Spectator.read({"id": "v_1", "lag_ms": None}).lag_ms is None
