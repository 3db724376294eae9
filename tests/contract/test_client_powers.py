"""An owner's powers from a script, on a real server: what becomes of those who watch, and of the run."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import spectator
from spectator import Refused
from spectator.client.room import Room
from tests.harness.servers import ServerProcess
from tests.harness.waiting import until

OPERATOR = f"op_{secrets.token_urlsafe(32)}"

OpenRoom = Callable[..., Room]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with an operator, for many tenants."""
    folder = tmp_path_factory.mktemp("many") / "data"
    process = ServerProcess(folder, SPECTATOR_RATE_LIMITS="on", SPECTATOR_OPERATOR_KEY=OPERATOR)
    process.start()
    yield process
    process.close()


@pytest.fixture
def opens(site: ServerProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenRoom]:
    """Opens rooms on the server as a script elsewhere would: by its address and a key."""
    monkeypatch.setenv("SPECTATOR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SPECTATOR_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SPECTATOR_AUTOSTART", "off")
    rooms: list[Room] = []

    def open_it(name: str, **arguments: Any) -> Room:
        room = spectator.open_room(name, **{"url": site.url, "api_key": site.api_key, **arguments})
        rooms.append(room)
        return room

    yield open_it
    for room in rooms:
        if room._run is not None:
            room._run.end_run(None)
            room._run.outbox._give_up_at = 0.0
            room._run.wait_sent(5)


def operate(site: ServerProcess, method: str, path: str, body: Any = None) -> dict[str, Any]:
    status, told = site.call(method, path, body, token=OPERATOR)
    assert status < 300, told
    return told


def tenant(site: ServerProcess, name: str, **quotas: Any) -> dict[str, Any]:
    """Make a tenant with one key of all scopes; return the key, as it is told once."""
    operate(site, "POST", "/tenants", {"id": name, "quotas": quotas})
    asked = {"tenant": name, "scopes": ["publish", "read", "manage"], "name": "training"}
    return operate(site, "POST", "/keys", asked)


def come_in(site: ServerProcess, room: Room, name: str, **ask: Any) -> dict[str, Any]:
    status, told = site.call("POST", f"/rooms/{room.code}/join", {"display_name": name, **ask}, token=None)
    assert status == 200, told
    return told


def is_in(site: ServerProcess, room: Room, member: dict[str, Any]) -> bool:
    return site.call("GET", f"/rooms/{room.code}/history", token=member["token"])[0] == 200


def values(site: ServerProcess, room: Room, key: str) -> list[float]:
    _, told = site.call("GET", f"/rooms/{room.id}/history?max_points=5000", token=key)
    found: list[float] = told.get("metrics", {}).get("loss", {}).get("value", [])
    return found


def test_people_are_sent_away_blocked_and_made_moderators(site: ServerProcess, opens: OpenRoom) -> None:
    room = opens("powers people", quiet=True)
    ann, ben = come_in(site, room, "Ann"), come_in(site, room, "Ben")
    assert [one.name for one in room.spectators()] == ["Ann", "Ben"]
    first, second = room.spectators()
    assert room.promote(first)
    assert [one.role for one in room.spectators()] == ["moderator", "spectator"]
    assert room.demote(first)
    assert room.kick(first)
    assert not is_in(site, room, ann)
    assert room.block(second.id)
    assert not is_in(site, room, ben)
    (blocked,) = room.blocked()
    assert (blocked.name, bool(blocked.blocked_at)) == ("Ben", True)
    assert room.unblock(blocked)
    assert room.blocked() == []
    assert not room.kick("v_nobody")


def test_who_asks_is_told_with_name_time_and_identity(site: ServerProcess, opens: OpenRoom) -> None:
    room = opens("powers ask", quiet=True, require_approval=True)
    heard: list[spectator.JoinRequest] = []
    room.on_request(heard.append)
    _, made = site.call("POST", "/identities", {"user_id": "grace", "name": "Grace"})
    site.call("POST", f"/rooms/{room.code}/join", {"display_name": "whoever"}, token=made["token"])
    (request,) = until(lambda: heard)
    assert (request.user_id, request.status) == ("grace", "pending_approval")
    assert request.requested_at.endswith("Z")
    assert request.approve()


