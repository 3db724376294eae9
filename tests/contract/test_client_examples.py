"""Every example runs as it stands, against a real server."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.servers import ROOT, ServerProcess, environment
from tests.harness.waiting import until

EXAMPLES = ROOT / "examples"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(server: ServerProcess) -> Run:
    def runs(*command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-P", *command],
            env=environment(server.data_dir),
            capture_output=True,
            text=True,
            timeout=50,
            check=True,
        )

    return runs


def room_of(server: ServerProcess, stderr: str) -> dict[str, Any]:
    (code,) = re.findall(r"\(code ([A-Z2-9]{6})\)", stderr)
    room: dict[str, Any] = server.call("GET", f"/rooms/{code}")[1]
    return room


def values(server: ServerProcess, room: dict[str, Any], name: str) -> list[float]:
    told = server.call("GET", f"/rooms/{room['id']}/history?max_points=5000")[1]
    found: list[float] = told["metrics"][name]["value"]
    return found


def test_quickstart(run: Run, server: ServerProcess) -> None:
    room = room_of(server, run(str(EXAMPLES / "quickstart.py")).stderr)
    assert values(server, room, "current_reward") == [step % 100 for step in range(1000)]
    assert room["run"]["status"] == "finished"


def test_training_loop_learns(run: Run, server: ServerProcess) -> None:
    code = f"import sys; sys.path.insert(0, {str(EXAMPLES)!r}); import training_loop as t"
    code += "; print(t.train(400, pause=0))"
    done = run("-c", code)
    room = room_of(server, done.stderr)
    rewards = values(server, room, "current_reward")
    assert len(rewards) == 400
    assert float(done.stdout) > -40 > sum(rewards[:50]) / 50
    assert room["config"]["algorithm"] == "Q-learning"


def test_approval_lets_in_who_is_on_the_list(server: ServerProcess) -> None:
    code = f"import sys; sys.path.insert(0, {str(EXAMPLES)!r}); import approval; approval.main(6)"
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        env=environment(server.data_dir),
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    assert process.stderr is not None
    reader = threading.Thread(target=said.extend, args=(process.stderr,))
    reader.start()
    (code,) = until(lambda: re.findall(r"\(code ([A-Z2-9]{6})\)", "".join(said)))
    tokens = {}
    for name in ("Ada", "Eve"):
        body = {"display_name": name, "password": "s3cret"}
        status, asked = server.call("POST", f"/rooms/{code}/join", body, token=None)
        assert status == 202
        tokens[name] = (asked["request_id"], asked["token"])

    def answer(name: str) -> Any:
        request, token = tokens[name]
        told = server.call("GET", f"/rooms/{code}/requests/{request}", token=token)[1]["status"]
        return told if told != "pending_approval" else None

    assert until(lambda: answer("Ada")) == "approved"
    assert until(lambda: answer("Eve")) == "denied"
    with process:
        assert process.wait(20) == 0
        reader.join()


def test_the_five_parts_of_the_seed(run: Run) -> None:
    out = run(str(EXAMPLES / "example_spectator_usage.py")).stdout
    for number in range(1, 6):
        assert f"\n{number}. " in out
    assert "Ada is approved; 1 of 10 seats taken" in out
    assert "Ada knew it: approved" in out
    assert "for Eve it does not exist" in out
    assert "100 records" in out
    assert "Eve is denied" in out
    assert "Ada cannot close it: not_allowed" in out


def started(server: ServerProcess, name: str, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", str(EXAMPLES / name), *arguments],
        env=environment(server.data_dir, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def asks(server: ServerProcess, code: str, name: str, token: str | None = None) -> Callable[[], Any]:
    """Ask to come in; return what tells how that stands."""
    status, told = server.call("POST", f"/rooms/{code}/join", {"display_name": name}, token=token)
    assert status == 202, told

    def stands() -> Any:
        path = f"/rooms/{code}/requests/{told['request_id']}"
        found = server.call("GET", path, token=told["token"])[1]["status"]
        return found if found != "pending_approval" else None

    return stands


def test_a_doorkeeper_by_plain_http(server: ServerProcess) -> None:
    made = server.call("POST", "/rooms", {"name": "doorkeeper", "require_approval": True})[1]
    code = made["room"]["code"]

    def identity(user: str) -> str:
        return str(server.call("POST", "/identities", {"user_id": user})[1]["token"])

    server.call("PATCH", f"/rooms/{code}", {"allowed_users": ["eve"]})
    assert (
        server.call("POST", f"/rooms/{code}/join", {"display_name": "Eve"}, token=identity("eve"))[0] == 200
    )
    ada, stranger = asks(server, code, "Ada", identity("ada")), asks(server, code, "ada")
    settings = {"SPECTATOR_URL": server.url, "SPECTATOR_API_KEY": server.api_key}
    process = started(server, "approve_by_api.py", code, "4", **settings)
    assert until(ada) == "approved"
    assert until(stranger) == "denied"  # a name proves nothing
    out, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert "ada (ada): approved\n" in out
    assert "ada (nobody vouches): denied\n" in out
    assert out.count("eve: blocked\n") == 1


def test_a_class(server: ServerProcess) -> None:
    process = started(server, "classroom.py", "4")
    assert process.stdout is not None
    assert process.stderr is not None
    (code,) = re.findall(r"\(code ([A-Z2-9]{6})\)", process.stderr.readline())
    link = process.stdout.readline()
    assert "#invite=in_" in link
    late = {"display_name": "Late", "invitation": link.strip().rpartition("#invite=")[2]}
    assert server.call("POST", f"/rooms/{code}/join", late, token=None)[0] == 200
    ada = asks(server, code, "Ada")
    assert until(ada) == "approved"
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Ada asks since 20" in out
    password = re.findall("next lesson's password: (.+)", out)
    ask = {"display_name": "Ben", "password": password[0]}
    assert server.call("POST", f"/rooms/{code}/join", ask, token=None)[0] == 202
    assert server.call("POST", f"/rooms/{code}/join", {"display_name": "Ben"}, token=None)[0] == 401


def test_a_backend_that_vouches_for_its_users(run: Run) -> None:
    out = run(str(EXAMPLES / "tenant_backend.py")).stdout
    assert "Ada may watch: True" in out
    assert "   eve: room_not_found\nEve may watch: False" in out
    assert "   ada: room_not_found\nAda may watch, now that she has left: False" in out
    assert "#identity=..." in out
    assert "id_" not in out
