from __future__ import annotations

from pathlib import Path

import pytest

from spectator.client.address import Address
from spectator.client.errors import SpectatorError
from spectator.client.logins import Logins

TEAM = Address.parse("https://team.example/watch")
HOME = Address.parse("http://127.0.0.1:8000")


@pytest.fixture
def logins(tmp_path: Path) -> Logins:
    return Logins(tmp_path / "config" / "spectator")


def test_nobody_has_logged_in(logins: Logins) -> None:
    assert logins.key(TEAM) is None
    assert logins.last() is None
    assert logins.addresses() == []
    assert logins.forget() == []
    assert not logins.path.exists()


def test_the_last_login_is_the_one_to_use_and_each_keeps_its_key(logins: Logins) -> None:
    logins.keep(HOME, "sk_local_a")
    logins.keep(TEAM, "sk_team_b")
    assert logins.last() == (TEAM, "sk_team_b")
    assert logins.key(HOME) == "sk_local_a"
    assert logins.addresses() == [TEAM.url, HOME.url]


@pytest.mark.parametrize(
    "url",
    [
        "http://team.example/watch",
        "https://team.example",
        "https://team.example/watch/more",
        "https://team.example:8443/watch",
        "https://team.example.evil.example/watch",
        "https://evil.example/watch",
    ],
)
def test_a_key_is_for_exactly_its_address(logins: Logins, url: str) -> None:
    logins.keep(TEAM, "sk_team_b")
    assert logins.key(Address.parse(url)) is None
    assert logins.key(Address.parse("https://Team.Example:443/watch/")) == "sk_team_b"


def test_one_login_is_forgotten_or_all(logins: Logins) -> None:
    logins.keep(HOME, "sk_local_a")
    logins.keep(TEAM, "sk_team_b")
    assert logins.forget(TEAM) == [TEAM.url]
    assert logins.last() is None  # which other one is meant, nobody has said
    assert logins.forget() == [HOME.url]
    assert "sk_" not in logins.path.read_text(encoding="utf-8")


def test_nobody_else_can_read_the_file_or_its_folder(logins: Logins) -> None:
    logins.keep(TEAM, "sk_team_b")
    logins.keep(HOME, "sk_local_a")
    assert logins.path.stat().st_mode & 0o777 == 0o600
    assert logins.path.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in logins.path.parent.iterdir()] == [logins.path.name]  # no draft is left


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_keys_that_others_may_read_are_not_used(logins: Logins, mode: int) -> None:
    logins.keep(TEAM, "sk_team_b")
    logins.path.chmod(mode)
    with pytest.raises(SpectatorError, match="chmod 600") as refused:
        logins.key(TEAM)
    assert "sk_team_b" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": 3}', '{"last": null}'])
def test_a_file_of_something_else_is_told_and_left_alone(logins: Logins, text: str) -> None:
    logins.keep(TEAM, "sk_team_b")
    logins.path.write_text(text, encoding="utf-8")
    with pytest.raises(SpectatorError, match="log in again"):
        logins.last()
    with pytest.raises(SpectatorError, match="log in again"):
        logins.keep(HOME, "sk_local_a")
    assert logins.path.read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SpectatorError, match="cannot be"):
        Logins(tmp_path / "file" / "below").keep(TEAM, "sk_team_b")
