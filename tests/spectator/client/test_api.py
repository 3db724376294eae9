from __future__ import annotations

from typing import Any, Optional

import pytest

from spectator.client.address import Address
from spectator.client.api import LONGEST_RETRY, Api, decode
from spectator.client.errors import Refused, Unreachable
from spectator.client.transport import Answer
from tests.spectator.client.fake_server import FakeServer, Reply, problem

HERE = Address("http", "127.0.0.1", 8000)


@pytest.fixture
def api(fake: FakeServer) -> Api:
    return Api(Address.parse(fake.url), "sk_local_x")


def test_every_call_shows_the_credential_and_none_stands_in_a_path(api: Api, fake: FakeServer) -> None:
    api.create_room({"name": "x"}, "idem")
    api.join("ABC234", "Ada", "s3cret", "in_vitation")
    assert {call.headers["authorization"] for call in fake.calls} == {"Bearer sk_local_x"}
    assert fake.calls[0].headers["idempotency-key"] == "idem"
    assert fake.calls[1].json == {"display_name": "Ada", "password": "s3cret", "invitation": "in_vitation"}
    assert not any("s3cret" in call.path or "sk_local_x" in call.path for call in fake.calls)


@pytest.mark.parametrize(
    ("call", "method", "path", "body"),
    [
        (lambda api: api.room("ABC234"), "GET", "/rooms/ABC234", b""),
        (lambda api: api.rooms(), "GET", "/rooms", b""),
        (lambda api: api.lobby(), "GET", "/lobby", b""),
        (lambda api: api.change("r", {"listed": True}), "PATCH", "/rooms/r", b'{"listed":true}'),
        (lambda api: api.extend("r", 2), "POST", "/rooms/r/extend", b'{"hours":2}'),
        (lambda api: api.close("r"), "DELETE", "/rooms/r", b""),
        (lambda api: api.claim("r"), "POST", "/rooms/r/claims", b"{}"),
        (lambda api: api.leave("r"), "POST", "/rooms/r/leave", b"{}"),
        (lambda api: api.requests("r"), "GET", "/rooms/r/requests", b""),
        (lambda api: api.asked("r", "q", 25), "GET", "/rooms/r/requests/q?wait=25", b""),
        (lambda api: api.withdraw("r", "q"), "DELETE", "/rooms/r/requests/q", b""),
        (lambda api: api.approve("r", "q"), "POST", "/rooms/r/requests/q/approve", b"{}"),
        (lambda api: api.deny("r", "q"), "POST", "/rooms/r/requests/q/deny", b"{}"),
        (lambda api: api.approve_all("r"), "POST", "/rooms/r/requests/approve-all", b"{}"),
        (lambda api: api.spectators("r"), "GET", "/rooms/r/spectators", b""),
        (lambda api: api.identity("u", "Ada"), "POST", "/identities", b'{"user_id":"u","name":"Ada"}'),
        (
            lambda api: api.history("r", ["a", "b"], 9),
            "GET",
            "/rooms/r/history?max_points=9&metrics=a%2Cb",
            b"",
        ),
    ],
)
def test_the_calls_of_the_protocol(
    api: Api, fake: FakeServer, call: Any, method: str, path: str, body: bytes
) -> None:
    told = {"owner_url": "u", "token": "id_x", "metrics": {}, "rooms": [], "requests": [], "spectators": []}
    fake.troubles.append(lambda _: Reply(200, told))
    call(api)
    (made,) = fake.calls
    assert (made.method, made.path, made.body) == (method, "/api/v1" + path, body)


def test_a_room_is_quoted(api: Api, fake: FakeServer) -> None:
    api.room("../x y?")
    assert fake.calls[0].path == "/api/v1/rooms/..%2Fx%20y%3F"


def test_a_problem_becomes_a_refusal(api: Api, fake: FakeServer) -> None:
    reply = problem(422, "invalid_request", field="name", Retry_After=3)
    fake.troubles.append(lambda _: reply)
    with pytest.raises(Refused) as refused:
        api.rooms()
    assert (refused.value.code, refused.value.status, refused.value.field) == ("invalid_request", 422, "name")
    assert refused.value.retry_after == 3.0
    assert refused.value.message == "It was invalid_request."


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {}, b"<html>"),
        Answer(200, {}, b"\xff"),
        Answer(200, {}, b"[" * 200_000),
        Answer(404, {}, b"not found"),
        Answer(502, {}, b'{"error": "bad gateway"}'),
        Answer(302, {"location": "/login"}, b""),
    ],
)
def test_what_is_not_our_server_is_not_taken_for_it(answer: Answer) -> None:
    with pytest.raises(Unreachable, match="not as a spectator server"):
        decode(answer, HERE)


def test_an_empty_answer_will_do() -> None:
    assert decode(Answer(204, {}, b""), HERE) is None


def test_an_answer_of_another_shape_says_so(api: Api, fake: FakeServer) -> None:
    fake.troubles.append(lambda _: Reply(200, []))
    with pytest.raises(Unreachable, match="upgrade"):
        api.rooms()


def test_non_finite_numbers_do_not_get_into_a_call(api: Api, fake: FakeServer) -> None:
    api.change("r", {"config": {"a": float("nan")}})
    assert fake.calls[0].body == b'{"config":{"a":null}}'


def test_the_same_server_with_another_credential(api: Api, fake: FakeServer) -> None:
    other = api.acting_as("gr_x")
    other.leave("r")
    api.acting_as(None).lobby()
    assert fake.calls[0].headers["authorization"] == "Bearer gr_x"
    assert "authorization" not in fake.calls[1].headers
    assert (other.bearer, api.acting_as(None).has_credential) == ("gr_x", False)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("3", 3.0),
        ("-5", 0.0),
        ("inf", LONGEST_RETRY),
        ("1e300", LONGEST_RETRY),
        ("nan", None),
        ("Sat, 21 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_no_server_puts_a_client_to_sleep_for_good(told: str, seconds: Optional[float]) -> None:
    """A pause that no clock can hold would also end the thread that sends."""
    answer = Answer(503, {"retry-after": told}, b'{"code": "busy"}')
    with pytest.raises(Refused) as refused:
        decode(answer, HERE)
    assert refused.value.retry_after == seconds
