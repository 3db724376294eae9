from __future__ import annotations

import pytest

from spectator.protocol.levels import AccessLevel
from spectator.sessions.access import RoomAccessControl, read_access_control


def test_what_a_server_is_asked_for() -> None:
    control = RoomAccessControl(AccessLevel.PRIVATE, allowed_users={"b", "a"}, max_spectators=3)
    assert control.fields() == {
        "access_level": "private",
        "max_spectators": 3,
        "allowed_users": ["a", "b"],
        "blocked_users": [],
        "require_approval": False,
        "approval_timeout": 600,
    }


def test_the_level_password_has_one() -> None:
    assert RoomAccessControl(AccessLevel.PASSWORD, password="s3cret").fields()["password"] == "s3cret"
    assert RoomAccessControl(AccessLevel.PASSWORD).fields()["password_protected"] is True
    with pytest.raises(ValueError, match="public asks for no password"):
        RoomAccessControl(AccessLevel.PUBLIC, password="s3cret").fields()
    assert "s3cret" not in repr(RoomAccessControl(AccessLevel.PASSWORD, password="s3cret"))


@pytest.mark.parametrize(("seconds", "expires"), [(30, 30), (0, 10), (10**9, 24 * 3600)])
def test_a_timeout_means_expiry_and_stays_in_bounds(seconds: int, expires: int) -> None:
    assert RoomAccessControl(auto_approve_timeout=seconds).fields()["approval_timeout"] == expires


def test_a_mapping_asks_only_for_what_it_names() -> None:
    assert read_access_control(None) == {}
    assert read_access_control({}) == {}
    seeds_default = {
        "allow_anonymous": True,
        "require_approval": False,
        "allowed_users": [],
        "blocked_users": [],
    }
    assert read_access_control(seeds_default) == {
        "require_approval": False,
        "allowed_users": [],
        "blocked_users": [],
    }
    assert read_access_control({"allow_anonymous": False}) == {"access_level": "invite_only"}
    assert read_access_control({"access_level": "private"}) == {"access_level": "private"}


def test_an_unknown_name_or_level_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        read_access_control({"colour": "red"})
    with pytest.raises(ValueError, match="secret"):
        read_access_control({"access_level": "secret"})
