from __future__ import annotations

import math
from typing import Any, Dict, List

import pytest

from spectator.client.people import JoinRequest
from spectator.protocol.metrics import MetricsData
from tests.spectator.client.conftest import OpenRoom
from tests.spectator.client.fake_server import FakeServer, problem
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
