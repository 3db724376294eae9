from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Callable, Iterator, Optional

import pytest

from spectator.client import delivery as module
from spectator.client.address import Address
from spectator.client.delivery import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LOOK_AGAIN,
    PACE,
    UNWATCHED_PACE,
)
from spectator.client.errors import NoServer, Refused, Unreachable
from spectator.client.opened import Opened
from spectator.client.pending import EVENT
from tests.spectator.client.fake_server import Call, FakeServer, Reply, problem
from tests.spectator.client.sending import Sender, events_only, once, senders


@pytest.fixture
def make(fake: FakeServer) -> Iterator[Callable[..., Sender]]:
    with senders(fake) as makes:
        yield makes


@pytest.fixture
def sender(make: Callable[..., Sender]) -> Sender:
    return make()


def test_begins_the_run_and_sends_in_order(sender: Sender, fake: FakeServer) -> None:
    sender.add(1.0, 2.0)
    sender.until_idle()
    assert fake.life() == ["training_started"]
    assert fake.metrics("loss") == [1.0, 2.0]
    assert [call.sequence for call in fake.posts()] == [1, 2]
    assert {call.headers["authorization"] for call in fake.posts()} == {"Bearer rk_1"}
    assert sender.answers[-1]["watching"] == 3


def test_after_a_batch_there_is_a_short_pause_and_then_rest(sender: Sender) -> None:
    sender.delivery.step()
    sender.add(1.0)
    assert PACE / 3 <= sender.delivery.step() < PACE, "the way there and back is part of it"
    assert not sender.delivery.resting
    assert 0 < sender.delivery.step() <= module.HEARTBEAT
    assert sender.delivery.resting


def test_while_nobody_watches_the_training_is_disturbed_less(sender: Sender, fake: FakeServer) -> None:
    sender.delivery.step()
    fake.watching = 0
    paces = []
    for value in range(4):
        sender.add(value)
        paces.append(sender.delivery.step())
    assert paces[0] < PACE, "one answer may be from just before somebody came"
    assert all(UNWATCHED_PACE / 3 <= pace < UNWATCHED_PACE for pace in paces[1:])
    fake.watching = 1
    sender.add(2.0)
    assert sender.delivery.step() < PACE


def test_an_answer_that_got_lost_is_asked_for_again_with_the_same_bytes(
    sender: Sender, fake: FakeServer
) -> None:
    sender.until_idle()

    times = [1, 2]

    def stored_but_not_told(call: Call) -> Optional[Reply]:
        if events_only(call) and times:
            times.pop()
            fake._append(call)
            return Reply(0, None)
        return None

    fake.troubles.append(stored_but_not_told)
    sender.add(1.0)
    first_pause = sender.delivery.step()
    assert isinstance(sender.delivery.failed, Unreachable)
    assert FIRST_PAUSE * 0.7 < first_pause < FIRST_PAUSE * 1.3
    sender.add(2.0)
    sender.until_idle()
    # The first repeat is the transport's: a kept connection may have been closed while it was idle.
    lost, _, again, rest = fake.posts()[1:]
    assert again.body == lost.body
    assert again.headers["spectator-sequence"] == lost.headers["spectator-sequence"]
    assert again.headers["spectator-producer"] == lost.headers["spectator-producer"]
    assert rest.sequence == 3
    assert fake.metrics("loss") == [1.0, 2.0]
    assert sender.pending.dropped == 0


@pytest.mark.parametrize("reply", [problem(503, "store_unavailable"), problem(500, "internal_error")])
def test_a_server_in_trouble_gets_the_same_again(sender: Sender, fake: FakeServer, reply: Reply) -> None:
    sender.until_idle()
    fake.troubles.append(once(reply))
    sender.add(1.0)
    sender.until_idle()
    refused, taken = fake.posts()[1:]
    assert refused.body == taken.body
    assert refused.sequence == taken.sequence
    assert fake.metrics("loss") == [1.0]


