import json
from typing import Any

import pytest

from rooms import AccessLevel, NewRoom, terms
from rooms.store import rows
from tests.rooms.made import NOW, a_member, a_request


def document(**fields: Any) -> dict[str, Any]:
    made = terms.document(NewRoom.read({}), name="n", tenant="local", key_id="k_1", name_key=None)
    return made | {"access_level": "password", "password_hash": "$argon2id$hash"} | fields


def values(**fields: bytes) -> list[bytes | None]:
    plain = {
        "status": b"active",
        "version": b"v",
        "revision": b"r",
        "generation": b"1",
        "code": b"ABC234",
        "max": b"10",
        "created_at": b"1700000000000",
        "expires_at": b"1700003600000",
        "absolute_at": b"",
        "idle_ms": b"3600000",
        "publisher_until": b"1.70000001e+12",
    }
    return [(plain | fields).get(name) for name in rows.FIELDS]


def test_a_room_is_read_from_fields_and_document() -> None:
    record = rows.record("r_1", values(), document(allowed_users=["a"]), 3)
    room = record.room
    assert (room.id, room.code, room.seats, room.max_spectators) == ("r_1", "ABC234", 3, 10)
    assert (room.absolute_at_ms, room.idle_ms, room.expires_at_ms) == (None, 3_600_000, NOW + 3_600_000)
    assert room.publisher_until_ms == 1_700_000_010_000
    assert (room.access_level, room.has_password) == (AccessLevel.PASSWORD, True)
    assert room.allowed_users == {"a"}
    assert (record.version, record.revision, record.password_hash) == ("v", "r", "$argon2id$hash")


def test_the_hash_stays_behind() -> None:
    record = rows.record("r_1", values(), document(), 0)
    assert "argon2" not in repr(record.room) + repr(record)


def test_an_ended_room_says_why() -> None:
    room = rows.record(
        "r_1", values(status=b"ended", end_reason=b"closed", ended_at=b"5"), document(), 0
    ).room
    assert (room.status, room.end_reason, room.ended_at_ms) == ("ended", "closed", 5)


@pytest.mark.parametrize("member", [a_member(), a_member("u:local:ann", user_id="ann", role="moderator")])
def test_a_member_is_read_as_it_was_written(member: Any) -> None:
    assert rows.member(member.person, rows.member_row(member).encode()) == member


def test_members_come_in_the_order_they_joined() -> None:
    late, early = a_member("v_1", joined_at_ms=9), a_member("v_2", joined_at_ms=1)
    assert list(rows.members(pairs_of(late, early))) == ["v_2", "v_1"]


def pairs_of(*members: Any) -> list[bytes]:
    return [part for one in members for part in (one.person.encode(), rows.member_row(one).encode())]


def test_only_rows_that_are_new_or_others_are_read_again() -> None:
    first = [a_member(f"v_{number}", joined_at_ms=number) for number in range(5)]
    before = rows.listed(pairs_of(*first))
    promoted = a_member("v_2", joined_at_ms=2, role="moderator")
    late, early = a_member("v_9", joined_at_ms=9), a_member("v_8", joined_at_ms=1)
    after = rows.listed(pairs_of(late, first[4], promoted, first[1], early, first[0]), before)
    assert after == rows.listed(pairs_of(late, first[4], promoted, first[1], early, first[0]))
    assert list(after.members) == ["v_0", "v_1", "v_8", "v_2", "v_4", "v_9"]
    assert after.members["v_4"] is before.members["v_4"], "it was not read again"
    assert after.members["v_2"].role == "moderator"
    assert list(before.members) == [f"v_{number}" for number in range(5)], "what others hold stays as it was"


def test_newcomers_come_after_those_who_are_there() -> None:
    before = rows.listed(pairs_of(a_member("v_1", joined_at_ms=1)))
    both = pairs_of(a_member("v_1", joined_at_ms=1), a_member("v_0", joined_at_ms=2))
    assert list(rows.listed(both, before).members) == ["v_1", "v_0"]
    assert rows.listed([], before).members == {}


def test_a_request_is_read_as_it_was_written_while_it_waits() -> None:
    request = a_request(name="日本", user_id="ann")
    row = rows.request_row(request).encode()
    assert rows.request(request.room_id, row, NOW) == request
    assert rows.request(request.room_id, row, request.expires_at_ms).status == "expired"


@pytest.mark.parametrize("status", ["approved", "denied"])
def test_an_answer_stands_after_the_time(status: Any) -> None:
    row = rows.request_row(a_request(status=status)).encode()
    assert rows.request("r_1", row, NOW + 10**9).status == status


def test_fields_go_in_pairs_and_nothing_is_empty_text() -> None:
    assert list(rows.pairs({"a": 1, "b": None})) == ["a", 1, "b", ""]


def test_what_is_written_is_json_and_never_nan() -> None:
    assert json.loads(rows.write({"a": "é"})) == {"a": "é"}
    with pytest.raises(ValueError, match="JSON"):
        rows.write({"a": float("nan")})


@pytest.mark.parametrize(("value", "number"), [(None, None), (b"", None), (b"7", 7), (b"1.7e+12", 1.7e12)])
def test_numbers_as_lua_writes_them(value: bytes | None, number: float | None) -> None:
    assert rows.number(value) == number
