"""Who is told what about who is here, and how often: with a clock one can push."""

import json
from dataclasses import replace

import pytest

from rooms import Glance, Member, Present
from spectator.hub import Pass, crowd
from spectator.hub.crowd import RESTLESS_S, SMALL, Crowd
from spectator.hub.room import RoomHub
from tests.spectator.hub.test_gate import NOW, ROOM


def room_of(*names: str, presence: str = "count") -> RoomHub:
    """A room in which the members of these names are here; its members are more."""
    room = RoomHub("r", 0.0)
    members = {f"v_{name}": Member(f"v_{name}", "spectator", "g", name, NOW) for name in (*names, "away")}
    room.glance = Glance(replace(ROOM, presence=presence), members, len(names), (), 0, NOW)
    room.present = Present(len(names), tuple(f"v_{name}" for name in names))
    return room


def many(room: RoomHub, count: int) -> None:
    room.present = Present(count, room.present.first)


def said(message) -> dict:
    return json.loads(message.payload)


@pytest.mark.parametrize(
    ("role", "to"),
    [("owner", "staff"), ("moderator", "staff"), ("spectator", "spectators"), ("reader", "spectators")],
)
def test_only_owner_and_moderators_are_staff(role, to):
    assert crowd.audience(role) == to


@pytest.mark.parametrize(
    ("presence", "spectators"),
    [
        ("names", {"type": "crowd", "watching": 2, "names": ["ann", "ben"]}),
        ("count", {"type": "crowd", "watching": 2}),
        ("nothing", None),
    ],
)
def test_spectators_learn_what_the_room_allows_and_staff_always_everything(presence, spectators):
    room = room_of("ben", "ann", presence=presence)
    assert crowd.of(room, "spectators") == spectators
    assert crowd.of(room, "staff") == {"type": "crowd", "watching": 2, "names": ["ann", "ben"]}


def test_owners_and_those_who_just_lost_their_row_have_no_name():
    room = room_of("ann")
    room.present = Present(3, ("owner", "v_ann", "v_gone"))
    assert crowd.of(room, "staff") == {"type": "crowd", "watching": 3, "names": ["ann"]}


def test_nothing_is_told_of_a_room_that_was_never_read():
    assert crowd.of(RoomHub("r", 0.0), "staff") is None


def test_a_small_room_hears_of_every_change_and_of_nothing_twice(clock):
    room, told = room_of("ann"), Crowd()
    assert said(told.news(room, "spectators", clock()))["watching"] == 1
    assert told.news(room, "spectators", clock()) is None
    for count in (2, 3, 2, SMALL):
        clock.push(1)
        many(room, count)
        assert said(told.news(room, "spectators", clock()))["watching"] == count
        clock.push(1)
        assert told.news(room, "spectators", clock()) is None


def test_a_crowd_hears_of_what_matters_at_once_and_of_the_rest_later(clock):
    room, told = room_of("ann"), Crowd()
    many(room, 1000)
    told.news(room, "spectators", clock())
    for second in range(1, int(RESTLESS_S)):
        clock.push(1)
        many(room, 1000 + second)
        assert told.news(room, "spectators", clock()) is None
    clock.push(1)
    assert said(told.news(room, "spectators", clock()))["watching"] == 1004
    clock.push(1)
    many(room, 1060)
    assert said(told.news(room, "spectators", clock()))["watching"] == 1060


def test_somebody_who_comes_and_goes_all_the_time_does_not_make_a_crowd_talk(clock):
    room, told, messages = room_of("ann"), Crowd(), 0
    for second in range(60):
        many(room, 500 + second % 2)
        messages += told.news(room, "staff", clock()) is not None
        clock.push(1)
    assert messages <= 60 / RESTLESS_S + 1


def test_five_thousand_who_come_within_a_minute_are_told_of_in_steps(clock):
    room, told, seen = room_of("ann"), Crowd(), []
    for count in range(0, 5001, 83):
        many(room, count)
        message = told.news(room, "spectators", clock())
        seen += [said(message)["watching"]] if message is not None else []
        clock.push(1)
    clock.push(RESTLESS_S)
    message = told.news(room, "spectators", clock())
    seen += [said(message)["watching"]] if message is not None else []
    assert len(seen) < 45
    assert seen == sorted(seen)
    assert seen[-1] == room.present.count, "the last figure always arrives"


def test_while_thousands_come_within_seconds_they_are_not_told_of_each_other_each_second(clock):
    room, told, messages = room_of("ann"), Crowd(), 0
    for second in range(1, 6):
        many(room, 1000 * second)
        messages += told.news(room, "spectators", clock()) is not None
        clock.push(1)
    assert messages <= 3, "a message to thousands costs as much as to let them in"
    clock.push(RESTLESS_S)
    assert said(told.news(room, "spectators", clock()))["watching"] == 5000


def test_what_may_be_told_changes_at_once_also_in_a_crowd(clock):
    room, told = room_of("ann", presence="names"), Crowd()
    many(room, 1000)
    assert "names" in said(told.news(room, "spectators", clock()))
    room.glance = replace(room.glance, room=replace(ROOM, presence="count"))
    assert "names" not in said(told.news(room, "spectators", clock()))
    room.glance = replace(room.glance, room=replace(ROOM, presence="nothing"))
    assert told.news(room, "spectators", clock()) is None
    room.glance = replace(room.glance, room=replace(ROOM, presence="count"))
    assert said(told.news(room, "spectators", clock())) == {"type": "crowd", "watching": 1000}


def test_newcomers_share_what_everybody_was_told_last(clock):
    room, told = room_of("ann"), Crowd()
    many(room, 1000)
    first = told.newest(room, "spectators", clock())
    many(room, 1001)
    assert told.newest(room, "spectators", clock()) is first
    assert told.newest(room, "staff", clock()) is not first
    room.glance = replace(room.glance, room=replace(ROOM, presence="nothing"))
    assert told.newest(room, "spectators", clock()) is None, "not what could be told a moment ago"


def test_two_messages_at_most_however_many_look(clock, viewers):
    room = room_of("ann", presence="names")
    for number in range(100):
        viewer, _ = viewers()
        viewer.right = Pass("spectator" if number else "owner", person=f"v_{number}")
        room.admit(viewer, lambda *_: {})
    told = {id(room.crowd.newest(room, crowd.audience(v.right.role), clock())) for v in room.viewers}
    assert len(told) == 2
