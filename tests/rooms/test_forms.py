import logging
import math
import sys
import unicodedata
from typing import Any

import pytest

from rooms import InvalidRequest, JoinAsk, NewIdentity, NewRoom, RoomPatch, fields
from rooms.fields import CONFIG_BYTES, JSON_DEPTH, MARKS, METADATA_BYTES, NAME_LENGTH, PASSWORD_BYTES
from rooms.models import AccessLevel


def refusal(form: type[NewRoom] | type[RoomPatch] | type[JoinAsk], **body: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        form.read(body)
    return caught.value


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


def test_an_empty_body_has_the_defaults_of_the_protocol() -> None:
    new = NewRoom.read({})
    assert (new.mode, new.max_spectators, new.approval_timeout) == ("live_training", 10, 600)
    assert (new.require_approval, new.listed, new.reuse) == (False, False, False)
    assert new.enable_metrics_overlay
    assert new.enable_performance_graphs
    assert new.enable_decision_visualization
    assert (new.access_level, new.password, new.session_duration_hours, new.idle_hours) == (None,) * 4
    assert new.model_fields_set == set()


def test_a_level_is_given_by_its_value() -> None:
    assert NewRoom.read({"access_level": "invite_only"}).access_level is AccessLevel.INVITE_ONLY
    assert NewRoom.read({"access_level": AccessLevel.PRIVATE}).access_level is AccessLevel.PRIVATE


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * (NAME_LENGTH + 1)}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "abc\u202egnp.exe"}, "name"),
        ({"name": "\u2066x"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"mode": "live"}, "mode"),
        ({"access_level": "secret"}, "access_level"),
        ({"access_level": 1}, "access_level"),
        ({"max_spectators": 0}, "max_spectators"),
        ({"max_spectators": 10_001}, "max_spectators"),
        ({"max_spectators": "10"}, "max_spectators"),
        ({"max_spectators": 1.5}, "max_spectators"),
        ({"max_spectators": True}, "max_spectators"),
        ({"session_duration_hours": 0}, "session_duration_hours"),
        ({"session_duration_hours": -1}, "session_duration_hours"),
        ({"session_duration_hours": 24 * 366 + 1}, "session_duration_hours"),
        ({"session_duration_hours": math.nan}, "session_duration_hours"),
        ({"idle_hours": math.inf}, "idle_hours"),
        ({"idle_hours": 0.001}, "idle_hours"),
        ({"approval_timeout": 9}, "approval_timeout"),
        ({"approval_timeout": 86_401}, "approval_timeout"),
        ({"custom_code": "ABC23"}, "custom_code"),
        ({"custom_code": "ABC230"}, "custom_code"),
        ({"custom_code": "x" * 100}, "custom_code"),
        ({"password": "x" * (PASSWORD_BYTES + 1)}, "password"),
        ({"password": "é" * (PASSWORD_BYTES // 2 + 1)}, "password"),
        ({"password": "\ud800"}, "password"),
        ({"password": 7}, "password"),
        ({"allowed_users": "ann"}, "allowed_users"),
        ({"allowed_users": ["ann", ""]}, "allowed_users.1"),
        ({"allowed_users": [f"u{n}" for n in range(1001)]}, "allowed_users"),
        ({"metadata": nested(JSON_DEPTH + 1)}, "metadata"),
        ({"metadata": {"a": "x" * METADATA_BYTES}}, "metadata"),
        ({"metadata": {"a": "\ud800"}}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"config": {"a": "x" * CONFIG_BYTES}}, "config"),
        ({"config": {"a": object()}}, "config"),
        ({"graphs": [{}] * 51}, "graphs"),
        ({"graphs": {}}, "graphs"),
        ({"reuse": "yes"}, "reuse"),
        ({"pasword": "x"}, "pasword"),
        ({"presence": "all"}, "presence"),
        ({"presence": None}, "presence"),
        ({"webhook": "ftp://example.org/hook"}, "webhook"),
        ({"webhook": "https://user:secret@example.org/hook"}, "webhook"),
        ({"webhook": "https://user@example.org/hook"}, "webhook"),
        ({"webhook": "https:///hook"}, "webhook"),
        ({"webhook": "https://example.org:99999/"}, "webhook"),
        ({"webhook": "https://[::1/"}, "webhook"),
        ({"webhook": "https://example.org/#secret"}, "webhook"),
        ({"webhook": "https://ex\u00e4mple.org/"}, "webhook"),
        ({"webhook": "https://example.org/a b"}, "webhook"),
        ({"webhook": "https://example.org/\r\nHost: x"}, "webhook"),
        ({"webhook": "https://example.org\\@evil.test/"}, "webhook"),
        ({"webhook": "javascript:alert(1)"}, "webhook"),
        ({"webhook": "https://example.org/" + "x" * 1024}, "webhook"),
        ({"webhook": ""}, "webhook"),
    ],
)
def test_a_wrong_field_is_named(body: dict[str, Any], field: str) -> None:
    error = refusal(NewRoom, **body)
    assert error.field is not None
    assert error.field.startswith(field)
    assert error.message.startswith(field)


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        NewRoom.read([])  # type: ignore[arg-type]  # what a stranger may send
    assert caught.value.field is None


