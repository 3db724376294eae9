"""Published on some nodes, watched on others: two server processes on one store, embedded and a cluster."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.harness.servers import ServerProcess, two_nodes
from tests.spectator.server.sockets.watching import PROTOCOL, Watcher

PRODUCERS, BATCHES, EVENTS = 3, 12, 25
PATIENCE_S = 60.0

Told = tuple[str, int]
"""Whose an event is, and which of theirs."""


def event(name: str, n: int) -> dict[str, Any]:
    """Of the class that loses nothing, however late a viewer is on a busy machine."""
    return {"type": "log", "level": name, "message": str(n)}


class House:
    """Two nodes, a room, and calls to either."""

    def __init__(self, nodes: list[ServerProcess], session: aiohttp.ClientSession) -> None:
        self.nodes = nodes
        self.session = session
        self.key = nodes[0].api_key
        self.room: dict[str, Any] = {}

    async def create(self) -> None:
        _, made = await asyncio.to_thread(self.nodes[0].call, "POST", "/rooms", {"name": "shared"})
        self.room = made["room"]

    async def publish(self, node: int, name: str, sequence: int, events: list[dict[str, Any]]) -> bytes:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/x-ndjson",
            "Spectator-Producer": name,
            "Spectator-Sequence": str(sequence),
        }
        url = f"{self.nodes[node].url}/api/v1/rooms/{self.room['id']}/events"
        body = "\n".join(map(json.dumps, events)).encode()
        async with self.session.post(url, data=body, headers=headers) as answer:
            raw = await answer.read()
            assert answer.status == 200, raw
            return raw

    async def watch(self, node: int, count: int, ready: asyncio.Event) -> list[Told]:
        """So many events as a viewer on this node gets them, after ``ready`` was set by its welcome."""
        url = f"{self.nodes[node].url}/ws/rooms/{self.room['id']}"
        headers = {"Authorization": f"Bearer {self.key}"}
        async with self.session.ws_connect(url, protocols=(PROTOCOL,), headers=headers) as socket:
            watcher, seen = Watcher(socket), []
            await watcher.say(type="hello")
            await watcher.next("snapshot", patience=PATIENCE_S)
            ready.set()
            while len(seen) < count:
                tick = await watcher.next("tick", "conflated", patience=PATIENCE_S)
                assert tick["from"] == len(seen) + 1, "no gap, nothing twice"
                seen += [(one["level"], int(one["message"])) for one in tick["events"]]
                assert tick["to"] == len(seen)
                await watcher.say(type="ack", seq=tick["to"])
            return seen


@pytest.fixture(scope="session", params=["embedded", "cluster"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Two of the three kinds of stores: the third differs in nothing that matters here."""
    if request.param == "embedded":
        return str(request.getfixturevalue("store").url)
    return str(request.getfixturevalue("cluster_url"))


@pytest_asyncio.fixture
async def house(store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        nodes = await stack.enter_async_context(two_nodes(store_url, tmp_path, SPECTATOR_RATE_LIMITS="off"))
        opened = House(nodes, await stack.enter_async_context(aiohttp.ClientSession()))
        await opened.create()
        yield opened


@pytest.mark.timeout(180)
async def test_viewers_on_every_node_see_one_order_whoever_published_where(house: House) -> None:
    async def produce(name: str, starts_at: int) -> None:
        for batch in range(BATCHES):
            events = [event(name, batch * EVENTS + n) for n in range(EVENTS)]
            node = (starts_at + batch) % 2
            first = await house.publish(node, name, batch + 1, events)
            if batch % 3 == 0:  # its answer was lost, and the other node is asked
                assert await house.publish(1 - node, name, batch + 1, events) == first

    total = PRODUCERS * BATCHES * EVENTS
    ready = [asyncio.Event() for _ in house.nodes]
    async with asyncio.TaskGroup() as group:
        viewers = [group.create_task(house.watch(node, total, ready[node])) for node in range(2)]
        for one in ready:
            await asyncio.wait_for(one.wait(), PATIENCE_S)
        for number in range(PRODUCERS):
            group.create_task(produce(f"p{number}", number))
    here, there = (viewer.result() for viewer in viewers)
    assert here == there
    for number in range(PRODUCERS):
        own = [n for name, n in here if name == f"p{number}"]
        assert own == list(range(BATCHES * EVENTS))
