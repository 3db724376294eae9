from dataclasses import replace

import pytest

from rooms import AccessLevel, Glance, Member, Parted, PartedBy, Room
from spectator.hub import Close, Pass
from spectator.hub.gate import verdict

NOW = 1_700_000_000_000

ROOM = Room(
    id="r_1",
    code="ABC234",
    name="x",
    tenant="local",
    owner_id=None,
    key_id=None,
    training_session_id=None,
    mode="live_training",
    access_level=AccessLevel.PUBLIC,
    has_password=False,
    require_approval=False,
    approval_timeout=600,
    max_spectators=10,
    status="active",
    end_reason=None,
    created_at_ms=NOW - 1000,
    expires_at_ms=NOW + 1000,
    absolute_at_ms=None,
    idle_ms=None,
    ended_at_ms=None,
    publisher_until_ms=0,
    turned_away=0,
    generation=3,
    listed=False,
)
ANN = Pass("spectator", person="v_ann", grant_id="g1", expires_at_ms=NOW + 500, seated=True)
OWNER = Pass("owner", person="owner", generation=3)
READER = Pass("reader", key_id="k")
ASKER = Pass("asker", person="v_ben", request_id="q1")


def glance(room: Room = ROOM, **members: str) -> Glance:
    rows = {person: Member(person, "spectator", grant, person, NOW) for person, grant in members.items()}
    return Glance(room, rows, len(rows), (), 0, NOW)


def test_who_is_a_member_stays():
    assert verdict(ANN, glance(v_ann="g1"), NOW) is None


@pytest.mark.parametrize("right", [OWNER, READER, ASKER])
def test_keys_and_askers_need_no_row(right: Pass):
    assert verdict(right, glance(), NOW) is None


@pytest.mark.parametrize("right", [ANN, OWNER, READER, ASKER])
def test_no_room_no_right(right: Pass):
    assert verdict(right, None, NOW) is Close.ROOM_NOT_FOUND


def test_no_row_no_right():
    assert verdict(ANN, glance(v_ben="g1"), NOW) is Close.GRANT_ENDED


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("kicked", Close.KICKED),
        ("blocked", Close.BLOCKED),
        ("unlisted", Close.GRANT_ENDED),
        ("unblocked", Close.GRANT_ENDED),
    ],
)
def test_who_was_put_out_is_told_why_by_every_grant_but_the_present_one(why: PartedBy, code: Close):
    parted = {"v_ann": Parted("v_ann", "Ann", why, NOW)}
    assert verdict(ANN, replace(glance(), parted=parted), NOW) is code
    assert verdict(ANN, replace(glance(v_ann="g2"), parted=parted), NOW) is code
    assert verdict(ANN, replace(glance(v_ann="g1"), parted=parted), NOW) is None


def test_whoever_came_by_the_list_goes_with_it():
    cleo = replace(ANN, person="u:local:cleo")
    row = Member("u:local:cleo", "spectator", "g1", "Cleo", NOW, "cleo", by="list")
    listed = replace(ROOM, allowed_users=frozenset({"cleo"}))
    assert verdict(cleo, Glance(listed, {row.person: row}, 1, (), 0, NOW), NOW) is None
    assert verdict(cleo, Glance(ROOM, {row.person: row}, 1, (), 0, NOW), NOW) is Close.GRANT_ENDED
    by_code = replace(row, by="code")
    assert verdict(cleo, Glance(ROOM, {row.person: by_code}, 1, (), 0, NOW), NOW) is None


@pytest.mark.parametrize("right", [ANN, replace(ASKER, person="v_ann")])
def test_an_anonymous_person_can_be_blocked_in_the_room_and_in_the_lobby(right: Pass):
    blocked = replace(ROOM, blocked_users=frozenset({"v_ann"}))
    assert verdict(right, glance(blocked, v_ann="g1"), NOW) is Close.BLOCKED


def test_another_grants_row_is_no_right():
    assert verdict(ANN, glance(v_ann="g2"), NOW) is Close.GRANT_ENDED


def test_a_grant_runs_out():
    assert verdict(ANN, glance(v_ann="g1"), NOW + 500) is Close.GRANT_ENDED


def test_a_key_of_an_older_generation():
    assert verdict(replace(OWNER, generation=2), glance(), NOW) is Close.UNAUTHORIZED


@pytest.mark.parametrize("right", [ANN, OWNER, READER, ASKER])
def test_an_ended_room_ends_everyone_by_its_reason(right: Pass):
    closed = replace(ROOM, status="ended", end_reason="closed")
    expired = replace(ROOM, status="ended", end_reason="expired")
    assert verdict(right, glance(closed, v_ann="g1"), NOW) is Close.ROOM_CLOSED
    assert verdict(right, glance(expired, v_ann="g1"), NOW) is Close.ROOM_EXPIRED


def test_what_looks_expired_after_a_jump_of_the_clock_ends_nobody_yet():
    late = ROOM.expires_at_ms + 7_200_000
    assert verdict(ANN, glance(v_ann="g1"), late, jumped=True) is None
    assert verdict(ANN, glance(), late, jumped=True) is Close.GRANT_ENDED, "a row that is gone is gone"
    ended = replace(ROOM, status="ended", end_reason="closed")
    assert verdict(ANN, glance(ended, v_ann="g1"), late, jumped=True) is Close.ROOM_CLOSED


def test_time_alone_ends_a_room():
    assert verdict(ANN, glance(v_ann="g1"), ROOM.expires_at_ms) is Close.ROOM_EXPIRED


def test_the_blocked_of_this_tenant():
    room = replace(ROOM, blocked_users=frozenset({"eve"}))
    eve = replace(ANN, person="u:local:eve")
    assert verdict(eve, Glance(room, {}, 0, (), 0, NOW), NOW) is Close.BLOCKED
    other = replace(ANN, person="u:other:eve")
    assert verdict(other, Glance(room, {}, 0, (), 0, NOW), NOW) is Close.GRANT_ENDED