def test_an_error_never_repeats_a_value(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        errors = [
            refusal(NewRoom, password="hunter2" * 200),
            refusal(NewRoom, password=["hunter2"]),
            refusal(JoinAsk, password={"hunter2": 1}),
            refusal(NewRoom, max_spectators="hunter2"),
        ]
    assert not [error for error in errors if "hunter2" in str(error) + repr(error.__cause__)]
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("display_nam", "display_nam"),
        ("maxSpectators", "maxSpectators"),
        ("x\n\u202e" + "y" * 1000, "?"),
        ("hunter2", "?"),
        ("sk_local_aaaa1111", "?"),
    ],
)
def test_an_unknown_field_is_named_if_it_is_the_name_of_one(sent: str, shown: str) -> None:
    """Else it may be a credential in the wrong place."""
    error = refusal(NewRoom, **{sent: 1})
    assert error.field == shown
    assert error.message.startswith(f"{shown}: ")
    assert len(error.message) < 2 * NAME_LENGTH


def test_an_unknown_level_is_answered_with_those_there_are() -> None:
    assert "public, password, invite_only, private" in refusal(NewRoom, access_level="secret").message


def test_no_repr_shows_a_password_or_an_invitation() -> None:
    shown = repr(NewRoom.read({"password": "hunter2"})) + repr(RoomPatch.read({"password": "hunter2"}))
    assert "hunter2" not in shown + repr(JoinAsk.read({"password": "hunter2", "invitation": "hunter2"}))


def test_texts_come_out_normalised() -> None:
    new = NewRoom.read({"name": "  e\u0301te\u0301 ", "password": "e\u0301", "custom_code": "abc-234"})
    assert (new.name, new.password, new.custom_code) == ("été", "é", "ABC234")


@pytest.mark.parametrize(
    "name",
    [
        "日本語",
        "می‌خواهم",
        "PDF\u200c\u0647\u0627",
        "क्‍ष",
        "👩‍🔬",
        "1️⃣",
        "❤️ ©️ ↔️ ‼️ \u2139\ufe0f",
        "🏳️‍🌈",
        "葛\U000e0100城",
        "O'Neill <b>",
        "x" * NAME_LENGTH,
    ],
)
def test_a_name_may_be_in_any_script(name: str) -> None:
    assert NewRoom.read({"name": name}).name == name


@pytest.mark.parametrize(
    "name",
    [
        "\u2800", "\u3164", "\u115f", "\u1160", "\uffa0", "\u0300", "\u0300\u0301", "\u200d", "\u200c\u200c",
        "\ufe0f", "\u034f", "\u00ad", "\u200b", "\ufeff", " \u3000\u00a0", "\u2800 \u2800",
    ],
)  # fmt: skip
def test_a_name_that_shows_nothing_is_refused(name: str) -> None:
    assert refusal(NewRoom, name=name).field == "name"


