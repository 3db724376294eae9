"""Watching by Server-Sent Events over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from spectator.tasks import Tasks
from tests.harness.waiting import eventually
from tests.spectator.server.sockets.watching import metrics


class Stream:
    """What a browser's EventSource makes of the bytes."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.last_id: str | None = None

    async def next(self, *kinds: str) -> dict[str, Any]:
        data = ""
        while True:
            raw = await asyncio.wait_for(self.answer.content.readline(), 5)
            if not raw:
                raise EOFError
            line = raw.decode().rstrip("\n")
            if line.startswith("id: "):
                self.last_id = line[4:]
            elif line.startswith("data: "):
                data += line[6:]
            elif not line and data:
                message, data = json.loads(data), ""
                if not kinds or message["type"] in kinds:
                    return message


@asynccontextmanager
async def streaming(site, room: str, token: str | None, since: str | None = None) -> AsyncIterator[Stream]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if since:
        headers["Last-Event-ID"] = since
    url = f"{site.url}/api/v1/rooms/{room}/stream"
    async with site.session.get(url, headers=headers) as answer:
        assert answer.status == 200, await answer.read()
        yield Stream(answer)


async def room_of(site, **fields):
    made = await site.create(**fields)
    return made, made["room"]["id"], (await site.join(made["room"]["code"]))["token"]


async def test_the_messages_are_those_of_the_socket(site):
    _, room, token = await room_of(site)
    await site.publish(room, metrics(1))
    async with streaming(site, room, token) as ann:
        assert ann.answer.headers["Content-Type"].startswith("text/event-stream")
        assert ann.answer.headers["X-Accel-Buffering"] == "no"
        assert ann.answer.headers["Cache-Control"] == "no-store"
        assert (await ann.next())["type"] == "welcome"
        snapshot = await ann.next("snapshot")
        assert snapshot["seq"] == 1
        assert ann.last_id == snapshot["cursor"]
        await site.publish(room, metrics(2))
        tick = await ann.next("tick")
        assert (tick["from"], tick["to"]) == (2, 2)
        assert ann.last_id == tick["cursor"]


async def test_it_goes_on_where_it_stopped(site):
    _, room, token = await room_of(site)
    async with streaming(site, room, token) as ann:
        await ann.next("snapshot")
        await site.publish(room, metrics(1))
        await ann.next("tick")
        last = ann.last_id
    await site.publish(room, metrics(2))
    await site.publish(room, metrics(3))
    async with streaming(site, room, token, last) as ann:
        assert (await ann.next("welcome"))["resume"] == "exact"
        steps = []
        while len(steps) < 2:
            steps += [event["data"]["step"] for event in (await ann.next("tick"))["events"]]
        assert steps == [2, 3]


async def test_it_holds_a_seat_and_gives_it_back(site):
    _, room, token = await room_of(site)
    async with streaming(site, room, token) as ann:
        await ann.next("snapshot")
        assert site.manager.hub.connections == 1
    await eventually(lambda: site.manager.hub.connections == 0, deadline=60)


async def test_it_ends_with_a_word(site):
    _, room, token = await room_of(site)
    async with streaming(site, room, token) as ann:
        await ann.next("snapshot")
        await site.call("DELETE", f"/rooms/{room}", token="key")
        bye = await ann.next("bye")
        assert (bye["code"], bye["reconnect"]) == (4510, False)
        with pytest.raises(EOFError):
            await ann.next()
    assert not site.manager.hub.connections


async def test_a_restart_says_when_to_come_back(site):
    _, room, token = await room_of(site)
    async with streaming(site, room, token) as ann:
        await ann.next("snapshot")
        stopping = Tasks("test").start(site.manager.hub.stop(), "stop")
        assert (await ann.next("bye"))["code"] == 4002
        await stopping


async def refused(site, room: str, token: str | None) -> tuple[int, str | None]:
    reply = await site.call("GET", f"/rooms/{room}/stream", token=token)
    return reply.status, reply.code


async def test_who_may_not_watch_gets_a_problem(site):
    made, room, token = await room_of(site, require_approval=False)
    assert await refused(site, room, None) == (401, "unauthorized")
    assert await refused(site, room, "made-up") == (401, "unauthorized")
    assert await refused(site, "ZZZZZZ", token) == (404, "room_not_found")
    await site.call("POST", f"/rooms/{room}/leave", token=token)
    assert await refused(site, room, token) == (401, "unauthorized")
    await site.call("DELETE", f"/rooms/{room}", token="key")
    assert await refused(site, room, made["owner_token"]) == (410, "room_closed")


async def test_who_waits_does_not_stream(site):
    made = await site.create(require_approval=True)
    asked = (await site.call("POST", f"/rooms/{made['room']['code']}/join", {"display_name": "Ann"})).body
    assert await refused(site, made["room"]["id"], asked["token"]) == (403, "not_allowed")


async def test_a_line_break_in_an_event_does_not_end_it(site):
    _, room, token = await room_of(site)
    async with streaming(site, room, token) as ann:
        await ann.next("snapshot")
        body = json.dumps([{"type": "log", "message": "a\nb"}], indent=2).encode()
        headers = {"Authorization": f"Bearer {site.key}", "Content-Type": "application/json"}
        assert (
            await site.send("POST", f"/api/v1/rooms/{room}/events", data=body, headers=headers)
        ).status == 200
        (event,) = (await ann.next("tick"))["events"]
        assert event["message"] == "a\nb"
