import json

import pytest

import spectator
from tests.harness.servers import environment
from tests.harness.terminal import spectator_command, spectator_json


def logged_in(server, folder):
    done = spectator_command(folder, "login", server.url, typed=f"{server.api_key}\n")
    assert done.returncode == 0, done.stderr
    return done


def test_a_key_is_checked_kept_and_used(server, tmp_path):
    done = logged_in(server, tmp_path)
    assert done.stdout.startswith(f"Logged in to {server.url} as tenant local")
    assert server.api_key not in done.stdout + done.stderr
    for words in (["room", "list"], ["room", "list", "--url", server.url]):
        assert spectator_command(tmp_path, *words).returncode == 0
    assert spectator_json(tmp_path, "login", "--list") == {"servers": [server.url]}


def test_a_script_uses_it_too(server, tmp_path, monkeypatch):
    logged_in(server, tmp_path)
    for name, value in environment(tmp_path).items():
        if name.startswith("SPECTATOR_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("SPECTATOR_AUTOSTART", "off")
    with spectator.open_room("cli login script", quiet=True) as room:
        assert str(room.url).startswith(server.url)


def test_the_key_goes_to_no_other_address(server, tmp_path):
    logged_in(server, tmp_path)
    port = server.url.rsplit(":", 1)[1]
    other = f"http://localhost:{port}"  # even where the very same server answers
    done = spectator_command(tmp_path, "room", "list", "--url", other, "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "unauthorized")


def test_a_folder_that_was_named_is_meant_whatever_one_is_logged_in_to(server, tmp_path):
    logged_in(server, tmp_path)
    done = spectator_command(tmp_path, "room", "list", "--data", str(tmp_path / "none"))
    assert (done.returncode, "No server is running" in done.stderr) == (3, True)


def test_a_key_the_server_does_not_know_is_not_kept(server, tmp_path):
    done = spectator_command(tmp_path, "login", server.url, typed="sk_local_wrong\n")
    assert (done.returncode, "does not know this key" in done.stderr) == (1, True)
    assert "sk_local_wrong" not in done.stdout + done.stderr
    assert spectator_json(tmp_path, "login", "--list") == {"servers": []}


@pytest.mark.parametrize("typed", ["", "\n", "hello\n", "op_operator\n", "sk_ä\n"])
def test_what_is_no_api_key_is_sent_nowhere(tmp_path, typed):
    # Nobody listens there: it would be exit code 3, had it been sent.
    done = spectator_command(tmp_path, "login", "http://127.0.0.1:9", typed=typed)
    assert done.returncode == 1
    assert "key" in done.stderr


def test_a_key_does_not_cross_a_network_readable(tmp_path):
    done = spectator_command(tmp_path, "login", "http://192.0.2.1", typed="sk_local_x\n")
    assert (done.returncode, "https://" in done.stderr) == (1, True)


def test_a_login_is_forgotten(server, tmp_path):
    logged_in(server, tmp_path)
    assert spectator_json(tmp_path, "login", "--remove", server.url) == {"forgotten": [server.url]}
    done = spectator_command(tmp_path, "login", "--remove", server.url)
    assert (done.returncode, "There is no login" in done.stderr) == (1, True)
    assert spectator_command(tmp_path, "login", "--remove").stdout == "Logged in nowhere.\n"
    assert spectator_command(tmp_path, "room", "list").returncode == 3


def test_without_a_server_it_asks_for_one(tmp_path):
    assert spectator_command(tmp_path, "login").returncode == 2


def test_a_file_others_may_read_is_told(server, tmp_path):
    logged_in(server, tmp_path)
    (tmp_path / "config" / "logins.json").chmod(0o644)
    done = spectator_command(tmp_path, "room", "list")
    assert (done.returncode, "chmod 600" in done.stderr) == (1, True)
