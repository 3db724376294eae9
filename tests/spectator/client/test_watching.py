from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Optional

import pytest

import spectator
from spectator.client.errors import Refused, Unreachable
from spectator.client.watching import LONGEST_WAIT, _ComeBack, _part, _parts
from tests.spectator.client.fake_server import Call, FakeServer, Reply, problem

SNAPSHOT = {"type": "snapshot", "cursor": "c0", "seq": 4, "state": {}, "graphs": [], "series": {}}
CLOSED = {"type": "bye", "code": 4510, "reason": "The owner closed the room.", "reconnect": False}


def stream(*told: Dict[str, Any]) -> Reply:
    """A stream that breaks off after some messages."""
    parts = [
        f"id: {one.get('cursor')}\n" * ("cursor" in one) + f"data: {json.dumps(one)}\n\n" for one in told
    ]
    return Reply(200, "".join(parts).encode(), (("Content-Type", "text/event-stream"),))


def tick(first: int, *values: float) -> Dict[str, Any]:
    events = [{"type": "training_metrics", "data": {"loss": value}} for value in values]
    last = first + len(values) - 1
    return {"type": "tick", "cursor": f"c{last}", "from": first, "to": last, "events": events}


class Door:
    """Answers joins and streams of one room, in the order given."""

    def __init__(self, fake: FakeServer, *streams: Reply) -> None:
        self.fake = fake
        self.streams = list(streams)
        self.joins: List[Reply] = []
        fake.troubles.append(self)

    def __call__(self, call: Call) -> Optional[Reply]:
        if call.path.endswith("/join"):
            room = {"id": "r_1", "code": "ABC234"}
            grant = {"status": "approved", "token": "gr_1", "visitor": "vi_1", "room": room}
            return self.joins.pop(0) if self.joins else Reply(200, grant)
        if call.path.endswith("/stream"):
            return self.streams.pop(0) if self.streams else Reply(0, None)
        if "/requests/" in call.path:
            return Reply(200, {"request_id": "q_1", "status": "approved", "token": "gr_approved"})
        return None

    def tokens(self) -> List[str]:
        return [call.headers["authorization"] for call in self.fake.calls if call.path.endswith("/join")]

    def cursors(self) -> List[Optional[str]]:
        return [
            call.headers.get("last-event-id") for call in self.fake.calls if call.path.endswith("/stream")
        ]


def watch(fake: FakeServer, room: str = "ABC234", **arguments: Any) -> Iterator[Dict[str, Any]]:
    return spectator.watch(room, url=fake.url, api_key="sk_local_x", **arguments)


def test_events_come_with_their_numbers_until_the_room_is_closed(fake: FakeServer) -> None:
    Door(fake, stream(SNAPSHOT, {"type": "crowd", "watching": 1}, tick(5, 1.0, 2.0), CLOSED))
    seen = list(watch(fake, password="s3cret", name="Ada"))
    assert seen[0] == SNAPSHOT
    assert [(event["seq"], event["data"]["loss"]) for event in seen[1:]] == [(5, 1.0), (6, 2.0)]
    assert fake.calls[0].json == {"display_name": "Ada", "password": "s3cret"}
    assert fake.calls[1].headers["authorization"] == "Bearer gr_1"
    assert fake.calls[-1].path.endswith("/leave")
    assert not any("s3cret" in call.path or "gr_1" in call.path for call in fake.calls)


def test_comes_back_where_it_was(fake: FakeServer) -> None:
    door = Door(fake, stream(SNAPSHOT, tick(5, 1.0)), stream(tick(6, 2.0)), stream(tick(7, 3.0), CLOSED))
    seen = [event["seq"] for event in watch(fake) if event["type"] == "training_metrics"]
    assert seen == [5, 6, 7]
    assert door.cursors() == [None, "c5", "c6"]
    assert len(door.tokens()) == 1


def test_what_was_lost_is_told(fake: FakeServer) -> None:
    lost = {"type": "conflated", "cursor": "c9", "from": 5, "to": 9, "lost": {"sample": 3}}
    event = {"type": "alert", "seq": 8, "alert": {}}
    Door(
        fake, stream(SNAPSHOT, {**lost, "events": [event]}, {"type": "notice", "code": "store_back"}, CLOSED)
    )
    seen = list(watch(fake))[1:]
    assert seen == [
        {"type": "skip", "from": 5, "to": 9, "lost": {"sample": 3}},
        event,
        {"type": "notice", "code": "store_back"},
    ]


def test_a_restarting_server_is_waited_for_as_long_as_it_says(fake: FakeServer) -> None:
    restart = {"type": "bye", "code": 4002, "reason": "restarting", "reconnect": True, "after_ms": [1, 2]}
    door = Door(fake, stream(SNAPSHOT, tick(5, 1.0), restart), stream(tick(6, 2.0), CLOSED))
    assert [event.get("seq") for event in watch(fake)] == [4, 5, 6]
    assert door.cursors() == [None, "c5"]


def test_no_server_puts_a_watcher_to_sleep_for_good() -> None:
    with pytest.raises(_ComeBack) as told:
        _part({"type": "bye", "code": 4002, "reconnect": True, "after_ms": [1e12, 1e12]})
    assert told.value.after == LONGEST_WAIT


def test_a_grant_that_has_run_out_is_renewed_as_the_same_visitor(fake: FakeServer) -> None:
    door = Door(
        fake, stream(SNAPSHOT, tick(5, 1.0)), problem(401, "unauthorized"), stream(tick(6, 2.0), CLOSED)
    )
    assert [event.get("seq") for event in watch(fake)] == [4, 5, 6]
    assert door.tokens() == ["Bearer sk_local_x", "Bearer vi_1"]


