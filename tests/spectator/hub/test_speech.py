import json
from dataclasses import replace

import pytest
from msgspec import Raw

from rooms import Glance, JoinRequest, Member, RoomPatch
from spectator.hub import Pass, Policy, speech
from spectator.hub.room import RoomHub
from spectator.log import Cursor, Head
from tests.spectator.hub.test_gate import NOW, ROOM


def read(message) -> dict:
    return json.loads(message.payload)


def room_with(*names: str, waiting: int = 0, turned_away: int = 0) -> RoomHub:
    room = RoomHub("r", 0.0)
    members = {f"v_{name}": Member(f"v_{name}", "spectator", "g", name, NOW) for name in names}
    asked = tuple(
        JoinRequest(f"q{n}", "r", f"v{n}", f"Asker {n}", None, NOW, NOW + 1, "pending_approval")
        for n in range(waiting)
    )
    room.glance = Glance(ROOM, members, len(names), asked, turned_away, NOW)
    return room


def test_welcome_tells_where_the_viewer_stands_not_where_the_room_does(viewers):
    viewer, _ = viewers()
    since = Cursor(7, 3, b"0000000a")
    for resume, cursor in (
        ("exact", since),
        ("conflated", since),
        ("full", Cursor.START),
        ("none", Cursor.START),
    ):
        told = read(speech.welcome(viewer, Raw(b'{"id":"r"}'), Policy(), resume=resume, since=since))
        assert (told["type"], told["resume"], told["cursor"]) == ("welcome", resume, cursor.text)
        assert told["reconnect"]["min_ms"] < told["reconnect"]["max_ms"]


def test_welcome_in_the_lobby(viewers):
    viewer, _ = viewers()
    viewer.right = Pass("asker", request_id="q")
    assert read(speech.welcome(viewer, Raw(b"{}"), Policy(), resume="none", since=None))["mode"] == "lobby"


def test_requests_are_told_with_their_times(viewers):
    told = speech.requests(room_with(waiting=2, turned_away=4))
    assert (told["waiting"], told["turned_away"]) == (2, 4)
    assert told["requests"][0] == {
        "id": "q0",
        "name": "Asker 0",
        "user_id": None,
        "requested_at": "2023-11-14T22:13:20.000Z",
        "status": "pending_approval",
    }


def test_what_was_said_is_not_said_again():
    room = room_with()
    assert speech.news(room, "crowd", {"n": 1}) is not None
    assert speech.news(room, "crowd", {"n": 1}) is None
    assert speech.news(room, "crowd", {"n": 2}) is not None


def test_some_changes_of_a_room_are_told():
    for role in ("owner", "moderator", "spectator", "reader"):
        assert not speech.differs(ROOM, replace(ROOM, expires_at_ms=1, seats=4), role)
        assert speech.differs(ROOM, replace(ROOM, name="other"), role)
        assert speech.differs(ROOM, replace(ROOM, max_spectators=99), role)
        assert speech.differs(ROOM, replace(ROOM, absolute_at_ms=NOW), role)


@pytest.mark.parametrize("field", speech.SHOWN_TO_STAFF)
def test_some_are_told_to_staff_alone(field: str):
    changed = replace(ROOM, **{field: object()})
    assert [
        role for role in ("owner", "moderator", "spectator", "reader") if speech.differs(ROOM, changed, role)
    ] == [
        "owner",
        "moderator",
    ]


def test_whatever_an_owner_can_change_is_told_to_somebody():
    named = {"session_duration_hours": "absolute_at_ms", "idle_hours": "idle_ms", "custom_code": "code"}
    unseen = {
        "password",
        "password_protected",
    }  # a new password acts on new joins; whether there is one is told
    changed = {named.get(field, field) for field in RoomPatch.model_fields} - unseen
    assert changed <= {*speech.SHOWN, *speech.SHOWN_TO_STAFF}


def test_the_status_of_training():
    room = room_with()
    told = read(speech.training_status(room, NOW, "spectators"))
    assert told == {"type": "training_status", "status": None, "last_event_at": None, "watching": 0}
    room.head = Head(run_status="active", seen_at=NOW - 20_000, last_event_at=NOW - 20_000)
    told = read(speech.training_status(room, NOW, "spectators"))
    assert (told["status"], told["last_event_at"]) == ("stalled", "2023-11-14T22:13:00.000Z")


def test_the_status_says_who_watches_only_to_those_who_may_know():
    room = room_with()
    room.glance = replace(room.glance, room=replace(ROOM, presence="nothing"))
    assert "watching" not in read(speech.training_status(room, NOW, "spectators"))
    assert read(speech.training_status(room, NOW, "staff"))["watching"] == 0
