from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import pytest

from spectator.client.address import Address
from spectator.client.environment import Environment
from spectator.client.errors import NoServer, Refused
from spectator.client.logins import Logins
from spectator.client.opening import Opener, find_api
from spectator.client.stderr import Speaker
from spectator.client.terms import Terms
from tests.spectator.client.fake_server import Call, FakeServer, Reply, problem


def environment(folder: Path, **more: Any) -> Environment:
    told = {"url": None, "api_key": None, "mode": "online", "data_dir": folder, "autostart": False, "rank": 0}
    return Environment(**{**told, **more})


def local(folder: Path, fake: FakeServer) -> None:
    (folder / "server.json").write_text(json.dumps({"url": fake.url, "pid": os.getpid()}))
    (folder / "key").write_text("sk_local_x")
    (folder / "key").chmod(0o600)


def test_an_argument_comes_before_the_environment(tmp_path: Path) -> None:
    told = environment(tmp_path, url="http://env:1", api_key="sk_env_x")
    api = find_api(told, Address("http", "arg", 2), "sk_arg_x")
    assert (api.address.host, api.bearer) == ("arg", "sk_arg_x")
    api = find_api(told, None, None)
    assert (api.address.host, api.bearer) == ("env", "sk_env_x")


def test_the_folders_key_goes_to_the_folders_server_and_to_no_other(tmp_path: Path, fake: FakeServer) -> None:
    local(tmp_path, fake)
    told = environment(tmp_path)
    assert find_api(told, None, None).bearer == "sk_local_x"
    assert find_api(told, Address.parse(fake.url), None).bearer == "sk_local_x"
    assert find_api(told, Address("http", "127.0.0.1", 1), None).bearer is None
    assert find_api(told, Address("http", "localhost", fake.port), None).bearer is None


def test_no_server_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NoServer, match="spectator serve"):
        find_api(environment(tmp_path), None, None)


def terms(url: str, key: Optional[str] = "sk_local_x", **fields: Any) -> Terms:
    return Terms({"name": "a run", **fields}, 5.0, False, Address.parse(url), key)


def test_a_creation_whose_answer_was_lost_is_asked_for_again(tmp_path: Path, fake: FakeServer) -> None:
    opener = Opener(terms(fake.url), environment(tmp_path), Speaker(quiet=True))
    lost = [Reply(0, None)]
    fake.troubles.append(lambda _: lost.pop() if lost else None)
    with pytest.raises(Exception, match="without an answer"):
        opener.open()
    opener.open()
    opener.open()
    keys = [call.headers["idempotency-key"] for call in fake.calls]
    assert keys[0] == keys[1] != keys[2]


def test_a_code_that_is_taken_does_not_keep_the_room_closed(tmp_path: Path, fake: FakeServer) -> None:
    def taken(call: Call) -> Optional[Reply]:
        return problem(409, "code_taken") if call.json.get("custom_code") else None

    said = io.StringIO()
    fake.troubles.append(taken)
    opened = Opener(
        terms(fake.url, custom_code="ABCDEF"), environment(tmp_path), Speaker(stream=lambda: said)
    ).open()
    assert opened.room["code"] != "ABCDEF"
    assert "the code ABCDEF is taken" in said.getvalue()


def test_a_login_is_used_where_neither_address_nor_key_is_given(tmp_path: Path, fake: FakeServer) -> None:
    told = replace(environment(tmp_path), config_dir=tmp_path / "config")
    team, other = Address.parse(fake.url), Address.parse("https://other.example")
    logins = Logins(tmp_path / "config")
    logins.keep(other, "sk_other_y")
    logins.keep(team, "sk_team_x")
    assert (find_api(told, None, None).address, find_api(told, None, None).bearer) == (team, "sk_team_x")
    assert find_api(replace(told, url="https://other.example/"), None, None).bearer == "sk_other_y"
    assert find_api(told, team, "sk_arg_z").bearer == "sk_arg_z"
    assert find_api(replace(told, api_key="sk_env_z"), team, None).bearer == "sk_env_z"


