from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any, Dict

import pytest

from spectator.client.terms import LARGEST_CONFIG, Terms, read_changes, read_invitation, read_terms
from spectator.protocol.json_text import json_text
from spectator.protocol.levels import AccessLevel

DEFAULTS: Dict[str, Any] = {
    "access": None,
    "password": None,
    "config": None,
    "tags": (),
    "notes": None,
    "code": None,
    "new": False,
    "max_spectators": 100,
    "require_approval": False,
    "expires_hours": 24,
    "listed": False,
    "lan": False,
    "wait": 5,
    "url": None,
    "api_key": None,
}


def read(name: Any = "a run", **given: Any) -> Terms:
    return read_terms(name, **{**DEFAULTS, **given})


def test_what_was_not_given_is_left_to_the_room() -> None:
    assert read().fields == {"name": "a run", "reuse": True, "max_spectators": 100, "idle_hours": 24.0}


@pytest.mark.parametrize(
    "name", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\U0001f52c"]
)
def test_names_spelt_with_joiners_are_names(name: str) -> None:
    assert read(name).fields["name"] == name


def test_what_was_given_is_sent() -> None:
    terms = read(
        "  exam ",
        password="s3cret",
        config={"lr": 3e-4},
        tags=["a", "b"],
        notes="why",
        code="my-run 23",
        new=True,
        max_spectators=40,
        require_approval=True,
        expires_hours=1.5,
        listed=True,
        wait=0,
        url="http://127.0.0.1:8000",
        api_key="sk_a_b",
    )
    assert terms.fields == {
        "name": "exam",
        "reuse": False,
        "access_level": "password",
        "password": "s3cret",
        "config": {"lr": 3e-4},
        "metadata": {"tags": ["a", "b"], "notes": "why"},
        "custom_code": "MYRUN23",
        "max_spectators": 40,
        "require_approval": True,
        "idle_hours": 1.5,
        "listed": True,
    }
    assert (terms.wait, terms.api_key) == (0.0, "sk_a_b")
    assert terms.address is not None


@pytest.mark.parametrize(
    ("access", "password", "fields"),
    [
        (None, True, {"access_level": "password", "password_protected": True}),
        (None, False, {}),
        ("public", None, {"access_level": "public"}),
        (AccessLevel.PRIVATE, None, {"access_level": "private"}),
        ("password", "x", {"access_level": "password", "password": "x"}),
        ("password", True, {"access_level": "password", "password_protected": True}),
    ],
)
def test_levels_and_passwords(access: Any, password: Any, fields: Dict[str, Any]) -> None:
    told = read(access=access, password=password).fields
    assert {name: told[name] for name in told if name.startswith(("access", "password"))} == fields


@pytest.mark.parametrize(
    ("given", "error", "names"),
    [
        ({"name": ""}, ValueError, "name"),
        ({"name": "x" * 65}, ValueError, "name"),
        ({"name": "two\nlines"}, ValueError, "name"),
        ({"name": 7}, TypeError, "name"),
        ({"access": "secret"}, ValueError, "access"),
        ({"access": "password"}, ValueError, "password"),
        ({"access": "public", "password": "x"}, ValueError, "public"),
        ({"access": "private", "password": True}, ValueError, "private"),
        ({"password": ""}, ValueError, "password"),
        ({"password": "x" * 1025}, ValueError, "password"),
        ({"password": 1234}, TypeError, "password"),
        ({"config": 7}, TypeError, "config"),
        ({"tags": [1]}, TypeError, "tags"),
        ({"tags": ["x" * 1001]}, ValueError, "tags"),
        ({"notes": 7}, TypeError, "notes"),
        ({"code": "ABC"}, ValueError, "code"),
        ({"code": "ABCDE0"}, ValueError, "code"),
        ({"code": "ABCDEFGHJKLMN"}, ValueError, "code"),
        ({"code": 123456}, TypeError, "code"),
        ({"max_spectators": 0}, ValueError, "max_spectators"),
        ({"max_spectators": 2.5}, TypeError, "max_spectators"),
        ({"max_spectators": True}, TypeError, "max_spectators"),
        ({"expires_hours": 0}, ValueError, "expires_hours"),
        ({"expires_hours": float("nan")}, ValueError, "expires_hours"),
        ({"expires_hours": "1"}, TypeError, "expires_hours"),
        ({"wait": -1}, ValueError, "wait"),
        ({"wait": "5"}, ValueError, "wait"),
        ({"url": "host:8000"}, ValueError, "url"),
        ({"api_key": "sk_a_b\n"}, ValueError, "api_key"),
        ({"api_key": 7}, TypeError, "api_key"),
    ],
)
def test_wrong_arguments_are_named_at_once(given: Dict[str, Any], error: Any, names: str) -> None:
    with pytest.raises(error, match=names):
        read(**given)


