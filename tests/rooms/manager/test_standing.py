from typing import Any

import pytest

from rooms import Caller
from rooms.access import user_person
from rooms.manager import standing
from rooms.store import Facts, Record
from tests.rooms.made import NOW, a_member, a_room

ROOM = a_room(owner_id="root", allowed_users=frozenset({"ann"}), blocked_users=frozenset({"eve", "v_bad"}))


def identity(user: str, tenant: str = "local") -> Caller:
    return Caller("identity", tenant=tenant, person=user_person(tenant, user), user_id=user, name=user)


def api_key(*scopes: str, tenant: str = "local") -> Caller:
    return Caller("api_key", tenant=tenant, scopes=frozenset(scopes))


def grant(**fields: Any) -> Caller:
    plain: dict[str, Any] = {"room_id": ROOM.id, "person": "v_1", "grant_id": "g_1"}
    return Caller("grant", **(plain | fields))


def facts(**fields: Any) -> Facts:
    return Facts(Record(ROOM, {}, "v", "r"), **fields)


@pytest.mark.parametrize(
    ("caller", "owner"),
    [
        (Caller("room_key", room_id=ROOM.id, generation=1), True),
        (Caller("room_key", room_id=ROOM.id, generation=2), False),
        (Caller("room_key", room_id="r_other", generation=1), False),
        (api_key("manage"), True),
        (api_key("manage", tenant="other"), False),
        (api_key("read", "publish"), False),
        (identity("root"), True),
        (identity("root", "other"), False),
        (identity("ann"), False),
        (Caller("operator"), False),
        (Caller("anonymous"), False),
        (Caller("visitor", person="v_1"), False),
        (grant(user_id="root", tenant="local"), False),
    ],
)
def test_who_is_an_owner(caller: Caller, owner: bool) -> None:
    assert standing.is_owner(caller, ROOM) is owner
    assert (standing.standing_role(caller, ROOM) == "owner") is owner


def test_nobody_owns_a_room_that_belongs_to_no_user() -> None:
    nameless = Caller("identity", tenant="local", person="u:local:", user_id=None)
    assert not standing.is_owner(nameless, a_room(owner_id=None))


@pytest.mark.parametrize(
    ("caller", "role"),
    [
        (api_key("read"), "reader"),
        (api_key("publish"), "publisher"),
        (api_key("read", "publish"), "reader"),
        (api_key("read", tenant="other"), None),
        (api_key(), None),
    ],
)
def test_keys_without_manage_are_no_owners(caller: Caller, role: str | None) -> None:
    assert standing.standing_role(caller, ROOM) == role


@pytest.mark.parametrize(
    ("caller", "may"),
    [
        (api_key("publish"), True),
        (api_key("manage"), True),
        (api_key("read"), False),
        (api_key("publish", tenant="other"), False),
        (Caller("room_key", room_id=ROOM.id, generation=1), True),
        (Caller("room_key", room_id=ROOM.id, generation=0), False),
        (identity("root"), False),
        (grant(), False),
    ],
)
def test_who_may_publish(caller: Caller, may: bool) -> None:
    assert standing.may_publish(caller, ROOM) is may


def test_a_grant_is_worth_what_the_row_says_while_it_names_it() -> None:
    member = a_member("v_1", grant_id="g_1", role="moderator")
    assert standing.granted_role(grant(), ROOM, member) == "moderator"
    assert standing.granted_role(grant(grant_id="g_2"), ROOM, member) is None
    assert standing.granted_role(grant(expired=True), ROOM, member) is None
    assert standing.granted_role(grant(), ROOM, None) is None


class TestVisitors:
    def test_a_credential_names_the_person(self) -> None:
        assert standing.visitor_in(Caller("visitor", person="v_1"), ROOM).person == "v_1"
        assert standing.visitor_in(grant(), ROOM).person == "v_1"
        assert standing.visitor_in(identity("ann"), ROOM).person == "u:local:ann"

    @pytest.mark.parametrize(
        "caller",
        [
            Caller("anonymous"),
            grant(room_id="r_other"),
            Caller("lobby", room_id="r_other", person="v_1"),
            identity("ann", "other"),
            Caller("room_key", room_id="r_other", generation=1),
            api_key("read"),
        ],
    )
    def test_whoever_is_nobody_here_is_a_new_person(self, caller: Caller) -> None:
        first, second = standing.visitor_in(caller, ROOM), standing.visitor_in(caller, ROOM)
        assert first.fresh
        assert first.person != second.person
        assert first.user_id is None


class TestStanding:
    def test_everything_is_taken_from_what_was_read(self) -> None:
        caller = identity("ann")
        found = standing.standing_of(
            caller,
            standing.visitor_in(caller, ROOM),
            facts(
                member=a_member("u:local:ann", role="moderator"),
                lease_end_ms=NOW + 1,
                refused_until_ms=NOW + 5,
            ),
            NOW,
        )
        assert (found.member, found.moderator, found.listed, found.seated) == (True, True, True, True)
        assert (found.refused_ms, found.owner, found.blocked) == (5, False, False)

    def test_what_is_over_is_over(self) -> None:
        caller = Caller("visitor", person="v_1")
        found = standing.standing_of(
            caller,
            standing.visitor_in(caller, ROOM),
            facts(lease_end_ms=NOW, refused_until_ms=NOW),
            NOW,
        )
        assert (found.seated, found.refused_ms, found.member) == (False, 0, False)

    def test_a_new_person_has_no_past_whatever_was_read(self) -> None:
        caller = identity("ann", "other")
        found = standing.standing_of(
            caller,
            standing.visitor_in(caller, ROOM),
            facts(member=a_member("u:other:ann"), lease_end_ms=NOW + 1, refused_until_ms=NOW + 1),
            NOW,
        )
        assert (found.member, found.listed, found.seated, found.refused_ms) == (False, False, False, 0)

    @pytest.mark.parametrize(
        ("caller", "blocked"),
        [
            (identity("eve"), True),
            (identity("eve", "other"), False),
            (Caller("visitor", person="v_bad"), True),
            (grant(person="u:local:eve", user_id="eve"), True),
            (identity("ann"), False),
        ],
    )
    def test_the_blocked_are_known_by_person_or_user(self, caller: Caller, blocked: bool) -> None:
        found = standing.standing_of(caller, standing.visitor_in(caller, ROOM), facts(), NOW)
        assert found.blocked is blocked
