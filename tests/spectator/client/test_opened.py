from __future__ import annotations

import pytest

from spectator.client.address import Address
from spectator.client.opened import Opened


@pytest.fixture
def opened() -> Opened:
    return Opened(
        Address.parse("http://127.0.0.1:8000"),
        {"id": "r_1", "code": "ABC234", "name": "a run"},
        "rk_s3cret",
        "http://127.0.0.1:8000/r/ABC234",
        "http://127.0.0.1:8000/r/ABC234#claim=s3cret",
        "s3cret",
        "wh_s3cret",
    )


def test_a_change_of_something_else_leaves_keys_and_links(opened: Opened) -> None:
    told = {"id": "r_1", "code": "ABC234", "name": "renamed"}
    after = opened.changed(told)
    assert after.room["name"] == "renamed"
    assert opened.room["name"] == "a run"  # whoever holds the old one keeps what it was
    assert (after.owner_token, after.join_url, after.owner_url, after.password, after.webhook_secret) == (
        opened.owner_token,
        opened.join_url,
        opened.owner_url,
        "s3cret",
        "wh_s3cret",
    )


def test_a_new_code_is_a_new_page_and_no_old_link(opened: Opened) -> None:
    after = opened.changed({"code": "NEW234"})
    assert (after.join_url, after.owner_url) == ("http://127.0.0.1:8000/r/NEW234", None)
    told = {"code": "NEW234", "join_url": "https://public.example/r/NEW234"}
    assert opened.changed(told).join_url == "https://public.example/r/NEW234"


def test_a_new_key_is_used_and_kept_out_of_the_room(opened: Opened) -> None:
    after = opened.changed(
        {"code": "ABC234", "owner_token": "rk_new", "password": "p", "webhook_secret": "w"}
    )
    assert (after.owner_token, after.password, after.webhook_secret) == ("rk_new", "p", "w")
    assert after.owner_url is None  # it stood on the old key
    assert after.api.bearer == "rk_new"
    assert not {"owner_token", "password", "webhook_secret"} & set(after.room)


def test_a_password_that_was_taken_away_is_gone(opened: Opened) -> None:
    assert opened.changed({"code": "ABC234", "password": None}).password is None


def test_no_secret_is_shown_by_accident(opened: Opened) -> None:
    assert "s3cret" not in repr(opened)
