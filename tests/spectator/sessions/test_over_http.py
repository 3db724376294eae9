from __future__ import annotations

import asyncio
import threading
from typing import Any, Coroutine, Optional, TypeVar

import pytest

from spectator.client.errors import Refused
from spectator.client.pending import SAMPLE
from spectator.sessions.over_http import ServedRooms
from tests.spectator.client.fake_server import Call, FakeServer, Reply, problem

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@pytest.fixture
def rooms(fake: FakeServer) -> ServedRooms:
    return ServedRooms(fake.url, "sk_local_x")


def metrics(value: float) -> Any:
    return {"type": "training_metrics", "data": {"loss": value}}


def test_creates_with_the_tenants_key(rooms: ServedRooms, fake: FakeServer) -> None:
    founded = run(rooms.create({"name": "x", "password_protected": True}))
    assert (founded.room["name"], founded.owner_token, founded.password) == ("x", "rk_1", "made-for-you")
    assert fake.calls[0].headers["authorization"] == "Bearer sk_local_x"
    assert "idempotency-key" in fake.calls[0].headers
    assert "rk_1" not in repr(founded)
    assert "made-for-you" not in repr(founded)


def test_acts_for_a_user_by_an_identity_that_is_made_once(rooms: ServedRooms, fake: FakeServer) -> None:
    fake.requests.append({"id": "q_1"})
    run(rooms.settle("ABC234", "q_1", True, "boss"))
    run(rooms.close("ABC234", "boss"))
    made = [call.json for call in fake.calls if call.path.endswith("/identities")]
    assert made == [{"user_id": "boss"}]
    others = [call.headers["authorization"] for call in fake.calls if not call.path.endswith("/identities")]
    assert others == ["Bearer id_boss", "Bearer id_boss"]


def test_somebody_unknown_joins_without_the_tenants_key(rooms: ServedRooms, fake: FakeServer) -> None:
    run(rooms.join("ABC234", "Ada", "s3cret", None))
    run(rooms.join("ABC234", "Ada", None, "u1"))
    code, stranger, _, identity, user = fake.calls
    assert code.path.endswith("/rooms/ABC234")  # an id lets nobody in; the key knows the code
    assert "authorization" not in stranger.headers
    assert identity.json == {"user_id": "u1", "name": "Ada"}
    assert user.headers["authorization"] == "Bearer id_u1"


def test_leaves_with_what_one_joined_with(rooms: ServedRooms, fake: FakeServer) -> None:
    run(rooms.leave("ABC234", "gr_1", None))
    assert fake.calls[0].headers["authorization"] == "Bearer gr_1"
    assert fake.calls[0].path.endswith("/leave")


@pytest.mark.parametrize(
    ("status", "last"),
    [("approved", "/leave"), ("pending_approval", "/requests/q_1"), ("denied", "/requests/q_1")],
)
def test_leaves_after_waiting(rooms: ServedRooms, fake: FakeServer, status: str, last: str) -> None:
    def asked(call: Call) -> Optional[Reply]:
        return Reply(200, {"status": status, "token": "gr_9"}) if call.method == "GET" else None

    fake.troubles.append(asked)
    run(rooms.leave("ABC234", "lo_1", "q_1"))
    assert fake.calls[-1].path.endswith(last)
    if status == "approved":
        assert fake.calls[-1].headers["authorization"] == "Bearer gr_9"
    if status == "pending_approval":
        assert fake.calls[-1].method == "DELETE"


def test_the_loop_goes_on_while_a_server_thinks(rooms: ServedRooms, fake: FakeServer) -> None:
    async def going_on() -> None:
        while not fake.calls:
            await asyncio.sleep(0)
        fake.held.set()  # only this lets the server answer, well before the client gives up

    async def work() -> None:
        fake.held.clear()
        await asyncio.gather(rooms.rooms(), going_on())

    run(work())


def test_no_key_says_what_to_set(fake: FakeServer) -> None:
    with pytest.raises(Refused, match="SPECTATOR_API_KEY"):
        run(ServedRooms(fake.url, None).rooms())
    assert fake.calls == []


def test_a_refusal_comes_through(rooms: ServedRooms, fake: FakeServer) -> None:
    fake.troubles.append(lambda _: problem(409, "code_taken"))
    with pytest.raises(Refused) as refused:
        run(rooms.create({"name": "x"}))
    assert refused.value.code == "code_taken"


def test_a_run_begins_with_its_first_event_and_ends_when_told(rooms: ServedRooms, fake: FakeServer) -> None:
    async def work() -> None:
        founded = await rooms.create({"name": "x"})
        publisher = rooms.publisher(founded.room, founded.owner_token)
        assert fake.life() == []
        for value in range(100):
            publisher.publish(SAMPLE, metrics(value))
        await publisher.finish()

    run(work())
    assert fake.life() == ["training_started", "training_finished"]
    assert fake.metrics("loss") == list(range(100))
    assert {call.headers["authorization"] for call in fake.posts()} == {"Bearer rk_1"}


def test_a_run_that_never_began_has_no_end(rooms: ServedRooms, fake: FakeServer) -> None:
    async def work() -> None:
        founded = await rooms.create({"name": "x"})
        await rooms.publisher(founded.room, founded.owner_token).finish()

    run(work())
    assert fake.posts() == []


def test_a_room_of_another_process_is_published_into_with_the_key(
    rooms: ServedRooms, fake: FakeServer
) -> None:
    async def work() -> None:
        await rooms.rooms()
        publisher = rooms.publisher({"id": "r_7", "code": "ABC234"}, None)
        publisher.publish(SAMPLE, metrics(1.0))
        await publisher.finish()

    run(work())
    assert {call.headers["authorization"] for call in fake.posts()} == {"Bearer sk_local_x"}


def test_a_session_whose_room_is_gone_opens_no_other(rooms: ServedRooms, fake: FakeServer) -> None:
    async def work() -> None:
        founded = await rooms.create({"name": "x"})
        fake.troubles.append(lambda call: problem(404, "room_not_found") if call.body else None)
        publisher = rooms.publisher(founded.room, founded.owner_token)
        publisher.publish(SAMPLE, metrics(1.0))
        await publisher.finish()

    run(work())
    assert fake.rooms == 1
    assert threading.active_count() < 20