def test_an_invitation_lets_in_whom_the_room_would_not(site: ServerProcess, opens: OpenRoom) -> None:
    room = opens("powers invite", quiet=True, access="invite_only")
    invitation = room.invite(uses=1, note="for Ann")
    assert str(invitation.url).startswith(f"{room.url}#invite=in_")
    assert next(iter(spectator.watch(str(invitation.url), name="Ann")))["type"] == "snapshot"
    (listed,) = room.invitations()
    assert (listed.id, listed.used, listed.status, listed.url) == (invitation.id, 1, "spent", None)
    other = room.invite()
    assert other.withdraw()
    ask = {"display_name": "Ben", "invitation": str(other.url).rpartition("#invite=")[2]}
    assert site.call("POST", f"/rooms/{room.code}/join", ask, token=None)[1]["code"] == "invitation_spent"


def test_a_new_code_password_and_key_while_the_run_goes_on(
    site: ServerProcess, opens: OpenRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    room = opens("powers rotate", password="s3cret")
    ann = come_in(site, room, "Ann", password="s3cret")
    old = room.code
    capfd.readouterr()
    for number, what in enumerate(("code", "password", "key")):
        assert room.rotate(what)
        room.log(loss=float(number))
        expected = [float(n) for n in range(number + 1)]
        until(lambda expected=expected: values(site, room, site.api_key) == expected)
    assert not is_in(site, room, ann)
    assert room.code not in {None, old}
    assert str(room.url).endswith(f"/r/{room.code}")
    assert room.password not in {None, "s3cret"}
    come_in(site, room, "Ann", password=room.password)
    assert room.update(max_spectators=3)  # with the new key
    assert capfd.readouterr().err == ""


def test_a_key_that_somebody_else_replaced(
    site: ServerProcess, opens: OpenRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    room = opens("powers rekeyed")
    capfd.readouterr()
    for what, body in (("rotate", {"what": "key"}), ("transfer", {"user_id": "grace"})):
        before = room._opened.owner_token if room._opened else None
        assert site.call("POST", f"/rooms/{room.id}/{what}", body)[0] == 200
        room.log(loss=1.0)
        until(lambda before=before: room._opened and room._opened.owner_token != before)
    until(lambda: values(site, room, site.api_key) == [1.0, 1.0])
    (line,) = capfd.readouterr().err.splitlines()  # once a minute is enough
    assert "somebody replaced the room's key" in line


def test_a_script_that_may_only_publish_goes_on_by_its_own_key(site: ServerProcess, opens: OpenRoom) -> None:
    operate(site, "POST", "/tenants", {"id": "publishers"})
    key = operate(site, "POST", "/keys", {"tenant": "publishers", "scopes": ["publish"]})["key"]
    manages = operate(site, "POST", "/keys", {"tenant": "publishers", "scopes": ["manage"]})["key"]
    room = opens("powers publisher", api_key=key, quiet=True)
    assert site.call("POST", f"/rooms/{room.id}/rotate", {"what": "key"}, token=manages)[0] == 200
    room.log(loss=2.0)
    until(lambda: values(site, room, manages) == [2.0])


def test_a_revoked_key_is_said_once_and_the_training_goes_on(
    site: ServerProcess, opens: OpenRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    made = tenant(site, "revoked")
    room = opens("powers revoked", api_key=made["key"])
    room.log(loss=1.0)
    until(lambda: room._run is not None and room._run.outbox.unsent == 0)
    capfd.readouterr()
    operate(site, "DELETE", f"/keys/{made['id']}")
    # What it opened lives on, by the room's own key; what takes the API key does not.
    assert site.call("POST", f"/rooms/{room.id}/rotate", {"what": "key"}, token=made["key"])[0] in {401, 404}
    other = tenant_key(site, "revoked")
    assert site.call("POST", f"/rooms/{room.id}/rotate", {"what": "key"}, token=other)[0] == 200
    said: list[str] = []
    room.log(loss=2.0)
    until(lambda: said.extend(capfd.readouterr().err.splitlines()) or said)
    (line,) = said
    assert "spectator login" in line
    assert made["key"] not in line
    for step in range(1000):
        room.log(loss=3.0, step=step)


def tenant_key(site: ServerProcess, name: str) -> str:
    return str(operate(site, "POST", "/keys", {"tenant": name, "scopes": ["manage", "publish"]})["key"])


def test_a_suspended_tenant_is_waited_for_and_comes_back_into_its_room(
    site: ServerProcess, opens: OpenRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    made = tenant(site, "suspended")
    room = opens("powers suspended", api_key=made["key"])
    code = room.code
    room.log(loss=1.0)
    until(lambda: values(site, room, made["key"]) == [1.0])
    capfd.readouterr()
    operate(site, "PATCH", "/tenants/suspended", {"status": "suspended"})
    room.log(loss=2.0)
    said: list[str] = []
    until(lambda: said.extend(capfd.readouterr().err.splitlines()) or said)
    assert "suspended" in said[0]
    operate(site, "PATCH", "/tenants/suspended", {"status": "active"})
    until(lambda: values(site, room, made["key"]) == [1.0, 2.0], deadline=60)
    assert room.code == code
    _, told = site.call("GET", "/rooms", token=made["key"])
    assert len(told["rooms"]) == 1  # and there is no second one beside it


def test_a_quota_on_publishing_is_named_and_nothing_vanishes_unsaid(
    site: ServerProcess, opens: OpenRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    made = tenant(site, "frugal", events_per_second=100)
    room = opens("powers quota", api_key=made["key"])
    capfd.readouterr()
    for step in range(150):
        room.log(loss=float(step), step=step)
    until(lambda: len(values(site, room, made["key"])) == 150)
    for step in range(150, 450):  # more than is free in the two seconds that a quota lends
        room.log(loss=float(step), step=step)
    said: list[str] = []
    until(lambda: said.extend(capfd.readouterr().err.splitlines()) or said)
    assert "the quota events_per_second (100) is used up" in said[0]
    until(lambda: len(values(site, room, made["key"])) == 450, deadline=60)
    assert values(site, room, made["key"]) == [float(step) for step in range(450)]
    assert room.dropped == 0


def test_what_an_owner_sets_while_people_watch(site: ServerProcess, opens: OpenRoom) -> None:
    room = opens("powers set", quiet=True, access="invite_only", allowed_users=["ada"], presence="nothing")
    _, made = site.call("POST", "/identities", {"user_id": "ada"})
    status, ada = site.call("POST", f"/rooms/{room.code}/join", {"display_name": "A"}, token=made["token"])
    assert status == 200
    assert room.update(presence="names", approval_timeout=60)
    _, told = site.call("GET", f"/rooms/{room.id}")
    assert (told["presence"], told["approval_timeout"]) == ("names", 60)
    assert room.update(allowed_users=[])
    until(lambda: not is_in(site, room, ada))  # she was in by the list alone
    assert room.extend(hours=2)
    assert room.close_room(keep=False)


def test_a_watcher_who_is_sent_away_is_told_why(site: ServerProcess, opens: OpenRoom) -> None:
    room = opens("powers watcher", quiet=True)
    _, made = site.call("POST", "/identities", {"user_id": "bob"})
    ended: list[Exception] = []

    def watch() -> None:
        try:
            for _ in spectator.watch(str(room.url), identity=made["token"], name="Bob"):
                pass
        except Refused as refused:
            ended.append(refused)

    watching = threading.Thread(target=watch)
    watching.start()
    (bob,) = until(room.spectators)
    until(lambda: room.spectators()[0].watching)
    assert bob.user_id == "bob"
    assert room.block(bob)
    watching.join(10)
    assert [refused.code for refused in ended if isinstance(refused, Refused)] == ["blocked"]
