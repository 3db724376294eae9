from typing import Any

import pytest

from rooms import AccessLevel, InvalidRequest, NewRoom, RoomPatch, terms
from tests.rooms.made import NOW, a_room
from tests.rooms.world import HOUR

PUBLIC, PASSWORD, PRIVATE = AccessLevel.PUBLIC, AccessLevel.PASSWORD, AccessLevel.PRIVATE


def planned(**body: Any) -> tuple[AccessLevel, str]:
    level, plan = terms.password_plan(NewRoom.read(body))
    return level, plan.what


def replanned(level: AccessLevel, has_password: bool, **body: Any) -> tuple[AccessLevel, str]:
    after, plan = terms.password_plan(RoomPatch.read(body), level, has_password=has_password)
    return after, plan.what


class TestNewPassword:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({}, (PUBLIC, "none")),
            ({"password_protected": False}, (PUBLIC, "none")),
            ({"password": None}, (PUBLIC, "none")),
            ({"access_level": "private"}, (PRIVATE, "none")),
            ({"password": "x"}, (PASSWORD, "given")),
            ({"password": "x", "password_protected": True}, (PASSWORD, "given")),
            ({"password": "x", "access_level": "password"}, (PASSWORD, "given")),
            ({"password_protected": True}, (PASSWORD, "generate")),
            ({"access_level": "password"}, (PASSWORD, "generate")),
        ],
    )
    def test_what_becomes_of_it(self, body: dict[str, Any], expected: tuple[AccessLevel, str]) -> None:
        assert planned(**body) == expected

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"password": ""}, "password"),
            ({"password": "x", "access_level": "public"}, "password"),
            ({"password": "x", "access_level": "private"}, "password"),
            ({"password_protected": True, "access_level": "invite_only"}, "password_protected"),
            ({"password_protected": False, "password": "x"}, "password_protected"),
            ({"password_protected": False, "access_level": "password"}, "access_level"),
        ],
    )
    def test_contradictions_name_the_field(self, body: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidRequest) as caught:
            planned(**body)
        assert caught.value.field == field


class TestChangedPassword:
    @pytest.mark.parametrize(
        ("level", "has", "body", "expected"),
        [
            (PASSWORD, True, {}, (PASSWORD, "keep")),
            (PASSWORD, True, {"name": "b"}, (PASSWORD, "keep")),
            (PASSWORD, True, {"password": "y"}, (PASSWORD, "given")),
            (PASSWORD, True, {"password_protected": True}, (PASSWORD, "keep")),
            (PASSWORD, True, {"access_level": "public"}, (PUBLIC, "none")),
            (PASSWORD, True, {"access_level": "public", "password": None}, (PUBLIC, "none")),
            (PUBLIC, False, {"password": "y"}, (PASSWORD, "given")),
            (PUBLIC, False, {"password": None}, (PUBLIC, "none")),
            (PUBLIC, False, {"access_level": "password"}, (PASSWORD, "generate")),
            (PRIVATE, False, {"password_protected": True}, (PASSWORD, "generate")),
        ],
    )
    def test_what_becomes_of_it(
        self, level: AccessLevel, has: bool, body: dict[str, Any], expected: tuple[AccessLevel, str]
    ) -> None:
        assert replanned(level, has, **body) == expected

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"password": None}, "access_level"),
            ({"password_protected": False}, "access_level"),
            ({"password": None, "password_protected": True}, "password_protected"),
            ({"password": "y", "access_level": "public"}, "password"),
        ],
    )
    def test_a_room_never_becomes_open_by_the_way(self, body: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidRequest) as caught:
            replanned(PASSWORD, True, **body)
        assert caught.value.field == field


def test_a_plan_does_not_show_the_password() -> None:
    _, plan = terms.password_plan(NewRoom.read({"password": "hunter2"}))
    assert plan.text == "hunter2"
    assert "hunter2" not in repr(plan)


