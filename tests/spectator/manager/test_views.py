"""A room as each role sees it: a stranger little, a spectator the run, staff the rest, nobody a hash."""

import dataclasses
from typing import Any

import pytest

from rooms import AccessLevel, Room
from spectator.log import Head
from spectator.manager.views import OwnerView, RoomView, StaffView, StrangerView, iso, view

ROOM = Room(
    id="r_1234567890123456",
    code="ABC234",
    name="cartpole",
    tenant="local",
    owner_id="ada",
    key_id="k",
    training_session_id="session",
    mode="live_training",
    access_level=AccessLevel.PASSWORD,
    has_password=True,
    require_approval=True,
    approval_timeout=600,
    max_spectators=10,
    status="active",
    end_reason=None,
    created_at_ms=1_700_000_000_000,
    expires_at_ms=1_700_086_400_000,
    absolute_at_ms=None,
    idle_ms=None,
    ended_at_ms=None,
    publisher_until_ms=0,
    turned_away=3,
    generation=7,
    listed=True,
    allowed_users=frozenset({"bob", "ada"}),
    blocked_users=frozenset({"eve"}),
    config={"lr": 0.1},
    metadata={"note": "secret plan"},
    seats=4,
)
NOW = 1_700_000_060_000
HEAD = Head(
    epoch=1, seq=5, seen_at=NOW, last_event_at=NOW - 1000, run_id="run-1", run_status="active", now=NOW
)
PROTOCOL = {
    "id",
    "code",
    "name",
    "training_session_id",
    "mode",
    "access_level",
    "has_password",
    "require_approval",
    "max_spectators",
    "current_spectators",
    "status",
    "run",
    "created_at",
    "expires_at",
    "listed",
    "config",
    "metadata",
}


def shown(role: str | None, room: Room = ROOM, head: Head | None = HEAD, **given: Any) -> dict[str, Any]:
    return view(room, head, role, NOW, **given).model_dump(mode="json", exclude_unset=True)


def test_a_stranger_sees_what_is_needed_to_join() -> None:
    assert shown(None) == {
        "code": "ABC234",
        "name": "cartpole",
        "access_level": "password",
        "has_password": True,
        "require_approval": True,
        "max_spectators": 10,
        "current_spectators": 4,
        "status": "active",
        "run": {"id": "run-1", "status": "active", "last_event_at": "2023-11-14T22:14:19.000Z"},
    }


@pytest.mark.parametrize(
    ("role", "seats"),
    [(None, None), ("spectator", None), ("reader", 4), ("publisher", 4), ("moderator", 4), ("owner", 4)],
)
def test_a_room_may_tell_its_guests_nothing_of_who_is_here(role: str | None, seats: int | None) -> None:
    assert shown(role, dataclasses.replace(ROOM, presence="nothing"))["current_spectators"] == seats
    assert shown(role, dataclasses.replace(ROOM, presence="count"))["current_spectators"] == 4


def test_a_stranger_to_a_room_by_invitation_is_told_of_no_run() -> None:
    assert "run" not in shown(None, dataclasses.replace(ROOM, access_level=AccessLevel.INVITE_ONLY))


def test_a_spectator_sees_the_room_of_the_protocol() -> None:
    found = shown("spectator")
    assert found.keys() >= PROTOCOL
    assert found["run"] == {"id": "run-1", "status": "active", "last_event_at": "2023-11-14T22:14:19.000Z"}
    assert found["created_at"] == "2023-11-14T22:13:20.000Z"
    assert found["config"] == {"lr": 0.1}
    assert not found.keys() & {"waiting", "turned_away", "allowed_users", "blocked_users", "owner_id"}


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_staff_see_who_waits_and_the_lists(role: str) -> None:
    found = shown(role, waiting=2)
    assert (found["waiting"], found["turned_away"], found["owner_id"]) == (2, 3, "ada")
    assert (found["allowed_users"], found["blocked_users"]) == (["ada", "bob"], ["eve"])


@pytest.mark.parametrize("role", [None, "spectator", "reader", "publisher", "moderator", "owner"])
def test_no_role_sees_a_secret_or_an_inner_field(role: str | None) -> None:
    assert not shown(role).keys() & {"password", "password_hash", "generation", "key_id", "tenant"}


def test_a_room_without_events_has_no_run() -> None:
    assert shown("spectator", head=Head(now=NOW))["run"] is None
    assert shown("spectator", head=None)["run"] is None


def test_a_silent_publisher_is_shown_as_silent() -> None:
    silent = dataclasses.replace(HEAD, now=NOW + 15_000)
    assert shown("spectator", head=silent)["run"]["status"] == "stalled"


def test_a_room_whose_time_is_over_has_ended_swept_or_not() -> None:
    over = dataclasses.replace(ROOM, expires_at_ms=NOW)
    assert shown(None, over)["status"] == "ended"


def test_models_say_which_is_which() -> None:
    kinds = [type(view(ROOM, HEAD, role, NOW)) for role in (None, "reader", "moderator", "owner")]
    assert kinds == [StrangerView, RoomView, StaffView, OwnerView]


def test_the_owner_alone_sees_the_webhook_and_everybody_inside_what_presence_is() -> None:
    room = dataclasses.replace(ROOM, presence="names", webhook="https://example.org/hook?token=x")
    inside = ("spectator", "reader", "moderator", "owner")
    assert [shown(role, room)["presence"] for role in inside] == ["names"] * 4
    assert [role for role in (None, *inside) if "webhook" in shown(role, room)] == ["owner"]
    assert shown("owner", room)["webhook"] == "https://example.org/hook?token=x"
    assert "token=x" not in repr(room)


def test_times_are_utc_with_z() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000Z"
