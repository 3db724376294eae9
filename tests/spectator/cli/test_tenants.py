"""An operator in the terminal: straight in the store of a data folder, and by the API of a server."""

import json

import pytest

from spectator.cli.arguments.tenants import amount
from spectator.cli.tenants import QUOTAS
from tests.harness.servers import ServerProcess
from tests.harness.terminal import spectator_command, spectator_json

OPERATOR = "op_the-operator-of-the-tests"


def test_a_tenant_lives_from_making_to_deleting_in_a_data_folder(tmp_path):
    """No server runs and nobody has a key: whoever can open the folder is the operator."""
    folder = tmp_path / "data"
    made = spectator_json(folder, "tenant", "create", "acme", "--name", "Acme", "--seats", "40")
    assert made["tenant"]["quotas"]["seats"] == 40
    assert made["key"]["key"].startswith("sk_acme_")
    assert made["key"]["scopes"] == ["manage", "publish", "read"]
    listed = spectator_json(folder, "tenant", "list")["tenants"]
    assert [one["id"] for one in listed] == ["acme", "local"]
    changed = spectator_json(folder, "tenant", "set", "acme", "--rooms", "unlimited", "--stored-bytes", "2G")
    assert (changed["quotas"]["rooms"], changed["quotas"]["stored_bytes"]) == (None, 2_000_000_000)
    assert spectator_json(folder, "tenant", "suspend", "acme")["status"] == "suspended"
    shown = spectator_json(folder, "tenant", "show", "acme")
    assert (shown["status"], shown["usage"]["seats"]) == ("suspended", {"used": 0, "limit": 40})
    assert spectator_json(folder, "tenant", "resume", "acme")["status"] == "active"
    assert spectator_json(folder, "tenant", "delete", "acme", "--yes") == {"deleted": "acme"}
    assert [one["id"] for one in spectator_json(folder, "tenant", "list")["tenants"]] == ["local"]


def test_keys_are_made_listed_and_revoked(tmp_path):
    folder = tmp_path / "data"
    spectator_json(folder, "tenant", "create", "acme", "--no-key")
    made = spectator_json(
        folder, "key", "create", "acme", "--scopes", "publish,read", "--name", "cluster", "--hours", "2"
    )
    assert (made["scopes"], made["name"]) == (["publish", "read"], "cluster")
    other = spectator_json(folder, "key", "create", "--tenant", "acme")
    assert spectator_json(folder, "key", "revoke", other["id"]) == {"revoked": other["id"]}
    stolen = spectator_json(folder, "key", "create", "acme")
    said = spectator_command(folder, "key", "revoke", stolen["id"]).stdout
    assert "Rooms that it made stay" in said
    operator = spectator_json(folder, "key", "create", "--operator")
    assert operator["key"].startswith("op_")
    done = spectator_command(folder, "key", "list")
    assert made["id"] in done.stdout
    assert "(operator)" in done.stdout
    assert made["key"] not in done.stdout
    assert spectator_json(folder, "key", "revoke", made["id"]) == {"revoked": made["id"]}
    assert [one["id"] for one in spectator_json(folder, "key", "list", "acme")["keys"]] == []
    again = spectator_command(folder, "key", "revoke", made["id"])
    assert (again.returncode, again.stdout) == (1, "")
    assert "no key with this id" in again.stderr


def test_people_are_told_what_they_need_and_the_key_once(tmp_path):
    folder = tmp_path / "data"
    done = spectator_command(folder, "tenant", "create", "acme")
    first, key, once = done.stdout.splitlines()
    assert first == "Tenant acme is made."
    assert key.startswith("key: sk_acme_")
    assert once.startswith("Shown this once")
    shown = spectator_command(folder, "tenant", "show", "acme").stdout
    assert key.removeprefix("key: ") not in shown
    assert [line.split("  ")[0] for line in shown.splitlines()][-7:] == [
        name.replace("_", " ") for name in QUOTAS
    ]
    assert "\nbytes per second     0 B   2 MB" in shown


