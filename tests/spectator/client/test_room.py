from __future__ import annotations

import math
from typing import Any, Dict, List, Optional

import pytest

from spectator.client.people import JoinRequest
from spectator.client.room import Room
from spectator.client.stderr import Speaker
from spectator.protocol.metrics import MetricsData
from tests.spectator.client.conftest import OpenRoom
from tests.spectator.client.fake_server import Call, FakeServer, Reply, problem
from tests.spectator.client.until import until


def requests(count: int = 1) -> List[Dict[str, Any]]:
    return [
        {
            "id": f"q_{n}",
            "name": f"guest {n}",
            "user_id": None,
            "requested_at": "",
            "status": "pending_approval",
        }
        for n in range(count)
    ]


def test_metrics_arrive_with_their_steps(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    room.log({"loss": 1.0}, reward=2)
    room.log(loss=0.5)
    room.log({"loss": 0.25}, step=100)
    room.log(loss=0.125)
    room.log({"loss": 0.1, "step": 200})
    room.finish()
    assert [event["data"] for event in fake.of_type("training_metrics")] == [
        {"loss": 1.0, "reward": 2, "step": 0},
        {"loss": 0.5, "step": 1},
        {"loss": 0.25, "step": 100},
        {"loss": 0.125, "step": 101},
        {"loss": 0.1, "step": 200},
    ]
    assert all(event["timestamp"].endswith("Z") for event in fake.of_type("training_metrics"))
    assert fake.life() == ["training_started", "training_finished"]


def test_what_is_logged_is_a_copy(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    metrics = {"loss": 1.0}
    room.log(metrics)
    metrics["loss"] = 2.0
    room.finish()
    assert fake.metrics("loss") == [1.0]
    assert metrics == {"loss": 2.0}  # and the caller's own is left alone


def test_values_of_every_kind_go_through(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    room.log(
        {"nan": math.nan, "inf": math.inf, "big": 2**70, "yes": True, "none": None, "deep": {"a": 1}, 7: 8}
    )
    room.log(None, step=3)
    room.finish()
    (event,) = fake.of_type("training_metrics")
    assert event["data"] == {
        "nan": None,
        "inf": None,
        "big": 2.0**70,
        "yes": 1,
        "deep/a": 1,
        "7": 8,
        "step": 0,
    }
    assert room.non_finite == 2


def test_metrics_data_will_do(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    room.log(MetricsData(episode=3, current_reward=1.5, algorithm="DQN"), step=9)
    room.finish()
    (event,) = fake.of_type("training_metrics")
    assert event["data"] == {"episode": 3, "current_reward": 1.5, "algorithm": "DQN", "step": 9}


def test_text_becomes_config_and_then_notes(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened(config={"lr": 0.1})
    room.log(loss=1.0, phase="warm")
    room.log(loss=0.5, phase="hot")
    room.finish()
    assert [event["message"] for event in fake.of_type("log")] == ["phase: hot"]
    configs = [call.json["config"] for call in fake.calls if call.method == "PATCH"]
    assert configs == [{"lr": 0.1, "phase": "warm"}]
    assert fake.metrics("loss") == [1.0, 0.5]


@pytest.mark.parametrize(
    "call",
    [
        lambda room: room.log(5),
        lambda room: room.log([1, 2]),
        lambda room: room.log(step="five", loss=1.0),
        lambda room: room.log(step=1.5, loss=1.0),
        lambda room: room.decision(5),
        lambda room: room.event(7),
        lambda room: room.event(""),
        lambda room: room.note(7),
        lambda room: room.alert(7),
        lambda room: room.on_request("call me"),
        lambda room: room.approve(7),
        lambda room: room.update(colour="red"),
        lambda room: room.extend(hours="5"),
    ],
)
@pytest.mark.parametrize("mode", ["online", "disabled"])
def test_wrong_arguments_raise_at_once(
    opened: OpenRoom, monkeypatch: pytest.MonkeyPatch, call: Any, mode: str
) -> None:
    monkeypatch.setenv("SPECTATOR_MODE", mode)
    room = opened()
    with pytest.raises(TypeError):
        call(room)


def test_levels_and_names_of_events_are_checked(opened: OpenRoom) -> None:
    room = opened()
    with pytest.raises(ValueError, match="level must be one of"):
        room.alert("x", level="loud")
    with pytest.raises(ValueError, match="finish"):
        room.event("training_finished")


def test_decisions_events_notes_and_alerts(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    room.log(loss=1.0, step=41)
    room.decision({"left": 0.25, "right": 0.75}, action="right", value=0.82, q_values=[1.0, 2.0])
    room.decision([0.5, 0.5], 0, labels=["left", "right"], step=50)
    room.event("stage_advanced", stage=2, when=math.inf)
    room.note("a note")
    room.alert("NaN loss", level="error", category="loss", value=math.nan)
    room.finish()
    first, second = fake.of_type("bot_decision")
    assert (first["step"], first["selected_action"], first["state_values"]) == (41, "right", 0.82)
    assert (second["step"], second["selected_action"]) == (50, "left")
    assert fake.of_type("training_event")[1]["data"] == {"stage": 2, "when": None}
    assert fake.of_type("log")[0] == {
        **fake.of_type("log")[0],
        "level": "info",
        "message": "a note",
        "metadata": {},
    }
    (alert,) = fake.of_type("alert")
    assert alert["alert"]["timestamp"].endswith("Z")
    assert {**alert["alert"], "timestamp": ""} == {
        "level": "error",
        "category": "loss",
        "message": "NaN loss",
        "timestamp": "",
        "metadata": {"value": None},
    }


def test_what_a_room_knows_of_itself(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened(password="s3cret")
    assert room.id is not None
    assert room.code is not None
    assert room.url == f"{fake.url}/r/{room.code}"
    assert room.password == "s3cret"
    assert room.owner_url == f"{fake.url}/r/{room.code}#claim=first"
    assert "#claim=fresh" in str(room.owner_url)  # a link is good once
    room.log(loss=1.0)
    until(lambda: room.watching == 3)
    assert room.dropped == 0
    assert "s3cret" not in repr(room)


def test_a_password_can_be_made(opened: OpenRoom) -> None:
    assert opened(password=True).password == "made-for-you"


def test_the_owner_sees_and_answers(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    fake.requests.extend(requests(4))
    first, second, third, _ = room.requests()
    assert (first.id, first.name, first.status) == ("q_0", "guest 0", "pending_approval")
    assert room.approve(first)
    assert room.deny("q_1")
    assert third.deny()
    assert second.id == "q_1"
    assert room.approve_all() == 1
    assert [person.name for person in room.spectators()] == ["Ada"]
    answered = [call.path.split("/")[-2:] for call in fake.calls if call.path.endswith(("approve", "deny"))]
    assert answered == [["q_0", "approve"], ["q_1", "deny"], ["q_2", "deny"]]


def test_a_callback_hears_of_each_request_once_and_may_answer(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    heard: List[str] = []

    def ask(request: JoinRequest) -> None:
        heard.append(request.name)
        if request.id == "q_0":
            raise RuntimeError("a mistake of the caller's")
        request.approve()

    room.on_request(ask)
    fake.requests.extend(requests(2))
    until(lambda: heard == ["guest 0", "guest 1"])
    until(lambda: [one["id"] for one in fake.requests] == ["q_0"])


def test_what_the_server_refuses_is_told_by_the_answer_alone(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    fake.troubles.append(lambda call: problem(409, "room_full") if "approve" in call.path else None)
    assert room.approve("q_1") is False
    assert room.approve_all() == 0


def test_a_server_that_is_away_raises_nowhere(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    until(fake.life)
    fake.troubles.append(lambda _: problem(503, "store_unavailable"))
    assert room.requests() == []
    assert room.spectators() == []
    assert room.approve_all() == 0
    assert not room.approve("q_1")
    assert not room.extend(hours=2)
    assert not room.update(listed=True)
    assert room.owner_url is not None  # the first came with the room
    assert room.owner_url is None
    room.log(loss=1.0)
    room.note("kept")
    fake.troubles.clear()
    until(lambda: [call.json for call in fake.calls if call.method == "PATCH"][1:] == [{"listed": True}])
    until(lambda: fake.metrics("loss") == [1.0])


def test_a_value_the_server_does_not_take_is_a_wrong_argument(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    fake.troubles.append(lambda call: problem(422, "invalid_request") if call.method == "PATCH" else None)
    with pytest.raises(ValueError, match="invalid_request"):
        room.update(max_spectators=3)


def test_updates_reach_the_room(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    assert room.update(max_spectators=40, require_approval=True, access="public")
    assert room.extend(hours=5)
    patch = next(call for call in fake.calls if call.method == "PATCH")
    expected = {"max_spectators": 40, "require_approval": True, "access_level": "public", "password": None}
    assert patch.json == expected
    assert next(call for call in fake.calls if call.path.endswith("/extend")).json == {"hours": 5.0}


def test_a_closed_room_ends_the_run_first(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    room.log(loss=1.0)
    assert room.close_room()
    assert fake.calls[-1].method == "DELETE"
    assert fake.life()[-1] == "training_finished"


def test_the_end_of_with_ends_the_run(opened: OpenRoom, fake: FakeServer) -> None:
    with opened() as room:
        room.log(loss=1.0)
    assert fake.life()[-1] == "training_finished"
    room.log(loss=2.0)
    assert room.dropped == 1


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (ValueError("NaN"), "training_failed"),
        (KeyboardInterrupt(), "training_failed"),
        (SystemExit(3), "training_failed"),
        (SystemExit(0), "training_finished"),
        (SystemExit(), "training_finished"),
    ],
)
def test_an_exception_fails_the_run_and_goes_on(
    opened: OpenRoom, fake: FakeServer, error: BaseException, ends: str
) -> None:
    room = opened()
    with pytest.raises(type(error)), room:  # noqa: PT012 - a training is more than one statement
        room.log(loss=1.0)
        raise error
    assert fake.life()[-1] == ends
    assert fake.metrics("loss") == [1.0]
    if ends == "training_failed":
        assert fake.of_type("training_event")[-1]["data"] == {"error": type(error).__name__}


def test_finishing_twice_is_no_error(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    room.finish()
    room.finish()
    assert fake.life() == ["training_started", "training_finished"]


def test_the_owners_powers(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    (ada,) = room.spectators()
    (eve,) = room.blocked()
    assert all([room.kick(ada), room.block("v_1"), room.unblock(eve), room.promote(ada), room.demote(ada.id)])
    assert fake.used == [
        ("kick", "v_1"),
        ("block", "v_1"),
        ("unblock", "v_3"),
        ("promote", "v_1"),
        ("demote", "v_1"),
    ]
    assert room.kick("u:local:ada/../b")
    assert fake.used[-1] == ("kick", "u:local:ada/../b")  # one segment of the path, whatever stands in it


def test_a_power_over_somebody_who_left_raises_nothing(
    opened: OpenRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not opened(quiet=False).kick("v_9")
    assert "cannot send the person away: It was spectator_not_found." in capfd.readouterr().err


def test_invitations_are_made_listed_and_withdrawn(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    invitation = room.invite(uses=3, user="ada", hours=2, note="late")
    assert fake.calls[-1].json == {"uses": 3, "user_id": "ada", "hours": 2.0, "note": "late"}
    assert str(invitation.url).endswith("#invite=in_i_1")
    assert invitation.withdraw()
    (listed,) = room.invitations()
    assert (listed.id, listed.status) == ("i_1", "withdrawn")


def test_an_invitation_that_cannot_be_made_is_false_and_raises_nothing(
    opened: OpenRoom, fake: FakeServer
) -> None:
    room = opened()
    fake.troubles.append(lambda _: problem(503, "store_unavailable"))
    invitation = room.invite()
    assert not invitation
    assert invitation.url is None


def test_a_new_code_and_password_are_the_rooms_own_at_once(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened(password="s3cret", code="ABCDEF")
    assert room.rotate("code")
    assert (room.code, room.url) == ("NEW234", f"{fake.url}/r/NEW234")
    assert "#claim=fresh" in str(room.owner_url)  # the first link names the old code
    assert room.rotate("password")
    assert room.password == "made-anew"
    # Should it have to be opened anew, it is not with what somebody wanted to get rid of.
    assert room._opener is not None
    assert room._opener.fields["password"] == "made-anew"
    assert "custom_code" not in room._opener.fields


def test_a_password_that_is_changed_or_taken_away_is_known(opened: OpenRoom) -> None:
    room = opened(password="s3cret")
    room.update(password="other")
    assert room.password == "other"
    room.update(access="public")
    assert room.password is None


def only_by(fake: FakeServer, *keys: str) -> None:
    """Let the fake server know these room keys and no other."""

    def guard(call: Call) -> Optional[Reply]:
        shown = call.headers.get("authorization", "")
        return problem(401, "unauthorized") if "rk_" in shown and shown[7:] not in keys else None

    fake.troubles[:] = [guard]


def test_a_room_goes_on_with_the_key_it_has_made(
    opened: OpenRoom, fake: FakeServer, capfd: pytest.CaptureFixture[str]
) -> None:
    room = opened(quiet=False)
    room.log(loss=1.0)
    until(lambda: fake.metrics("loss") == [1.0])
    capfd.readouterr()
    assert room.rotate("key")
    only_by(fake, "rk_new_1")
    room.log(loss=2.0)
    assert room.kick("v_1")
    until(lambda: fake.metrics("loss") == [1.0, 2.0])
    assert fake.life() == ["training_started"]
    assert capfd.readouterr().err == ""  # it was our own doing


def test_a_key_that_somebody_else_replaced_is_replaced_and_said_once(
    opened: OpenRoom, fake: FakeServer, capfd: pytest.CaptureFixture[str]
) -> None:
    room = opened(quiet=False)
    until(fake.life)
    capfd.readouterr()
    fake.keys = 1
    only_by(fake, "rk_new_1")
    room.log(loss=2.0)
    until(lambda: fake.metrics("loss") == [2.0])
    (line,) = capfd.readouterr().err.splitlines()
    assert "somebody replaced the room's key" in line
    assert fake.rooms == 1  # it is the same room
    assert fake.life() == ["training_started"]
    assert room.dropped == 0


def test_the_owners_calls_find_the_new_key_too(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    until(fake.life)
    fake.keys = 1
    only_by(fake, "rk_new_1")
    assert room.kick("v_1")
    assert room.update(listed=True)


def test_a_room_that_was_given_away_is_published_into_on(
    opened: OpenRoom, fake: FakeServer, capfd: pytest.CaptureFixture[str]
) -> None:
    room = opened(quiet=False)
    until(fake.life)
    capfd.readouterr()
    fake.keys = 1
    only_by(fake, "rk_1", "rk_new_1")
    assert room.transfer("grace")
    only_by(fake, "rk_new_1")
    room.log(loss=1.0)
    until(lambda: fake.metrics("loss") == [1.0])
    assert capfd.readouterr().err == ""


def test_a_revoked_api_key_is_told_once_and_the_training_goes_on(
    opened: OpenRoom, fake: FakeServer, capfd: pytest.CaptureFixture[str]
) -> None:
    room = opened(quiet=False)
    until(fake.life)
    capfd.readouterr()
    fake.troubles.append(lambda _: problem(401, "unauthorized"))
    room.log(loss=1.0)
    until(lambda: any(call.path.endswith("/claims") for call in fake.calls))
    for step in range(1000):
        room.log(loss=1.0, step=step)
    said: List[str] = []
    until(lambda: said.extend(capfd.readouterr().err.splitlines()) or said)
    (line,) = said
    assert "spectator login" in line
    assert "training goes on" in line
    assert "sk_local_test" not in line


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda room: room.rotate("everything"), ValueError),
        (lambda room: room.transfer(""), TypeError),
        (lambda room: room.transfer(None), TypeError),
        (lambda room: room.kick(None), TypeError),
        (lambda room: room.invite(uses=0), ValueError),
        (lambda room: room.invite(uses=1001), ValueError),
        (lambda room: room.invite(hours=-1), ValueError),
        (lambda room: room.invite(user=3), TypeError),
    ],
)
def test_wrong_arguments_of_powers_raise_also_in_a_silent_room(call: Any, error: Any) -> None:
    silent = Room("x", Speaker(quiet=True), None)
    with pytest.raises(error):
        call(silent)


def test_a_silent_room_does_nothing() -> None:
    room = Room("x", Speaker(quiet=True), None)
    assert not any(
        [room.kick("v_1"), room.rotate("key"), room.transfer("ada"), room.invite(), room.blocked()]
    )
    assert room.invitations() == []
