import json

from tests.harness.terminal import spectator_command, spectator_json
from tests.spectator.cli.actors import own_room


def join(server, code, invitation, name="Ann", token=None):
    asked = {"display_name": name, "invitation": invitation}
    return server.call("POST", f"/rooms/{code}/join", asked, token=token)


def test_a_link_lets_in_as_many_as_it_says(server):
    code = own_room(server, "cli invite", "--access", "invite_only")
    done = spectator_command(server.data_dir, "invite", code, "--uses", "2", "--note", "the late ones")
    url, lets_in, back = done.stdout.splitlines()
    assert url.startswith(f"{server.url}/r/{code}#invite=in_")
    assert lets_in.startswith("lets in 2 people, until 20")
    token = url.rpartition("#invite=")[2]
    assert [join(server, code, token, name)[0] for name in ("Ann", "Ben")] == [200, 200]
    assert join(server, code, token, "Cid")[1]["code"] == "invitation_spent"
    listed = spectator_command(server.data_dir, "invite", code, "--list").stdout
    assert "spent" in listed
    assert "2/2" in listed
    assert "the late ones" in listed
    assert token not in listed
    assert back.startswith(f"Take it back: spectator invite {code} --withdraw i_")


def test_a_link_that_was_taken_back_is_worth_nothing(server):
    code = own_room(server, "cli withdraw", "--access", "invite_only")
    made = spectator_json(server.data_dir, "invite", code)
    done = spectator_command(server.data_dir, "invite", code, "--withdraw", made["id"])
    assert done.stdout == f"Invitation {made['id']} is withdrawn. Whoever came in by it stays.\n"
    assert join(server, code, made["token"])[1]["code"] == "invitation_spent"


def test_a_link_for_one_user_is_nobody_elses(server):
    code = own_room(server, "cli bound", "--access", "invite_only")
    made = spectator_json(server.data_dir, "invite", code, "--user", "ada", "--hours", "2")
    assert made["user_id"] == "ada"
    assert join(server, code, made["token"])[0] == 403
    ada = spectator_json(server.data_dir, "identity", "mint", "ada")["token"]
    assert join(server, code, made["token"], token=ada)[0] == 200


def test_no_invitations_and_none_of_that_id(server):
    code = own_room(server, "cli no invitations")
    assert spectator_command(server.data_dir, "invite", code, "--list").stdout == "No invitations.\n"
    done = spectator_command(server.data_dir, "invite", code, "--withdraw", "i_0", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "invitation_not_found")


def test_that_the_password_is_asked_for_all_the_same_is_said(server):
    code = own_room(server, "cli invite password", "--generate-password")
    done = spectator_command(server.data_dir, "invite", code)
    assert "The room's password is asked for all the same.\n" in done.stdout
    token = done.stdout.splitlines()[0].rpartition("#invite=")[2]
    assert join(server, code, token)[1]["code"] == "password_required"
