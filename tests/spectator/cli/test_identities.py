from tests.harness.terminal import spectator_command, spectator_json
from tests.spectator.cli.actors import own_room


def test_an_identity_opens_what_its_user_is_listed_for(server):
    code = own_room(server, "cli identity", "--access", "invite_only", "--allow", "ada")
    made = spectator_json(server.data_dir, "identity", "mint", "ada", "--name", "Ada L.", "--hours", "1")
    join = ("POST", f"/rooms/{code}/join", {"display_name": "x"})
    assert server.call(*join, token=None)[0] == 403
    status, told = server.call(*join, token=made["token"])
    assert (status, told["spectator_id"]) == (200, "u:local:ada")
    eve = spectator_json(server.data_dir, "identity", "mint", "eve")["token"]
    assert server.call(*join, token=eve)[0] == 403


def test_the_token_is_printed_alone_on_its_line(server):
    token, told = spectator_command(server.data_dir, "identity", "mint", "ada").stdout.splitlines()
    assert token.startswith("id_")
    assert told.startswith("proves to this server who ada is, until 20")
