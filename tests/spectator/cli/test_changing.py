from tests.harness.terminal import spectator_command, spectator_json
from tests.spectator.cli.actors import own_room


def room_set(server, code, *options, typed=""):
    return spectator_json(server.data_dir, "room", "set", code, *options, typed=typed)


def test_what_is_given_changes_and_the_rest_stays(server):
    code = own_room(server, "cli set", "--seats", "5", "--approve")
    changed = room_set(server, code, "--seats", "30", "--listed", "--presence", "names", "--name", "renamed")
    assert (changed["max_spectators"], changed["listed"], changed["presence"]) == (30, True, "names")
    assert (changed["name"], changed["require_approval"]) == ("renamed", True)
    changed = room_set(server, code, "--no-approve", "--unlisted")
    assert (changed["require_approval"], changed["listed"], changed["max_spectators"]) == (False, False, 30)


def test_what_changed_is_told(server):
    code = own_room(server, "cli set told")
    done = spectator_command(server.data_dir, "room", "set", code, "--seats", "30", "--no-approve")
    assert done.stdout == (f"Changed cli set told ({code}):\n  max_spectators: 30\n  require_approval: no\n")


def test_a_password_is_typed_made_or_taken_away(server):
    code = own_room(server, "cli set password")
    done = spectator_command(server.data_dir, "room", "set", code, "--password", typed="s3cret\n")
    assert done.stdout.endswith("  password: asked for\n")
    asked = {"display_name": "Ann", "password": "s3cret"}
    assert server.call("POST", f"/rooms/{code}/join", asked, token=None)[0] == 200
    changed = room_set(server, code, "--access", "public")
    assert (changed["access_level"], changed["has_password"]) == ("public", False)
    assert room_set(server, code, "--generate-password")["password"]


def test_users_are_put_on_the_lists_and_taken_off_one_by_one(server):
    code = own_room(server, "cli set lists", "--allow", "ada")
    changed = room_set(server, code, "--allow", "grace", "--allow", "alan", "--block", "eve")
    assert changed["allowed_users"] == ["ada", "alan", "grace"]
    assert changed["blocked_users"] == ["eve"]
    changed = room_set(server, code, "--unallow", "ada", "--unblock", "eve")
    assert (changed["allowed_users"], changed["blocked_users"]) == (["alan", "grace"], [])


def test_a_webhook_is_set_with_its_secret_and_taken_away(server):
    code = own_room(server, "cli set webhook")
    done = spectator_command(
        server.data_dir, "room", "set", code, "--webhook", "https://example.org/requests"
    )
    assert "webhook_secret: wh_" in done.stdout
    assert room_set(server, code, "--no-webhook")["webhook"] is None


def test_nothing_to_change_and_contradictions_are_wrong_arguments(server):
    code = own_room(server, "cli set nothing")
    done = spectator_command(server.data_dir, "room", "set", code)
    assert (done.returncode, "Say what to change" in done.stderr) == (2, True)
    done = spectator_command(server.data_dir, "room", "set", code, "--allow", "ada", "--unallow", "ada")
    assert (done.returncode, "contradict" in done.stderr) == (2, True)


def test_what_the_server_refuses_names_the_field(server):
    code = own_room(server, "cli set refused")
    done = spectator_command(server.data_dir, "room", "set", code, "--code", "short")
    assert (done.returncode, "custom_code" in done.stderr) == (1, True)