def test_what_is_done_straight_in_the_store_is_in_the_operators_audit(tmp_path):
    server = ServerProcess(tmp_path / "data", SPECTATOR_OPERATOR_KEY=OPERATOR)
    server.start()
    try:
        folder = server.data_dir
        first = spectator_json(folder, "tenant", "create", "acme")["key"]["id"]
        spectator_json(folder, "tenant", "set", "acme", "--seats", "7", "--name", "Acme")
        spectator_json(folder, "tenant", "suspend", "acme")
        spectator_json(folder, "key", "revoke", first)
        spectator_json(folder, "tenant", "delete", "acme", "--yes")
        refused = spectator_command(folder, "tenant", "suspend", "acme")
        assert refused.returncode == 1
        asked = ("audit", "--operator", "--json")
        done = spectator_command(folder, *asked, SPECTATOR_OPERATOR_KEY=OPERATOR)
        told = [one for one in json.loads(done.stdout)["entries"] if one["what"] != "key_address"]
        assert [(one["what"], one["subject"]) for one in reversed(told)] == [
            ("tenant_create", "acme"),
            ("key_create", f"{first} acme"),
            ("tenant_change", "acme: name, seats"),
            ("tenant_change", "acme: suspended"),
            ("key_revoke", first),
            ("tenant_delete", "acme"),
        ]
        assert {one["actor"]["name"] for one in told} == {"operator on this machine"}
    finally:
        server.close()


@pytest.mark.parametrize("typed", ["", "no\n", "acm\n"])
def test_deleting_asks_and_takes_nothing_but_the_name(tmp_path, typed):
    folder = tmp_path / "data"
    spectator_json(folder, "tenant", "create", "acme")
    done = spectator_command(folder, "tenant", "delete", "acme", typed=typed)
    assert done.returncode == 1
    assert "0 active rooms" in done.stderr
    assert done.stderr.endswith("Nothing was deleted.\n")
    assert spectator_json(folder, "tenant", "show", "acme")["status"] == "active"
    assert spectator_command(folder, "tenant", "delete", "acme", typed="acme\n").returncode == 0


def test_what_is_refused_is_one_sentence(tmp_path):
    folder = tmp_path / "data"
    for arguments, told in (
        (("tenant", "create", "Acme"), "small letters"),
        (("tenant", "show", "nobody"), "no such tenant"),
        (("tenant", "suspend", "local"), "cannot be suspended"),
        (("tenant", "delete", "local", "--yes"), "stays"),
        (("tenant", "set", "local"), "Say what to change"),
        (("key", "create", "nobody"), "no such tenant"),
        (("key", "create"), "Say whose key"),
    ):
        done = spectator_command(folder, *arguments)
        assert done.returncode in {1, 2}
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert done.stdout == ""


def test_with_an_operator_key_a_server_is_asked(tmp_path):
    server = ServerProcess(tmp_path / "data", SPECTATOR_OPERATOR_KEY=OPERATOR)
    server.start()
    try:
        operate = {"SPECTATOR_OPERATOR_KEY": OPERATOR}
        elsewhere = tmp_path / "elsewhere"
        asked = ("--url", server.url, "--json")
        made = spectator_command(elsewhere, "tenant", "create", "acme", *asked, **operate)
        assert made.returncode == 0, made.stderr
        key = json.loads(made.stdout)["key"]["key"]
        assert server.call("POST", "/rooms", {"name": "theirs"}, token=key)[0] == 201
        used = spectator_command(elsewhere, "usage", "acme", *asked, **operate)
        assert json.loads(used.stdout)["usage"][0]["quotas"]["rooms"]["used"] == 1
        own = spectator_command(elsewhere, "usage", *asked, SPECTATOR_API_KEY=key)
        assert [one["tenant"] for one in json.loads(own.stdout)["usage"]] == ["acme"]
        without = spectator_command(elsewhere, "tenant", "list", "--url", server.url)
        assert (without.returncode, "SPECTATOR_OPERATOR_KEY" in without.stderr) == (1, True)
        wrong = spectator_command(
            elsewhere, "tenant", "list", "--url", server.url, SPECTATOR_OPERATOR_KEY="op_" + "x" * 20
        )
        assert wrong.returncode == 1
        assert "x" * 20 not in wrong.stderr
        deleted = spectator_command(server.data_dir, "tenant", "delete", "acme", "--yes", **operate)
        assert deleted.returncode == 0, deleted.stderr
        assert server.call("GET", "/rooms", token=key)[0] == 401
        beside = spectator_json(server.data_dir, "tenant", "list")["tenants"]
        assert [one["id"] for one in beside] == ["local"], "the store is open to its folder's owner beside it"
    finally:
        server.close()


@pytest.mark.parametrize(
    ("text", "read"),
    [("5", 5), ("2M", 2_000_000), ("4g", 4 * 10**9), ("10k", 10_000), ("0", 0), ("Unlimited", "unlimited")],
)
def test_an_amount_is_read_as_people_write_it(text, read):
    assert amount(text) == read


@pytest.mark.parametrize("text", ["", "-1", "1.5", "many", "M", "9999999999999999", "9" * 14 + "G", "\u0661"])
def test_what_is_no_amount(text):
    with pytest.raises(Exception, match="whole number"):
        amount(text)
