"""What was done, told to people: one line each, and nothing in it that commands the terminal."""

import argparse
import json
import time

import pytest

from spectator.cli import audit
from spectator.cli.arguments.audit import since
from tests.harness.hostile import ACCEPTED
from tests.harness.servers import ServerProcess
from tests.harness.terminal import spectator_command, spectator_json
from tests.harness.waiting import until


def told(server, *arguments):
    return spectator_json(server.data_dir, "audit", *arguments)["entries"]


def test_who_did_what_is_a_table_with_the_newest_at_the_end(server):
    room = server.call("POST", "/rooms", {"name": "audited"})[1]["room"]
    for name in ("Ann", "Ben"):
        server.call("POST", f"/rooms/{room['code']}/join", {"display_name": name}, token=None)
    server.call("PATCH", f"/rooms/{room['id']}", {"listed": False, "max_spectators": 5})
    until(lambda: len(told(server, "--room", room["code"])) >= 4, what="all of it is written")
    done = spectator_command(server.data_dir, "audit", "--room", room["code"])
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["WHEN", "(UTC)", "WHO", "WHAT", "ROOM", "OUTCOME", "FROM"]
    assert lines[0][21:].split("  ")[:2] == ["data folder", "create"]
    assert [line.split()[2] for line in lines[1:3]] == ["Ann", "Ben"]
    assert "change: listed, max_spectators" in lines[-1]
    assert all(room["code"] in line and "127.0.0.1" in line for line in lines)


def test_it_can_be_of_one_kind_and_one_time(server):
    room = server.call("POST", "/rooms", {"name": "audited by kind"})[1]["room"]
    server.call("POST", f"/rooms/{room['id']}/extend", {"hours": 1})
    until(lambda: len(told(server, "--room", room["id"])) >= 2, what="all of it is written")
    (one,) = told(server, "--room", room["id"], "--what", "extend")
    assert one["room"] == room["id"]
    assert len(told(server, "--room", room["id"], "--since", "1h")) == 2
    assert told(server, "--room", room["id"], "--since", "2100-01-01") == []
    assert len(told(server, "--room", room["id"], "--limit", "1")) == 1


def test_nothing_noted_is_said(server):
    done = spectator_command(server.data_dir, "audit", "--room", "r_0000000000000009")
    assert done.stdout == "Nothing was noted.\n"


def test_hostile_names_are_one_line_each(server):
    room = server.call("POST", "/rooms", {"name": "audited crowd", "max_spectators": 100})[1]["room"]
    for name in ACCEPTED.values():
        answer = server.call("POST", f"/rooms/{room['code']}/join", {"display_name": name}, token=None)
        assert answer[0] == 200, (name, answer)
    found = until(
        lambda: (
            (lines := told(server, "--room", room["id"], "--what", "join", "--limit", "100"))
            and len(lines) == len(ACCEPTED)
            and lines
        ),
        what="all joins are written",
    )
    assert {one["actor"]["name"] for one in found} >= {ACCEPTED["script"], ACCEPTED["formula"]}
    done = spectator_command(server.data_dir, "audit", "--room", room["id"], "--limit", "100")
    assert len(done.stdout.splitlines()) == len(ACCEPTED) + 2
    assert not [char for char in done.stdout if char != "\n" and not char.isprintable()]


def test_operators_see_their_own_and_any_tenants(tmp_path):
    key = "op_an-operator-of-the-tests"
    served = ServerProcess(tmp_path / "data", SPECTATOR_OPERATOR_KEY=key)
    served.start()
    try:
        served.call("POST", "/tenants", {"id": "acme"}, token=key)
        served.call("POST", "/rooms", {"name": "of local"})

        def seen(*arguments):
            done = spectator_command(
                served.data_dir, "audit", *arguments, "--json", SPECTATOR_OPERATOR_KEY=key
            )
            return [one["what"] for one in json.loads(done.stdout)["entries"]]

        until(lambda: "tenant_create" in seen("--operator"), what="the operator's doing is written")
        assert "create" not in seen("--operator")
        assert "create" in seen("--tenant", "local")
        assert seen("--tenant", "acme") == []
        refused = spectator_command(served.data_dir, "audit", "--operator")
        assert (refused.returncode, "SPECTATOR_OPERATOR_KEY" in refused.stderr) == (1, True)
    finally:
        served.close()


def test_a_row_shows_nothing_that_acts_on_a_screen():
    entry = {
        "at": "2026-01-02T03:04:05.678Z",
        "what": "kick",
        "outcome": "ok",
        "room": "r_1",
        "actor": {"kind": "room_key", "id": None, "name": None},
        "subject": "v_1",
        "client": None,
        "count": 3,
    }
    assert audit._row(entry, {"r_1": "ABC234"}) == [
        "2026-01-02 03:04:05",
        "the owner",
        "kick: v_1  (3 times)",
        "ABC234",
        "ok",
        "-",
    ]


@pytest.mark.parametrize(("text", "ago"), [("30s", 30), ("2h", 7200), ("7d", 604_800)])
def test_a_span_is_read(text, ago):
    assert abs(time.time() - ago - since(text)) < 60


@pytest.mark.parametrize("text", ["", "2 h", "yesterday", "-5m", "9999999d", "٣h"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        since(text)
