"""Quotas, suspended tenants and keys that change: what a delivery does about them, and says."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Iterator, List, Optional

import pytest

from spectator.client.delivery import (
    FIRST_PAUSE,
)
from spectator.client.errors import Refused
from spectator.client.opened import Opened
from tests.spectator.client.fake_server import Call, FakeServer, Reply, problem
from tests.spectator.client.sending import Sender, events_only, senders


@pytest.fixture
def make(fake: FakeServer) -> Iterator[Callable[..., Sender]]:
    with senders(fake) as makes:
        yield makes


@pytest.fixture
def sender(make: Callable[..., Sender]) -> Sender:
    return make()


def over_quota(quota: str, limit: float, after: float = 2) -> Reply:
    return problem(429, "quota_exceeded", quota=quota, limit=limit, Retry_After=after)


def test_a_quota_is_named_waited_for_and_nothing_is_lost(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    full = over_quota("events_per_second", 10)
    replies = [full] * 5
    fake.troubles.append(lambda call: replies.pop() if events_only(call) and replies else None)
    sender.add(1.0)
    pauses = [sender.delivery.step() for _ in range(5)]
    assert all(2.0 <= pause <= 2.5 for pause in pauses)  # as told: waiting longer each time would lose more
    assert sender.words.text.count("\n") == 1
    assert "the quota events_per_second (10) is used up" in sender.words.text
    sender.until_idle()
    assert fake.metrics("loss") == [1.0]
    assert sender.pending.dropped == 0
    bodies = {call.body for call in fake.posts()[1:]}
    assert len(bodies) == 1  # the very same, under the same number


def test_each_quota_is_told_for_itself_with_what_was_lost(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()
    replies = [over_quota("stored_bytes", 5e6), over_quota("bytes_per_second", 1000)]
    fake.troubles.append(lambda call: replies.pop() if events_only(call) and replies else None)
    sender.pending.lost(7)
    sender.add(1.0)
    sender.until_idle()
    assert "bytes_per_second (1000)" in sender.words.text
    assert "stored_bytes (5000000)" in sender.words.text
    assert "(7 events so far)" in sender.words.text


def test_more_than_a_quota_ever_takes_goes_in_parts(sender: Sender, fake: FakeServer) -> None:
    sender.until_idle()

    def two_a_second(call: Call) -> Optional[Reply]:
        many = events_only(call) and len(call.events) > 2
        return over_quota("events_per_second", 2, after=0.001) if many else None

    fake.troubles.append(two_a_second)
    sender.add(1.0, 2.0, 3.0, 4.0, 5.0)
    sender.until_idle()
    assert fake.metrics("loss") == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_suspended_tenant_is_told_and_goes_on_where_it_was(
    make: Callable[..., Sender], fake: FakeServer
) -> None:
    sender = make(renew=lambda opened: replace(opened, owner_token="sk_local_x"))
    sender.until_idle()

    def suspended(call: Call) -> Optional[Reply]:
        return problem(403, "not_allowed") if events_only(call) else None

    fake.troubles.append(suspended)
    sender.add(1.0)
    for _ in range(4):
        sender.delivery.step()
    assert sender.words.text.count("It was not_allowed; training goes on") == 1
    fake.troubles.remove(suspended)
    sender.until_idle()
    assert fake.metrics("loss") == [1.0]
    assert [room.id for room in sender.opened] == ["r_1"]  # the same room, not a second one beside it


def test_a_key_that_this_process_is_replacing_is_no_news(
    make: Callable[..., Sender], fake: FakeServer
) -> None:
    asked: List[Opened] = []

    def renew(opened: Opened) -> Opened:
        asked.append(opened)
        return opened

    sender = make(renew=renew)
    sender.until_idle()
    old = sender.delivery.opened
    assert old is not None
    fake.troubles.append(
        lambda call: (
            problem(401, "unauthorized") if call.headers["authorization"] != "Bearer rk_new" else None
        )
    )
    sender.delivery.rekeying = True
    sender.add(1.0)
    assert sender.delivery.step() == FIRST_PAUSE
    sender.delivery.rekeying = False
    sender.delivery.take(replace(old, owner_token="rk_new"))
    sender.until_idle()
    assert fake.metrics("loss") == [1.0]
    assert (asked, sender.words.text) == ([], "")


def test_a_change_waits_for_the_new_key(make: Callable[..., Sender], fake: FakeServer) -> None:
    sender = make(renew=lambda opened: replace(opened, owner_token="rk_new"))
    sender.until_idle()
    fake.troubles.append(
        lambda call: (
            problem(401, "unauthorized") if call.headers["authorization"] != "Bearer rk_new" else None
        )
    )
    sender.delivery.change({"listed": True})
    sender.until_idle()
    assert [call.json for call in fake.calls if call.method == "PATCH"] == [{"listed": True}] * 2
    assert "not changed" not in sender.words.text


def test_a_room_that_is_gone_for_its_key_too_is_opened_anew(
    make: Callable[..., Sender], fake: FakeServer
) -> None:
    def gone(_: Opened) -> Opened:
        raise Refused("room_not_found", 404, "there is no such room")

    sender = make(renew=gone)
    sender.until_idle()
    fake.troubles.append(lambda call: problem(404, "room_not_found") if "/r_1/" in call.path else None)
    sender.add(1.0)
    sender.until_idle()
    assert [room.id for room in sender.opened] == ["r_1", "r_2"]
    assert fake.metrics("loss") == [1.0]
