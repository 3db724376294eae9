from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest

from spectator.client.address import Address
from spectator.client.delivery import HEARTBEAT, Hooks
from spectator.client.errors import NoServer, Unreachable
from spectator.client.opened import Opened
from spectator.client.outbox import Outbox
from spectator.client.pending import LIFE, SAMPLE, Entry
from spectator.client.stderr import Speaker
from tests.spectator.client.fake_server import Call, FakeServer, Reply, problem
from tests.spectator.client.until import until

MakeOutbox = Callable[..., Outbox]


@pytest.fixture
def make(fake: FakeServer) -> Iterator[MakeOutbox]:
    made: List[Outbox] = []

    def makes(
        opens: Callable[[], Opened] = lambda: room(fake), answered: Callable[..., None] = lambda _: None
    ) -> Outbox:
        begin = Entry(
            LIFE, time.time(), {"type": "training_event", "event": "training_started", "data": {}}, 3
        )
        hooks = Hooks(opens, lambda _: None, lambda: begin, answered)
        made.append(Outbox(hooks, Speaker(quiet=True)))
        made[-1].start()
        return made[-1]

    yield makes
    fake.held.set()
    for outbox in made:
        outbox.close()
        outbox._give_up_at = 0.0
        outbox.wait_sent(5)


def room(fake: FakeServer) -> Opened:
    return Opened(Address.parse(fake.url), {"id": "r_1", "code": "ABC234"}, "rk_1")


def metrics(value: float) -> Dict[str, Any]:
    return {"type": "training_metrics", "data": {"loss": value}}


