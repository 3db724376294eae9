from __future__ import annotations

import io

import pytest

from spectator.client.address import Address
from spectator.client.desk import CLAIM_SECONDS, Desk
from spectator.client.opened import Opened
from spectator.client.stderr import Speaker
from tests.spectator.client.fake_server import FakeServer, problem


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def room(fake: FakeServer) -> Opened:
    return Opened(
        Address.parse(fake.url), {"id": "r_1", "code": "ABC234"}, "rk_1", owner_url="http://x/#claim=first"
    )


@pytest.fixture
def desk(room: Opened, said: io.StringIO) -> Desk:
    return Desk(lambda: room, Speaker(stream=lambda: said))


def test_acts_with_the_rooms_own_key(desk: Desk, fake: FakeServer) -> None:
    assert desk.approve("q_9") is False
    assert desk.close()
    assert {call.headers["authorization"] for call in fake.calls} == {"Bearer rk_1"}


def test_a_refusal_is_said_in_words(desk: Desk, said: io.StringIO) -> None:
    assert not desk.approve("q_9")
    assert said.getvalue() == "spectator: cannot approve the join request: It was request_not_found.\n"


def test_no_room_yet(said: io.StringIO) -> None:
    desk = Desk(lambda: None, Speaker(stream=lambda: said))
    assert desk.requests() == []
    assert desk.owner_url() is None
    assert "the room is not open yet" in said.getvalue()


def test_nobody_there(desk: Desk, fake: FakeServer, said: io.StringIO) -> None:
    fake.troubles.append(lambda _: problem(503, "store_unavailable"))
    assert desk.spectators() == []
    assert desk.change({"listed": True}) is None
    assert said.getvalue().count("cannot") == 2


def test_an_owners_link_is_used_once_and_not_when_it_is_old(
    desk: Desk, room: Opened, fake: FakeServer
) -> None:
    assert desk.owner_url() == "http://x/#claim=first"
    assert "fresh" in str(desk.owner_url())
    object.__setattr__(room, "at", room.at - CLAIM_SECONDS)  # nine minutes later
    assert "fresh" in str(Desk(lambda: room, Speaker(quiet=True)).owner_url())
    assert len([call for call in fake.calls if call.path.endswith("/claims")]) == 2
