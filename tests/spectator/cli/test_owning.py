import json

from tests.harness.terminal import spectator_command, spectator_json
from tests.spectator.cli.actors import come_in, may_leave, own_room


def test_a_new_code_ends_the_old_one_and_who_came_by_it(server):
    code = own_room(server, "cli rotate code")
    ann = come_in(server, code, "Ann")
    done = spectator_command(server.data_dir, "rotate", code, "code")
    assert done.returncode == 0, done.stderr
    new = done.stdout.split("(code ")[1][:6]
    assert f"watch at {server.url}/r/{new} (code {new})" in done.stdout
    assert not may_leave(server, new, ann["token"])
    assert server.call("GET", f"/rooms/{code}", token=None)[0] == 404
    assert server.call("GET", f"/rooms/{new}", token=None)[0] == 200


def test_a_new_password_is_told_once_and_asked_for(server):
    code = own_room(server, "cli rotate password")
    ann = come_in(server, code, "Ann")
    made = spectator_json(server.data_dir, "rotate", code, "password")
    assert not may_leave(server, code, ann["token"])
    assert server.call("POST", f"/rooms/{code}/join", {"display_name": "Ann"}, token=None)[0] == 401
    asked = {"display_name": "Ann", "password": made["password"]}
    assert server.call("POST", f"/rooms/{code}/join", asked, token=None)[0] == 200
    assert made["password"] not in spectator_command(server.data_dir, "room", "show", code).stdout


def test_a_new_key_ends_the_old_one(server):
    made = spectator_json(server.data_dir, "room", "create", "cli rotate key")
    code, old = made["room"]["code"], made["owner_token"]
    assert server.call("GET", f"/rooms/{code}/requests", token=old)[0] == 200
    new = spectator_json(server.data_dir, "rotate", code, "key")["owner_token"]
    assert server.call("GET", f"/rooms/{code}/requests", token=old)[0] == 401
    assert server.call("GET", f"/rooms/{code}/requests", token=new)[0] == 200
    shown = spectator_command(server.data_dir, "rotate", code, "key").stdout
    assert "rk_" not in shown  # a person needs none of it


def test_a_room_is_given_to_another_user_who_then_owns_it(server):
    made = spectator_json(server.data_dir, "room", "create", "cli transfer")
    code = made["room"]["code"]
    done = spectator_command(server.data_dir, "transfer", code, "grace")
    assert "belongs to grace now" in done.stdout
    assert server.call("GET", f"/rooms/{code}/requests", token=made["owner_token"])[0] == 401
    told = spectator_json(server.data_dir, "identity", "mint", "grace", "--room", code)
    assert told["url"] == f"{server.url}/r/{code}#identity={told['token']}"
    assert server.call("PATCH", f"/rooms/{code}", {"name": "hers"}, token=told["token"])[0] == 200


def test_a_room_lives_longer(server):
    code = own_room(server, "cli extend", "--hours", "1")
    before = spectator_json(server.data_dir, "room", "show", code)["expires_at"]
    done = spectator_command(server.data_dir, "extend", code, "5")
    assert done.stdout.startswith(f"cli extend ({code}) stays until 20")
    assert spectator_json(server.data_dir, "room", "show", code)["expires_at"] > before


def test_a_room_of_nobody(server):
    for words in (["rotate", "QQQQQQ", "code"], ["transfer", "QQQQQQ", "ada"], ["extend", "QQQQQQ", "1"]):
        done = spectator_command(server.data_dir, *words, "--json")
        assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "room_not_found")