class TestLifetime:
    @pytest.mark.parametrize(
        ("body", "absolute", "idle", "ends"),
        [
            ({}, 24, None, 24),
            ({"session_duration_hours": 2}, 2, None, 2),
            ({"idle_hours": 24}, None, 24, 24),
            ({"idle_hours": 3, "session_duration_hours": 5}, 5, 3, 3),
            ({"idle_hours": 5, "session_duration_hours": 3}, 3, 5, 3),
        ],
    )
    def test_whichever_comes_first(
        self, body: dict[str, Any], absolute: int | None, idle: int | None, ends: int
    ) -> None:
        found = terms.lifetime(NewRoom.read(body), NOW)
        assert found.absolute_at_ms == (None if absolute is None else NOW + absolute * HOUR)
        assert found.idle_ms == (None if idle is None else idle * HOUR)
        assert found.fields(NOW)["expires_at"] == NOW + ends * HOUR

    def test_a_change_counts_from_now(self) -> None:
        room, later = a_room(), NOW + HOUR
        patch = RoomPatch.read({"session_duration_hours": None, "idle_hours": 2})
        changed = terms.changed_lifetime(room, patch, later)
        assert changed is not None
        assert changed.fields(later) == {
            "absolute_at": None,
            "idle_ms": 2 * HOUR,
            "expires_at": later + 2 * HOUR,
        }
        assert terms.changed_lifetime(room, RoomPatch.read({"name": "b"}), later) is None

    def test_a_room_must_end_some_time(self) -> None:
        with pytest.raises(InvalidRequest) as caught:
            terms.changed_lifetime(a_room(), RoomPatch.read({"session_duration_hours": None}), NOW)
        assert caught.value.field == "session_duration_hours"


class TestDocument:
    def test_it_holds_what_was_given(self) -> None:
        new = NewRoom.read({"allowed_users": ["b", "a", "b"], "listed": True, "owner_id": "root"})
        made = terms.document(new, name="n", tenant="local", key_id="k", name_key=None)
        assert made["allowed_users"] == ["a", "b"]
        assert (made["name"], made["tenant"], made["listed"], made["owner_id"]) == (
            "n",
            "local",
            True,
            "root",
        )
        assert "password" not in made

    def test_nobody_is_on_both_lists(self) -> None:
        new = NewRoom.read({"allowed_users": ["a"], "blocked_users": ["a"]})
        with pytest.raises(InvalidRequest) as caught:
            terms.document(new, name="n", tenant="local", key_id="k", name_key=None)
        assert caught.value.field == "blocked_users"
        before = terms.document(
            NewRoom.read({"allowed_users": ["a"]}), name="n", tenant="local", key_id="k", name_key=None
        )
        with pytest.raises(InvalidRequest):
            terms.changed_document(before, RoomPatch.read({"blocked_users": ["a"]}))

    def test_a_change_leaves_the_rest_alone(self) -> None:
        before = terms.document(
            NewRoom.read({"config": {"lr": 1}, "listed": True}),
            name="n",
            tenant="t",
            key_id="k",
            name_key="x",
        )
        after = terms.changed_document(before, RoomPatch.read({"name": "m", "training_session_id": None}))
        assert after == before | {"name": "m"}

    def test_null_is_no_value_for_what_must_have_one(self) -> None:
        before = terms.document(NewRoom.read({}), name="n", tenant="t", key_id="k", name_key=None)
        with pytest.raises(InvalidRequest) as caught:
            terms.changed_document(before, RoomPatch.read({"listed": None}))
        assert caught.value.field == "listed"


def test_finding_a_room_again_changes_what_was_given_and_is_not_null() -> None:
    new = NewRoom.read({"name": "n", "reuse": True, "password": None, "listed": True, "idle_hours": 24})
    patch = terms.as_patch(new)
    assert patch.model_fields_set == {"listed", "idle_hours"}
    assert patch.listed