def test_waits_until_the_owner_lets_it_in(fake: FakeServer) -> None:
    door = Door(fake, stream(SNAPSHOT, CLOSED))
    door.joins.append(
        Reply(202, {"status": "pending_approval", "request_id": "q_1", "token": "lo_1", "visitor": "v"})
    )
    assert len(list(watch(fake))) == 1
    asked = next(call for call in fake.calls if "/requests/q_1" in call.path)
    assert asked.path.endswith("?wait=25")
    assert asked.headers["authorization"] == "Bearer lo_1"
    assert fake.calls[-2].headers["authorization"] == "Bearer gr_approved"


def joins(fake: FakeServer) -> List[Call]:
    return [call for call in fake.calls if call.path.endswith("/join")]


def test_an_invitation_comes_as_an_argument_or_in_the_link(fake: FakeServer) -> None:
    Door(fake, stream(SNAPSHOT, CLOSED), stream(SNAPSHOT, CLOSED), stream(SNAPSHOT, CLOSED))
    list(watch(fake, invitation="in_1"))
    list(watch(fake, f"{fake.url}/r/ABC234#invite=in_2"))
    list(watch(fake, f"{fake.url}/r/ABC234#claim=cl_3"))
    assert [call.json.get("invitation") for call in joins(fake)] == ["in_1", "in_2", None]
    assert not any("in_" in call.path for call in fake.calls)


def test_a_user_comes_in_as_nobody_else(fake: FakeServer) -> None:
    door = Door(fake, stream(SNAPSHOT, CLOSED), stream(SNAPSHOT, CLOSED))
    list(watch(fake, identity="id_1"))
    list(watch(fake, f"{fake.url}/r/ABC234#identity=id_2"))
    assert door.tokens() == ["Bearer id_1", "Bearer id_2"]


def test_an_identity_that_is_refused_is_no_stranger(fake: FakeServer) -> None:
    Door(fake).joins.append(problem(401, "unauthorized"))
    with pytest.raises(Refused, match="unauthorized"):
        list(watch(fake, identity="id_old"))
    assert len(joins(fake)) == 1


@pytest.mark.parametrize("given", [{"identity": "an\nother"}, {"invitation": "\u00e4"}, {"identity": ""}])
def test_what_can_be_no_token_is_told_without_repeating_it(fake: FakeServer, given: Dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must not be empty") as refused:
        watch(fake, **given)
    assert "other" not in str(refused.value)


def test_a_denial_ends_it(fake: FakeServer) -> None:
    def denied(call: Call) -> Optional[Reply]:
        return Reply(200, {"request_id": "q_1", "status": "denied"}) if "/requests/" in call.path else None

    fake.troubles.append(denied)
    door = Door(fake)
    door.joins.append(Reply(202, {"status": "pending_approval", "request_id": "q_1", "token": "lo_1"}))
    with pytest.raises(Refused, match="denied"):
        list(watch(fake))


@pytest.mark.parametrize(
    ("status", "code"), [(403, "wrong_password"), (404, "room_not_found"), (409, "room_full")]
)
def test_a_refusal_is_raised(fake: FakeServer, status: int, code: str) -> None:
    Door(fake).joins.append(problem(status, code))
    with pytest.raises(Refused) as refused:
        list(watch(fake))
    assert refused.value.code == code


def test_a_key_that_may_only_publish_comes_in_as_a_stranger(fake: FakeServer) -> None:
    door = Door(fake, stream(SNAPSHOT, CLOSED))
    door.joins.append(problem(403, "not_allowed"))
    assert len(list(watch(fake))) == 1
    joins = [call for call in fake.calls if call.path.endswith("/join")]
    assert [("authorization" in call.headers) for call in joins] == [True, False]


@pytest.mark.parametrize(
    ("close", "code"), [(4508, "approval_denied"), (4512, "blocked"), (4501, "unauthorized")]
)
def test_a_visit_that_was_ended_says_why(fake: FakeServer, close: int, code: str) -> None:
    Door(fake, stream(SNAPSHOT, {"type": "bye", "code": close, "reason": "So it is.", "reconnect": False}))
    with pytest.raises(Refused, match="So it is") as refused:
        list(watch(fake))
    assert refused.value.code == code


def test_nobody_there_at_the_beginning(fake: FakeServer) -> None:
    fake.troubles.append(lambda _: Reply(0, None))
    with pytest.raises(Unreachable):
        list(watch(fake))


def test_leaving_the_loop_gives_the_seat_back(fake: FakeServer) -> None:
    Door(fake, stream(SNAPSHOT, tick(5, 1.0, 2.0, 3.0)))
    events = watch(fake)
    next(events)
    events.close()  # type: ignore[attr-defined]  # a generator, as a for loop ends one
    assert fake.calls[-1].path.endswith("/leave")


@pytest.mark.parametrize(
    ("room", "parts"),
    [
        (" ABC234 ", (None, "ABC234")),
        ("http://h:1/r/ABC234", ("http://h:1", "ABC234")),
        ("https://h/proxy/1/r/ABC234#claim=x", ("https://h/proxy/1", "ABC234")),
    ],
)
def test_a_room_is_named_by_code_or_link(room: str, parts: Any) -> None:
    assert _parts(room) == parts


@pytest.mark.parametrize("room", ["", "http://h:1/", "http://h:1/r/"])
def test_what_names_no_room(room: str) -> None:
    with pytest.raises(ValueError, match="room"):
        spectator.watch(room)