def test_what_is_added_arrives(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    outbox.add(SAMPLE, metrics(1.0), 1)
    until(lambda: fake.metrics("loss") == [1.0])
    assert outbox.wait_settled(1)
    assert outbox.opened is not None


def test_the_last_value_of_a_burst_arrives_without_another_call(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    for burst in range(1, 6):
        for n in range(200):
            outbox.add(SAMPLE, metrics(burst * 1_000.0 + n), 1)
        until(lambda: fake.metrics("loss")[-1:] == [burst * 1_000.0 + 199])  # noqa: B023 - waited for at once
    assert len(fake.metrics("loss")) == 1_000


def test_what_is_added_after_a_silence_leaves_at_once(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    until(fake.life)
    until(lambda: outbox._delivery.resting)
    outbox.add(SAMPLE, metrics(1.0), 1)
    until(lambda: fake.metrics("loss") == [1.0], HEARTBEAT / 2)  # and not with the next sign of life


def test_a_fast_trainer_makes_few_posts(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    until(fake.life)
    begun = time.monotonic()
    for n in range(2_000):
        outbox.add(SAMPLE, metrics(n), 1)
    until(lambda: len(fake.metrics("loss")) == 2_000)
    assert len(fake.posts()) <= 4 + (time.monotonic() - begun) / 0.02


def test_adding_never_waits_for_a_server_that_hangs(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    until(fake.life)
    fake.held.clear()
    for n in range(20_000):
        outbox.add(SAMPLE, metrics(n), 1)
    assert outbox.unsent  # all was added, and the server has not said a word
    fake.held.set()
    until(lambda: fake.metrics("loss")[-1:] == [19_999])


def test_close_sends_what_there_is(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    for n in range(5_000):
        outbox.add(SAMPLE, metrics(n), 1)
    outbox.close()
    assert outbox.wait_sent(10)
    assert len(fake.metrics("loss")) == 5_000
    until(lambda: outbox._thread is not None and not outbox._thread.is_alive())


def test_nothing_is_taken_after_close(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    outbox.close()
    assert outbox.wait_sent(10)
    outbox.add(SAMPLE, metrics(1.0), 1)
    assert outbox.pending.dropped == 1
    assert fake.metrics("loss") == []


def test_a_server_that_refuses_connections_does_not_hold_up_the_end(make: MakeOutbox) -> None:
    def refuses() -> Opened:
        raise Unreachable("connection refused")

    outbox = make(refuses)
    outbox.add(SAMPLE, metrics(1.0), 1)
    outbox.close()
    assert not outbox.wait_sent(600)  # longer than this test may take
    assert outbox.unsent == 1


def test_a_server_that_hangs_holds_up_the_end_only_so_long(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    until(fake.life)
    fake.held.clear()
    outbox.add(SAMPLE, metrics(1.0), 1)
    outbox.close()
    assert not outbox.wait_sent(0.2)  # and not when the server answers: it does not


def test_a_server_in_trouble_is_not_hurried_at_the_end(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    until(fake.life)
    fake.troubles.append(lambda call: problem(503, "busy") if call.body else None)
    outbox.add(SAMPLE, metrics(1.0), 1)
    outbox.close()
    before = len(fake.calls)
    assert not outbox.wait_sent(0.5)
    assert len(fake.calls) - before <= 4
    fake.troubles.clear()
    until(lambda: fake.metrics("loss") == [1.0])


def test_waiting_for_the_room_ends_when_there_is_none(make: MakeOutbox) -> None:
    def none() -> Opened:
        raise NoServer("no server runs")

    outbox = make(none)
    assert outbox.wait_settled(10)
    assert outbox.opened is None


def test_the_room_opens_when_a_server_appears(make: MakeOutbox, fake: FakeServer) -> None:
    appeared = threading.Event()

    def opens() -> Opened:
        if not appeared.is_set():
            raise Unreachable("not yet")
        return room(fake)

    outbox = make(opens)
    outbox.add(SAMPLE, metrics(1.0), 1)
    assert not outbox.wait_settled(0.05)
    appeared.set()
    assert outbox.wait_settled(10)
    until(lambda: fake.metrics("loss") == [1.0])


def test_a_mistake_of_ours_does_not_end_the_sending(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    outbox.add(SAMPLE, {"type": "training_metrics", "data": {"loss": object()}}, 1)  # no JSON: a bug
    until(lambda: outbox.pending.dropped == 1)
    outbox.add(SAMPLE, metrics(2.0), 1)
    until(lambda: fake.metrics("loss") == [2.0])


def test_who_attends_hears_within_a_second(make: MakeOutbox, fake: FakeServer) -> None:
    told: List[Dict[str, Any]] = []
    outbox = make(answered=told.append)
    until(fake.life)
    outbox.attend()
    fake.requests.append({"id": "q_1"})
    until(lambda: told and told[-1]["requests"] == 1, 5)


def test_a_closed_room_ends_the_thread(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    until(fake.life)
    fake.troubles.append(lambda call: problem(410, "room_closed") if call.body else None)
    outbox.add(SAMPLE, metrics(1.0), 1)
    until(lambda: outbox.over)
    outbox.add(SAMPLE, metrics(2.0), 1)
    assert outbox.pending.dropped == 2


@pytest.mark.filterwarnings(
    "ignore:This process:DeprecationWarning"
)  # a fork beside threads is what is tested
def test_a_child_adds_under_its_own_name(make: MakeOutbox, fake: FakeServer) -> None:
    outbox = make()
    outbox.add(SAMPLE, metrics(1.0), 1)
    until(lambda: fake.metrics("loss") == [1.0])
    child = os.fork()
    if child == 0:
        sent = False
        signal.alarm(20)  # should it hang, it dies by itself
        try:
            outbox.in_child()
            outbox.add(SAMPLE, metrics(2.0), 1)
            outbox.close()
            sent = outbox.wait_sent(10)
        finally:
            os._exit(0 if sent else 1)
    assert os.waitpid(child, 0)[1] == 0
    outbox.add(SAMPLE, metrics(3.0), 1)
    until(lambda: fake.metrics("loss") == [1.0, 2.0, 3.0])
    producers = [call.headers["spectator-producer"] for call in fake.posts()]
    assert producers[-1] == producers[0] != producers[-2]


def test_a_child_opens_no_room_of_its_own(make: MakeOutbox, fake: FakeServer) -> None:
    def none() -> Opened:
        raise NoServer("no server runs")

    outbox = make(none)
    outbox.wait_settled(5)
    outbox.in_child()
    outbox.add(SAMPLE, metrics(1.0), 1)
    assert outbox._thread is None
    assert outbox.pending.dropped == 1


def test_answers_are_heard(make: MakeOutbox, fake: FakeServer) -> None:
    def many(call: Call) -> Optional[Reply]:
        return (
            Reply(200, {"offset": 1, "watching": 12}) if call.body and call.path.endswith("events") else None
        )

    fake.troubles.append(many)
    told: List[Dict[str, Any]] = []
    make(answered=told.append)
    until(lambda: told and told[0]["watching"] == 12)