def test_no_error_repeats_a_password() -> None:
    with pytest.raises(ValueError, match="password") as refused:
        read(password="s3cret" * 200)
    assert "s3cret" not in str(refused.value)


@dataclass
class Config:
    lr: float = 0.1


@pytest.mark.parametrize("config", [{"lr": 0.1}, Config(), argparse.Namespace(lr=0.1)])
def test_a_config_comes_in_many_shapes(config: Any) -> None:
    assert read(config=config).fields["config"] == {"lr": 0.1}


def test_a_config_that_is_too_large_is_cut_at_an_entry() -> None:
    config = read(config={f"k{n}": "x" * 1_000 for n in range(100)}).fields["config"]
    assert 50 < len(config) < 60
    assert len(json_text(config)) <= LARGEST_CONFIG


def test_one_tag_needs_no_list() -> None:
    assert read(tags="dqn").fields["metadata"] == {"tags": ["dqn"]}


def test_changes_are_named_as_the_arguments_are() -> None:
    assert read_changes({"code": "newrun2", "expires_hours": 2, "listed": True, "notes": "n"}) == {
        "custom_code": "NEWRUN2",
        "idle_hours": 2.0,
        "listed": True,
        "metadata": {"notes": "n"},
    }


def test_a_level_without_password_takes_the_password_away() -> None:
    assert read_changes({"access": "public"}) == {"access_level": "public", "password": None}
    assert read_changes({"password": "x"}) == {"access_level": "password", "password": "x"}


def test_an_unknown_change_names_the_known_ones() -> None:
    with pytest.raises(TypeError, match=r"'colour'.*max_spectators"):
        read_changes({"colour": "red"})


def test_who_may_come_in_and_who_is_told_of_whom() -> None:
    given = {
        "presence": "names",
        "allowed_users": ["ada", "grace", "ada"],
        "blocked_users": {"eve"},
        "webhook": "https://example.org/hook",
    }
    expected = {**given, "allowed_users": ["ada", "grace"], "blocked_users": ["eve"]}
    fields = read(**given).fields
    assert {name: fields[name] for name in given} == expected
    assert read_changes(given) == expected
    assert read_changes({"webhook": None, "allowed_users": []}) == {"webhook": None, "allowed_users": []}


@pytest.mark.parametrize(
    ("given", "error", "names"),
    [
        ({"presence": "everybody"}, ValueError, "presence"),
        ({"allowed_users": "ada"}, TypeError, "list of ids"),
        ({"allowed_users": [""]}, ValueError, "user"),
        ({"blocked_users": [3]}, ValueError, "user"),
        ({"blocked_users": ["x" * 65]}, ValueError, "64"),
        ({"allowed_users": [f"u{n}" for n in range(1001)]}, ValueError, "1000"),
        ({"webhook": "ftp://example.org/s3cret"}, ValueError, "https"),
        ({"webhook": 3}, ValueError, "https"),
    ],
)
def test_wrong_people_and_places_are_named_and_not_repeated(
    given: Dict[str, Any], error: Any, names: str
) -> None:
    for reads in (lambda: read(**given), lambda: read_changes(given)):
        with pytest.raises(error, match=names) as refused:
            reads()
        assert "s3cret" not in str(refused.value)


def test_an_invitation_is_checked_before_anything_is_sent() -> None:
    assert read_invitation(1, None, 24, None) == {"uses": 1, "hours": 24.0}
    assert read_invitation(1000, "ada", 8784, "for Ada") == {
        "uses": 1000,
        "hours": 8784.0,
        "user_id": "ada",
        "note": "for Ada",
    }
