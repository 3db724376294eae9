"""The outbox, the server and the store together: answers are lost, and nothing is stored twice or never."""

from typing import Any

import pytest

import spectator
from tests.harness.faultproxy import FaultProxy, place
from tests.harness.servers import ServerProcess
from tests.harness.waiting import until

EVENTS = 600
LOST = 12
"""Answers, spread over the run."""


@pytest.mark.timeout(180)
def test_every_event_is_stored_once_and_in_order_although_answers_are_lost(server: ServerProcess) -> None:
    with FaultProxy(place(server.url)) as proxy:
        address, key = proxy.url("http"), server.api_key
        room = spectator.open_room("answers lost", url=address, api_key=key, new=True, quiet=True)
        for step in range(EVENTS):
            if step % (EVENTS // LOST) == 0:
                until(lambda: room._run.outbox.unsent == 0, deadline=60, what="all before were answered")
                proxy.lose_answers(1)
            room.event("step", number=step)
        room.finish()
        assert proxy.connected > LOST, "each lost answer cost a connection"
        assert room.dropped == 0
    events = exported(server, room.id)
    assert [e["data"]["number"] for e in events if e.get("event") == "step"] == list(range(EVENTS))


def exported(server: ServerProcess, room_id: str) -> list[dict[str, Any]]:
    document = server.call("GET", f"/rooms/{room_id}/export?format=json")[1]
    events: list[dict[str, Any]] = document["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return events
