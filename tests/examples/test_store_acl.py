"""The servers live on what the rule of ``compose.yaml`` gives them, in a real store."""

import re
import urllib.request
from collections.abc import Iterator

import pytest
import yaml

from tests.harness.servers import ROOT, ServerProcess
from tests.harness.valkey import Valkey
from tests.harness.waiting import until

PASSWORD = "a-password-of-the-tests"
OPERATOR = "op_0123456789abcdef0123"
PATIENCE_S = 60


def users() -> str:
    """The file of users, with a password in it."""
    told = yaml.safe_load((ROOT / "examples" / "deploy" / "compose.yaml").read_text())
    return re.sub(r"\$\{STORE_PASSWORD:[^}]*\}", PASSWORD, told["configs"]["users"]["content"])


def rule() -> str:
    """The rule of the servers' user."""
    return next(line for line in users().splitlines() if line.startswith("user spectator "))


def granted() -> set[str]:
    return {word[1:] for word in rule().split() if word.startswith("+")}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A store with that user; everybody else may look at what it was refused."""
    folder = tmp_path_factory.mktemp("acl")
    assert users().startswith("user default off\n")
    text = users().replace("user default off", "user default on nopass ~* &* +@all")
    (folder / "users.acl").write_text(text)
    made = Valkey(folder / "store", "--aclfile", str(folder / "users.acl"))
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(store: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    url = f"redis://spectator:{PASSWORD}@{store.name}/0"
    made = ServerProcess(
        tmp_path_factory.mktemp("served") / "data",
        *("--redis", url),
        SPECTATOR_RATE_LIMITS="off",
        SPECTATOR_OPERATOR_KEY=OPERATOR,
    )
    made.start()
    yield made
    made.close()


def test_every_command_of_the_scripts_is_granted_and_no_other_kind() -> None:
    scripts = [*(ROOT / "rooms").rglob("*.lua"), *(ROOT / "spectator").rglob("*.lua")]
    assert len(scripts) > 40
    called = {
        name.lower()
        for script in scripts
        for name in re.findall(r"redis\.p?call\(\s*'(\w+)'", script.read_text())
    }
    assert called <= granted(), called - granted()
    assert not granted() & {"flushall", "config", "keys", "scan", "shutdown", "acl", "debug", "script"}
    assert not any(word.startswith("@") for word in granted())  # no whole categories
    assert {"~sp:*", "&sp:*", "-@all"} <= set(rule().split())


def test_a_server_does_everything_it_does_with_this_user(server: ServerProcess, store: Valkey) -> None:
    open_room = asked(server, "POST", "/rooms", {"name": "run", "reuse": True, "listed": True})
    room, code, key = open_room["room"]["id"], open_room["room"]["code"], open_room["owner_token"]
    guest = asked(server, "POST", f"/rooms/{code}/join", {"display_name": "Ann"}, token=None)
    event = {"type": "training_metrics", "data": {"loss_value": 0.5}}
    for step in range(3):
        note = {"type": "log", "message": str(step)}
        asked(server, "POST", f"/rooms/{room}/events", [event] * 50 + [note], key)
    asked(server, "POST", f"/rooms/{room}/events", [], key)
    stream = urllib.request.Request(
        f"{server.url}/api/v1/rooms/{room}/stream", headers={"Authorization": f"Bearer {guest['token']}"}
    )
    with urllib.request.urlopen(stream, timeout=PATIENCE_S) as shown:
        assert any(b"snapshot" in line for line in iter(shown.readline, b""))
    for path in ("/history", "/export?format=ndjson", "/spectators", "/requests", "/invitations"):
        get(server, f"/rooms/{room}{path}", key)
    for who in ("promote", "demote", "kick", "block", "unblock"):
        server.call("POST", f"/rooms/{room}/spectators/{guest['spectator_id']}/{who}", {}, token=key)
    invited = asked(server, "POST", f"/rooms/{room}/invitations", {"uses": 1}, key)
    assert invited
    asked(server, "PATCH", f"/rooms/{room}", {"require_approval": True, "max_spectators": 2}, key)
    waiting = asked(server, "POST", f"/rooms/{code}/join", {"display_name": "Ben"}, token=None)
    asked(server, "POST", f"/rooms/{room}/requests/{waiting['request_id']}/approve", {}, key)
    asked(server, "POST", f"/rooms/{room}/claims", {}, key)
    asked(server, "POST", f"/rooms/{room}/extend", {"hours": 1}, key)
    asked(server, "POST", f"/rooms/{room}/rotate", {"what": "code"}, key)
    secret = asked(server, "POST", "/rooms", {"password": "guess me not"})
    status, _ = server.call(
        "POST", f"/rooms/{secret['room']['code']}/join", {"display_name": "C", "password": "no"}, token=None
    )
    assert status == 403
    tenant(server)
    assert server.call("DELETE", f"/rooms/{room}?keep=false", token=key)[0] == 200
    until(lambda: '"join"' in get(server, "/audit", "api_key"), deadline=PATIENCE_S, what="the audit")
    assert server.call("GET", "/status")[1]["living"]
    refused = store.command("ACL", "LOG")
    assert refused == [], refused
    assert "NOPERM" not in server.log.read_text()


def tenant(server: ServerProcess) -> None:
    """What operators do: a tenant, its key, its use, its end."""
    asked(server, "POST", "/tenants", {"id": "acme"}, OPERATOR)
    made = asked(server, "POST", "/keys", {"tenant": "acme"}, OPERATOR)
    asked(server, "POST", "/rooms", {"name": "theirs"}, made["key"])
    get(server, "/usage", OPERATOR)
    assert server.call("DELETE", f"/keys/{made['id']}", token=OPERATOR)[0] == 200
    assert server.call("DELETE", "/tenants/acme", token=OPERATOR)[0] == 200


def asked(server: ServerProcess, method: str, path: str, body: object, token: str | None = "api_key") -> dict:
    status, answer = server.call(method, path, body, token=token)
    assert status < 300, (method, path, status, answer)
    return answer


def get(server: ServerProcess, path: str, token: str) -> str:
    bearer = server.api_key if token == "api_key" else token
    headers = {"Authorization": f"Bearer {bearer}"}
    request = urllib.request.Request(f"{server.url}/api/v1{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return answer.read().decode()