@pytest.mark.parametrize(
    "name",
    [
        "Ann\u2800",
        "Ann\u3164",
        "An\u200dn",
        "Ann\u200d",
        "\u200cAnn",
        "Ann\u034f",
        "Ann\ufe0f",
        "1\ufe0f",
        "Ann\U000e0100",
        "日\ufe0f",
        "\u26a0\ufe0f\ufe0f",
        "日\u200d\u200d本",
        "Ann\uffff",
    ],
)
def test_two_names_cannot_look_the_same_by_something_unseen(name: str) -> None:
    assert refusal(NewRoom, name=name).field == "name"


def test_words_of_a_name_have_one_space_between_them() -> None:
    assert NewRoom.read({"name": " a  b\u00a0c\u3000d "}).name == "a b c d"
    for broken in ("a\nb", "a\tb", "a\u2028b", "a\x1cb", "a\x85b"):
        assert refusal(NewRoom, name=broken).field == "name"


def test_two_users_never_become_one_by_their_spaces() -> None:
    for user in ("a  b", "a\u00a0b", "a\u2003b"):
        assert refusal(NewRoom, allowed_users=[user]).field == "allowed_users.0"
        assert refusal(NewRoom, owner_id=user).field == "owner_id"
    assert NewRoom.read({"allowed_users": [" a b "]}).allowed_users == ["a b"]


def test_the_short_way_takes_no_character_that_the_long_way_refuses() -> None:
    short = [char for char in map(chr, range(sys.maxunicode + 1)) if fields._PLAIN.fullmatch(char)]
    assert len(short) > 100_000
    assert not [char for char in short if fields._hides(char, 0) or not fields._shows(char)]


def test_marks_do_not_climb_over_other_lines() -> None:
    assert NewRoom.read({"name": "Z" + "\u0335" * MARKS}).name
    assert "stack" in refusal(NewRoom, name="Z" + "\u0335" * (MARKS + 1)).message


@pytest.mark.parametrize("field", ["name", "password"])
def test_a_long_text_is_refused_before_it_is_normalised(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(
        unicodedata, "normalize", lambda form, text: (seen.append(len(text)), normalize(form, text))[1]
    )
    assert refusal(NewRoom, **{field: "a" + "\u0300\u0316" * 15_000}).field == field
    assert max(seen, default=0) <= 4 * PASSWORD_BYTES


def test_metadata_may_be_as_deep_and_large_as_said() -> None:
    deep = NewRoom.read({"metadata": nested(JSON_DEPTH)}).metadata
    assert deep == nested(JSON_DEPTH)
    filler = {"a": "x" * (METADATA_BYTES - len('{"a":""}'))}
    assert NewRoom.read({"metadata": filler}).metadata == filler


def test_json_that_is_too_deep_is_told_so_however_deep() -> None:
    for depth in (33, 300, 5_000):
        assert "nested" in refusal(NewRoom, config=nested(depth)).message


def test_a_number_that_is_not_finite_becomes_null() -> None:
    assert NewRoom.read({"config": {"lr": math.nan, "x": [math.inf, 1.5]}}).config == {
        "lr": None,
        "x": [None, 1.5],
    }


def test_a_patch_knows_what_was_given() -> None:
    patch = RoomPatch.read({"name": "b", "password": None})
    assert patch.model_fields_set == {"name", "password"}
    assert refusal(RoomPatch, reuse=True).field == "reuse"
    assert refusal(RoomPatch, owner_id="x").field == "owner_id"


def test_a_join_may_say_nothing_at_all() -> None:
    ask = JoinAsk.read({"display_name": "  ", "password": "", "invitation": ""})
    assert (ask.display_name, ask.password, ask.invitation) == ("", "", "")
    assert refusal(JoinAsk, user_id="root").field == "user_id"
    assert refusal(JoinAsk, invitation="x" * 2049).field == "invitation"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "user_id"),
        ({"user_id": ""}, "user_id"),
        ({"user_id": "ann", "hours": 0}, "hours"),
        ({"user_id": "ann", "hours": 24 * 32}, "hours"),
    ],
)
def test_an_identity_is_bounded_too(body: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        NewIdentity.read(body)
    assert caught.value.field == field