def test_a_page_of_somebody_else_is_no_answer(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    fake.troubles.append(once(Reply(200, b"<html>log in to the wireless network</html>")))
    sender.add(1.0)
    sender.until_idle()
    assert fake.metrics("loss") == [1.0]
    assert "not as a spectator server" in sender.words.text


def test_waits_as_long_as_it_is_told(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    fake.troubles.append(once(problem(429, "quota_exceeded", Retry_After=7)))
    sender.add(1.0)
    assert 7 * 0.7 < sender.delivery.step() < 7 * 1.3
    sender.until_idle()
    assert fake.metrics("loss") == [1.0]


def test_pauses_grow_and_have_an_end(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    fake.troubles.append(lambda call: problem(503, "busy") if events_only(call) else None)
    sender.add(1.0)
    pauses = [sender.delivery.step() for _ in range(12)]
    assert pauses[0] < 0.4
    assert pauses[3] > pauses[0]
    assert 0.7 * LONGEST_PAUSE < pauses[-1] <= 1.3 * LONGEST_PAUSE


def test_a_gap_is_mended_by_a_new_producer_with_the_same_body(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    fake.last.clear()  # the store lost what it had acknowledged
    sender.add(1.0)
    sender.until_idle()
    refused, taken = fake.posts()[1:]
    assert (refused.sequence, taken.sequence) == (2, 1)
    assert refused.headers["spectator-producer"] != taken.headers["spectator-producer"]
    assert refused.body == taken.body
    assert fake.metrics("loss") == [1.0]


def test_what_is_too_large_goes_in_halves(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()

    def at_most_two(call: Call) -> Optional[Reply]:
        return problem(413, "payload_too_large") if events_only(call) and len(call.events) > 2 else None

    fake.troubles.append(at_most_two)
    sender.add(*range(7))
    sender.until_idle()
    assert fake.metrics("loss") == list(range(7))
    assert sender.pending.dropped == 0


def test_one_event_that_is_too_large_is_left_out_and_counted(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()

    def not_the_big_one(call: Call) -> Optional[Reply]:
        return problem(413, "payload_too_large") if b"13.0" in call.body else None

    fake.troubles.append(not_the_big_one)
    sender.add(1.0, 13.0, 2.0)
    sender.until_idle()
    assert fake.metrics("loss") == [1.0, 2.0]
    assert sender.pending.dropped == 1
    assert "too large" in sender.words.text


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "unauthorized"), (403, "not_allowed"), (404, "room_not_found"), (410, "room_expired")],
)
def test_a_room_that_is_gone_is_opened_anew(sender: Sender, fake: FakeServer, status: int, code: str) -> None:
    sender.until_idle()
    fake.troubles.append(lambda call: problem(status, code) if "/r_1/" in call.path else None)
    sender.add(1.0, 2.0)
    sender.until_idle()
    assert [room.id for room in sender.opened] == ["r_1", "r_2"]
    assert fake.life() == ["training_started", "training_started"]  # the new room hears of the run too
    assert fake.metrics("loss") == [1.0, 2.0]
    assert sender.pending.dropped == 0


def test_a_room_that_another_script_took_over_is_left_to_it(
    make: Callable[..., Sender], fake: FakeServer
) -> None:
    sender = make()
    claims = iter(["mine", "anew"])
    opening = sender.delivery._hooks.open
    sender.delivery._hooks.open = lambda: replace(opening(), claim=next(claims))
    sender.until_idle()
    fake.troubles.append(lambda call: problem(409, "claim_lost") if "/r_1/" in call.path else None)
    sender.add(1.0, 2.0)
    sender.until_idle()
    assert [room.id for room in sender.opened] == ["r_1", "r_2"]
    assert fake.life() == ["training_started", "training_started"]
    assert fake.metrics("loss") == [1.0, 2.0], "nothing is lost, and all of it is in the room of its own"
    posts = [call for call in fake.calls if call.path.endswith("/events")]
    assert {("/r_1/" in call.path, call.headers["spectator-claim"]) for call in posts} == {
        (True, "mine"),
        (False, "anew"),
    }


def test_who_claimed_nothing_names_no_claim(sender: Sender, fake: FakeServer) -> None:
    sender.add(1.0)
    sender.until_idle()
    assert all("spectator-claim" not in call.headers for call in fake.calls)


def test_a_key_that_was_changed_leads_back_into_the_same_room(
    make: Callable[..., Sender], fake: FakeServer
) -> None:
    sender = make()
    sender.delivery._hooks.open = lambda: Opened(
        Address.parse(fake.url), {"id": "r_1", "code": "A"}, "rk_new"
    )
    sender.until_idle()
    fake.troubles.append(once(problem(401, "unauthorized")))
    sender.add(1.0)
    sender.until_idle()
    assert fake.life() == ["training_started"]
    assert fake.metrics("loss") == [1.0]
    assert len(sender.opened) == 2


def test_a_room_that_was_closed_ends_it(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    fake.troubles.append(once(problem(410, "room_closed")))
    sender.add(1.0)
    assert sender.delivery.step() == math.inf
    assert sender.delivery.over
    assert sender.pending.dropped == 1
    assert sender.words.text.count("\n") == 1


def test_an_expired_session_is_not_opened_anew(make: Callable[..., Sender], fake: FakeServer) -> None:
    sender = make(reopen_expired=False)
    sender.until_idle()
    fake.troubles.append(once(problem(410, "room_expired")))
    sender.add(1.0)
    sender.delivery.step()
    assert sender.delivery.over


def test_a_batch_that_nobody_will_ever_take_is_given_up(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    fake.troubles.append(once(problem(422, "invalid_request")))
    sender.add(1.0)
    sender.delivery.step()
    sender.add(2.0)
    sender.until_idle()
    assert fake.metrics("loss") == [2.0]
    assert sender.pending.dropped == 1


def test_lines_that_were_not_accepted_are_counted_and_named(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    rejected = [{"line": 1, "code": "event_too_large"}, {"line": 2, "code": "event_too_large"}]
    fake.troubles.append(once(Reply(200, {"offset": 1, "accepted": 0, "rejected": rejected})))
    sender.add(1.0, 2.0)
    sender.until_idle()
    assert sender.pending.dropped == 2
    assert "2 events were not accepted: event_too_large" in sender.words.text


def test_a_sign_of_life_when_nothing_is_logged(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    sender.delivery.heartbeat = 0.0
    sender.delivery.step()
    (beat,) = fake.heartbeats()
    assert beat.body == b""
    assert beat.sequence is None


def test_changes_are_brought_before_events_and_kept_until_taken(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    left = [problem(503, "store_unavailable")]
    fake.troubles.append(lambda call: left.pop() if call.method == "PATCH" and left else None)
    sender.delivery.change({"config": {"a": 1}})
    sender.delivery.change({"listed": True})
    sender.until_idle()
    patches = [call.json for call in fake.calls if call.method == "PATCH"]
    assert patches == [{"config": {"a": 1}, "listed": True}] * 2


def test_a_change_that_is_refused_is_told_and_not_repeated(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    fake.troubles.append(lambda call: problem(422, "invalid_request") if call.method == "PATCH" else None)
    sender.delivery.change({"config": {}})
    sender.until_idle()
    assert len([call for call in fake.calls if call.method == "PATCH"]) == 1
    assert "not changed" in sender.words.text


def test_no_server_is_looked_for_again_and_said_once(sender: Sender) -> None:
    sender.error = NoServer("no server runs")
    sender.add(1.0)
    assert [sender.delivery.step() for _ in range(3)] == [LOOK_AGAIN] * 3
    assert sender.words.text.count("no server runs") == 1
    sender.error = None
    sender.until_idle()
    assert sender.server.metrics("loss") == [1.0]


def test_an_opening_that_is_refused_is_tried_again_later(sender: Sender) -> None:
    sender.error = Refused("unauthorized", 401, "that key is not known")
    assert sender.delivery.step() == LONGEST_PAUSE
    assert "that key is not known" in sender.words.text
    assert sender.delivery.opened is None


def test_a_child_has_its_own_numbers_and_sends_nothing_of_its_parent(
    sender: Sender, fake: FakeServer
) -> None:
    sender.until_idle()
    fake.troubles.append(once(Reply(0, None)))
    sender.add(1.0)
    sender.delivery.step()  # the parent's batch is in its hand
    sender.pending.clear()
    sender.delivery.in_child()
    sender.pending.add(EVENT, time.time(), {"type": "training_event", "event": "x", "data": {}}, 3)
    sender.until_idle()
    assert fake.life() == ["training_started", "x"]
    parent, child = fake.posts()[0], fake.posts()[-1]
    assert parent.headers["spectator-producer"] != child.headers["spectator-producer"]
    assert child.sequence == 1
    assert sender.delivery.heartbeat == math.inf


def test_credentials_stay_out_of_what_is_printed(sender: Sender) -> None:
    sender.until_idle()
    assert "rk_1" not in repr(sender.delivery.opened)
    assert "rk_1" not in sender.words.text
