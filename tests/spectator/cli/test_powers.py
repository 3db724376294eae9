import json

import pytest

from tests.harness.terminal import spectator_command, spectator_json
from tests.spectator.cli.actors import come_in, may_leave, own_room
from tests.spectator.client.fake_server import FakeServer, Reply


def told(server, *arguments):
    done = spectator_command(server.data_dir, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_who_is_in_is_listed(server):
    code = own_room(server, "cli people")
    assert told(server, "people", code) == "Nobody is in.\n"
    come_in(server, code, "Ann")
    told_of = spectator_json(server.data_dir, "people", code)
    assert [one["name"] for one in told_of["spectators"]] == ["Ann"]
    assert told_of["blocked"] == []
    head, row = told(server, "people", code).splitlines()
    assert head.split() == ["NAME", "ROLE", "USER", "WATCHING", "SINCE", "ID"]
    assert row.startswith("Ann   spectator  -     no")


def test_somebody_is_sent_away_by_name(server):
    code = own_room(server, "cli kick")
    ann = come_in(server, code, "Ann")
    assert may_leave(server, code, ann["token"])
    assert told(server, "kick", code, "Ann") == "Ann is sent away, and may ask again in a minute.\n"
    assert not may_leave(server, code, ann["token"])


def test_a_name_that_two_bear_needs_the_id(server):
    code = own_room(server, "cli namesakes")
    first, second = come_in(server, code, "Ben"), come_in(server, code, "Ben")
    done = spectator_command(server.data_dir, "kick", code, "Ben")
    assert (done.returncode, "2 people are called Ben" in done.stderr) == (1, True)
    assert may_leave(server, code, first["token"])
    told(server, "kick", code, second["spectator_id"])
    assert may_leave(server, code, first["token"])
    assert not may_leave(server, code, second["token"])


def test_an_id_comes_before_a_name_that_looks_like_it(server):
    code = own_room(server, "cli false id")
    ann = come_in(server, code, "Ann")
    mallory = come_in(server, code, ann["spectator_id"])  # anybody may call themselves anything
    told(server, "kick", code, ann["spectator_id"])
    assert not may_leave(server, code, ann["token"])
    assert may_leave(server, code, mallory["token"])


def test_nobody_by_that_name(server):
    code = own_room(server, "cli nobody")
    done = spectator_command(server.data_dir, "kick", code, "Zoe", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "spectator_not_found")
    done = spectator_command(server.data_dir, "unblock", code, "Zoe")
    assert done.stderr == f"spectator: Nobody called Zoe is blocked. See: spectator people {code}\n"


def test_somebody_is_blocked_shown_so_and_let_ask_again(server):
    code = own_room(server, "cli block")
    eve = come_in(server, code, "Eve")
    assert told(server, "block", code, "Eve") == "Eve is blocked.\n"
    status, problem = server.call(
        "POST", f"/rooms/{code}/join", {"display_name": "Eve"}, token=eve["visitor"]
    )
    assert (status, problem["code"]) == (403, "blocked")
    listing = told(server, "people", code)
    assert listing.startswith("Nobody is in.\n\nBlocked:\nNAME")
    assert "Eve" in listing
    assert told(server, "unblock", code, "Eve") == "Eve may ask to come in again.\n"
    come_in(server, code, "Eve", eve["visitor"])


def test_a_moderator_is_made_and_unmade(server):
    code = own_room(server, "cli moderator")
    ann = come_in(server, code, "Ann")

    def lists_requests():
        return server.call("GET", f"/rooms/{code}/requests", token=ann["token"])[0] == 200

    assert not lists_requests()
    assert told(server, "promote", code, "Ann") == "Ann is a moderator now.\n"
    assert lists_requests()
    assert told(server, "demote", code, "Ann") == "Ann is a spectator again.\n"
    assert not lists_requests()


HOSTILE = "\x1b[2J\u202eeve\r\nspectator: all is well"
TEXTS = "name user_id note role status joined_at blocked_at requested_at expires_at"
STRANGER = {**dict.fromkeys(TEXTS.split(), HOSTILE), "id": "v_1", "uses": 1, "used": 0, "watching": True}


@pytest.mark.parametrize(
    "words",
    [["people", "ABC234"], ["kick", "ABC234", "v_1"], ["invite", "ABC234", "--list"], ["requests", "ABC234"]],
)
def test_a_strangers_name_commands_no_terminal_whatever_a_server_lets_through(tmp_path, words):
    with FakeServer() as fake:
        told = {
            "spectators": [STRANGER],
            "blocked": [STRANGER],
            "invitations": [STRANGER],
            "requests": [STRANGER],
            **STRANGER,
        }
        fake.troubles.append(lambda _: Reply(200, told))
        done = spectator_command(tmp_path, *words, "--url", fake.url, SPECTATOR_API_KEY="sk_local_x")
    assert done.returncode == 0, done.stderr
    assert "eve" in done.stdout
    assert not {"\x1b", "\u202e", "\r"} & set(done.stdout)
    assert "\nspectator: all" not in done.stdout
