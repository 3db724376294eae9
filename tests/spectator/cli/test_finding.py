import json

from tests.harness.terminal import spectator_command


def test_without_a_server_commands_say_how_to_start_one(tmp_path):
    done = spectator_command(tmp_path, "room", "list")
    assert (done.returncode, done.stderr) == (
        3,
        "spectator: No server is running. Start one: spectator serve\n",
    )


def test_another_server_needs_its_key(tmp_path, server):
    done = spectator_command(tmp_path, "room", "list", "--url", server.url, "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "unauthorized")
    done = spectator_command(tmp_path, "room", "list", "--url", server.url, SPECTATOR_API_KEY=server.api_key)
    assert done.returncode == 0


def test_the_environment_names_a_server(tmp_path, server):
    done = spectator_command(
        tmp_path, "room", "list", SPECTATOR_URL=server.url, SPECTATOR_API_KEY=server.api_key
    )
    assert done.returncode == 0


def test_a_wrong_key_is_told_without_repeating_it(tmp_path, server):
    done = spectator_command(
        tmp_path, "room", "list", SPECTATOR_URL=server.url, SPECTATOR_API_KEY="sk_local_wrong"
    )
    assert done.returncode == 1
    assert "sk_local_wrong" not in done.stderr + done.stdout


def test_a_key_that_can_be_none_is_told_in_words(tmp_path, server):
    done = spectator_command(
        tmp_path, "room", "list", SPECTATOR_URL=server.url, SPECTATOR_API_KEY="sk_schlüssel"
    )
    assert (done.returncode, "SPECTATOR_API_KEY" in done.stderr, "codec" in done.stderr) == (1, True, False)


def test_a_bad_address_is_told(tmp_path):
    done = spectator_command(tmp_path, "room", "list", "--url", "ftp://x", SPECTATOR_API_KEY="k")
    assert done.returncode == 1
    assert "http://" in done.stderr


def test_nobody_there_is_told(tmp_path):
    done = spectator_command(tmp_path, "room", "list", "--url", "http://127.0.0.1:9", SPECTATOR_API_KEY="k")
    assert done.returncode == 3