@pytest.mark.parametrize(
    "url", ["http://other.example", "https://other.example:444", "https://another.example"]
)
def test_the_key_of_a_login_goes_to_no_other_address(tmp_path: Path, url: str) -> None:
    told = replace(environment(tmp_path), config_dir=tmp_path / "config")
    Logins(tmp_path / "config").keep(Address.parse("https://other.example"), "sk_other_y")
    assert find_api(told, Address.parse(url), None).bearer is None
    assert find_api(replace(told, url=url), None, None).bearer is None


def test_a_key_alone_means_ones_own_server_whatever_one_is_logged_in_to(tmp_path: Path) -> None:
    told = replace(environment(tmp_path), config_dir=tmp_path / "config", api_key="sk_env_z")
    Logins(tmp_path / "config").keep(Address.parse("https://other.example"), "sk_other_y")
    with pytest.raises(NoServer):  # and nothing of the pair is used
        find_api(told, None, None, start=False)
    with pytest.raises(NoServer):
        find_api(replace(told, api_key=None), None, None, lan=True, start=False)


def test_no_key_says_what_to_set_and_asks_nobody(tmp_path: Path, fake: FakeServer) -> None:
    with pytest.raises(Refused, match="SPECTATOR_API_KEY"):
        Opener(terms(fake.url, None), environment(tmp_path), Speaker(quiet=True)).open()
    assert fake.calls == []


def test_a_second_live_run_is_told_its_rooms_name(tmp_path: Path, fake: FakeServer) -> None:
    def second(call: Call) -> Reply:
        created = fake._create(call)
        created.body["room"]["name"] = "a run-2"
        return created

    said = io.StringIO()
    fake.troubles.append(second)
    opener = Opener(terms(fake.url), environment(tmp_path), Speaker(stream=lambda: said))
    opener.open()
    assert "a live run is in the room 'a run': this one is 'a run-2'" in said.getvalue()


def test_the_link_is_said_once_for_a_room(tmp_path: Path, fake: FakeServer) -> None:
    said = io.StringIO()
    room = {"id": "r_1", "code": "ABC234", "name": "a run"}
    fake.troubles.append(lambda _: Reply(200, {"room": room, "owner_token": "rk_1"}))
    opener = Opener(terms(fake.url), environment(tmp_path), Speaker(stream=lambda: said))
    opener.open()
    opened = opener.open()
    assert said.getvalue().count("watch at") == 1
    assert opened.join_url == f"{fake.url}/r/ABC234"  # also of a server that does not say


def test_what_crosses_a_network_readable_is_told(tmp_path: Path, fake: FakeServer) -> None:
    said = io.StringIO()
    opener = Opener(terms(fake.url), environment(tmp_path), Speaker(stream=lambda: said))
    opened = opener.open()
    assert "readable" not in said.getvalue()
    opener._announce(replace(opened, address=Address("http", "10.0.0.7", 8000)))
    assert "cross the network readable" in said.getvalue()


def test_a_server_without_lan_is_told(tmp_path: Path, fake: FakeServer) -> None:
    said = io.StringIO()
    wish = Terms({"name": "a run"}, 5.0, True, Address.parse(fake.url), "sk_local_x")
    Opener(wish, environment(tmp_path), Speaker(stream=lambda: said)).open()
    assert "spectator stop" in said.getvalue()


def test_who_finds_a_room_by_its_name_keeps_what_it_was_claimed_by(tmp_path: Path, fake: FakeServer) -> None:
    opener = Opener(terms(fake.url, reuse=True), environment(tmp_path), Speaker(quiet=True))
    claims = [opener.open().claim for _ in range(2)]
    sent = [call.headers["idempotency-key"] for call in fake.calls if call.path.endswith("/rooms")]
    assert claims == sent
    assert len(set(claims)) == 2
    one_more = Opener(terms(fake.url, reuse=False), environment(tmp_path), Speaker(quiet=True))
    assert one_more.open().claim is None
