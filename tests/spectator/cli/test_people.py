import json

from tests.harness.terminal import spectator_command, spectator_json


def asked_room(server, *names):
    """A room in which everybody waits, and those who do."""
    code = spectator_json(server.data_dir, "room", "create", "waiting", "--approve")["room"]["code"]
    waiting = {}
    for name in names:
        status, answer = server.call("POST", f"/rooms/{code}/join", {"display_name": name}, token=None)
        assert status == 202
        waiting[name] = answer
    return code, waiting


def standing(server, code, answer):
    return server.call("GET", f"/rooms/{code}/requests/{answer['request_id']}", token=answer["token"])[1][
        "status"
    ]


def test_who_asks_is_listed(server):
    code, _ = asked_room(server, "Ann", "Ben")
    told = spectator_json(server.data_dir, "requests", code)["requests"]
    assert {one["name"] for one in told} == {"Ann", "Ben"}
    assert "Ann" in spectator_command(server.data_dir, "requests", code).stdout


def test_nobody_asks(server):
    code, _ = asked_room(server)
    assert spectator_command(server.data_dir, "requests", code).stdout == "Nobody asks.\n"


def test_one_is_let_in_by_name_and_another_turned_away_by_id(server):
    code, waiting = asked_room(server, "Ann", "Ben")
    done = spectator_command(server.data_dir, "approve", code, "Ann")
    assert done.stdout == "Ann is let in.\n"
    spectator_json(server.data_dir, "deny", code, waiting["Ben"]["request_id"])
    assert standing(server, code, waiting["Ann"]) == "approved"
    assert standing(server, code, waiting["Ben"]) == "denied"


def test_all_are_let_in(server):
    code, waiting = asked_room(server, "Ann", "Ben")
    spectator_json(server.data_dir, "approve", code, "--all")
    assert {standing(server, code, answer) for answer in waiting.values()} == {"approved"}


def test_that_there_is_no_seat_for_all_is_told(server):
    code, _ = asked_room(server, "Ann", "Ben", "Cem")
    assert server.call("PATCH", f"/rooms/{code}", {"max_spectators": 2})[0] == 200
    done = spectator_command(server.data_dir, "approve", code, "--all")
    assert done.stdout == "Let in: Ann, Ben. There is no seat for 1 more.\n"
    again = spectator_command(server.data_dir, "approve", code, "--all")
    assert again.stdout == "Nobody was let in. There is no seat for 1 more.\n"


def test_a_name_that_two_bear_needs_the_id(server):
    code, _ = asked_room(server, "Ann")
    server.call("POST", f"/rooms/{code}/join", {"display_name": "Ann"}, token=None)
    done = spectator_command(server.data_dir, "approve", code, "Ann")
    assert done.returncode == 1
    assert "2 people called Ann ask" in done.stderr


def test_a_name_nobody_bears_is_told(server):
    code, _ = asked_room(server)
    done = spectator_command(server.data_dir, "approve", code, "Zoe", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "request_not_found")
