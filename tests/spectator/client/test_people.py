from __future__ import annotations

from typing import List

import pytest

from spectator.client.people import Blocked, JoinRequest, Spectator, person_id, request_id


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


def test_whether_somebody_watches_and_who_vouches_for_them() -> None:
    told = {"id": "u:local:ada", "name": "Ada", "role": "spectator", "joined_at": "", "lag_ms": None}
    person = Spectator.read({**told, "watching": False, "user_id": "ada"})
    assert (person.watching, person.user_id) == (False, "ada")
    assert Blocked.read({"id": "v_1", "name": None, "blocked_at": None}) == Blocked("v_1", "", None, "")


def test_a_person_is_named_by_the_record_or_the_id() -> None:
    person = Spectator("v_1", "Ada", "spectator", "", None)
    assert person_id(person) == person_id("v_1") == person_id(Blocked("v_1", "Ada", None, "")) == "v_1"
    asks = JoinRequest("q_1", "Ada", None, "", "pending_approval", bool, bool)
    assert request_id(asks) == request_id("q_1") == "q_1"
    for wrong in (asks, "", None, 3):
        with pytest.raises(TypeError, match="a person is"):
            person_id(wrong)
    for wrong in (person, "", None):
        with pytest.raises(TypeError, match="a request is"):
            request_id(wrong)
