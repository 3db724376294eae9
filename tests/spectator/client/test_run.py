from __future__ import annotations

from typing import Callable, Iterator, List

import pytest

from spectator.client.address import Address
from spectator.client.opened import Opened
from spectator.client.pending import EVENT
from spectator.client.run import Run
from spectator.client.stderr import Speaker
from tests.spectator.client.fake_server import FakeServer
from tests.spectator.client.until import until

Make = Callable[..., Run]


@pytest.fixture
def make(fake: FakeServer) -> Iterator[Make]:
    made: List[Run] = []

    def opens() -> Opened:
        return Opened(Address.parse(fake.url), {"id": "r_1", "code": "ABC234"}, "rk_1")

    def makes(**arguments: object) -> Run:
        made.append(Run(opens, Speaker(quiet=True), **arguments))  # type: ignore[arg-type]  # named by each test
        return made[-1]

    yield makes
    for run in made:
        run.end_run(None)
        run.wait_sent(5)


def test_begins_and_ends(make: Make, fake: FakeServer) -> None:
    run = make(data=lambda: {"name": "x"})
    assert not run.started
    run.start()
    assert run.started
    run.add(EVENT, {"type": "training_event", "event": "middle", "data": {}})
    run.end_run(None)
    run.wait_sent(5)
    assert fake.life() == ["training_started", "middle", "training_finished"]
    assert fake.of_type("training_event")[0]["data"] == {"name": "x"}


def test_a_run_that_never_began_has_no_end(make: Make, fake: FakeServer) -> None:
    run = make()
    run.end_run(None)
    run.wait_sent(5)
    assert fake.calls == []


def test_what_is_left_to_say_is_said_before_the_end(make: Make, fake: FakeServer) -> None:
    last = {"type": "training_event", "event": "last words", "data": {}}
    run = make(ending=lambda: run.add(EVENT, last))
    run.start()
    run.end_run("ValueError")
    run.wait_sent(5)
    assert fake.life() == ["training_started", "last words", "training_failed"]


def test_hears_who_watches_and_rings_when_somebody_asks(make: Make, fake: FakeServer) -> None:
    rung: List[int] = []
    run = make()
    run.start()
    run.attend(lambda: rung.append(1))
    until(lambda: run.watching == 3)
    assert rung == []
    fake.requests.append({"id": "q_1"})
    until(lambda: rung)
