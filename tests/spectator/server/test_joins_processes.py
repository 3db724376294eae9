"""Ten seats and three hundred who want one at the same moment, on two server processes with one store."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from rooms.presence import SEAT_MS
from spectator.embedded import EmbeddedStore
from tests.harness.servers import ServerProcess, two_nodes
from tests.spectator.server.sockets.watching import PROTOCOL, Watcher, metrics

RUNS, ASKS, SEATS = 20, 300, 10
TABS, RELOADS, USERS, SOCKETS = 16, 16, 12, 3
"""People with two tabs on one node and one on the other; who reload the page; users of the tenant who come on
both nodes; sockets that nobody joined for. All others of the ``ASKS`` are strangers who come once."""


@pytest_asyncio.fixture
async def nodes(store: EmbeddedStore, tmp_path: Path) -> AsyncIterator[list[ServerProcess]]:
    async with two_nodes(store.url, tmp_path, SPECTATOR_RATE_LIMITS="off") as running:
        yield running


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as opened:
        yield opened


@dataclass
class Rush:
    """One room, and what everybody who came was answered, by person."""

    session: aiohttp.ClientSession
    nodes: list[ServerProcess]
    key: str
    room: dict[str, Any]
    answers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    grants: dict[str, str] = field(default_factory=dict)

    async def call(
        self, node: int, method: str, path: str, body: Any = None, token: str | None = None
    ) -> Any:
        """Status and JSON of one call."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.nodes[node].url}/api/v1{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def join(self, who: str, node: int, token: str | None = None, times: int = 1) -> None:
        """Ask to come in, and ask again with the same token as a page does that is loaded again."""
        for _ in range(times):
            path = f"/rooms/{self.room['code']}/join"
            status, told = await self.call(node, "POST", path, {"display_name": who}, token)
            self.answers[who].append(told["status"] if status == 200 else told["code"])
            if status == 200:
                self.grants[who] = told["token"]

    async def come_by_socket(self, who: str, node: int) -> aiohttp.ClientWebSocketResponse | None:
        """Connect without a word, as the snippets of old do; None when there is no seat."""
        url = f"{self.nodes[node].url}/ws/rooms/{self.room['code']}"
        socket = await self.session.ws_connect(url)
        message = await socket.receive(timeout=SEAT_MS / 1000)
        self.answers[who].append("approved" if message.type is aiohttp.WSMsgType.TEXT else "room_full")
        if message.type is aiohttp.WSMsgType.TEXT:
            return socket
        assert socket.close_code == 4509, message
        return None

    async def watch(self, who: str, node: int, **hello: Any) -> Watcher:
        """Connect by a grant."""
        url = f"{self.nodes[node].url}/ws/rooms/{self.room['id']}"
        watcher = Watcher(await self.session.ws_connect(url, protocols=(PROTOCOL,)))
        await watcher.say(type="hello", token=self.grants[who], **hello)
        return watcher

    def asks(self, people: dict[str, str], order: random.Random) -> list[Awaitable[Any]]:
        """Everybody's first step, mixed; ``ASKS`` of them in all. ``people`` are tokens by name."""
        steps: list[Awaitable[Any]] = []
        for who, token in people.items():
            if who.startswith("tabs"):
                steps += [self.join(who, 0, token), self.join(who, 0, token), self.join(who, 1, token)]
            elif who.startswith("reload"):
                steps += [self.join(who, len(steps) % 2, token, times=2)]
            else:
                steps += [self.join(who, 0, token), self.join(who, 1, token)]
        steps += [self.come_by_socket(f"socket {number}", number % 2) for number in range(SOCKETS)]
        strangers = ASKS - len(steps) - RELOADS  # who reloads asks twice
        steps += [self.join(f"stranger {number}", number % 2) for number in range(strangers)]
        order.shuffle(steps)
        return steps

    def admitted(self) -> set[str]:
        """Who is in. Nobody is told two things: a seat was there for each of their asks, or for none."""
        for who, told in self.answers.items():
            assert len(set(told)) == 1, (who, told)
            assert told[0] in {"approved", "room_full"}, (who, told)
        return {who for who, told in self.answers.items() if told[0] == "approved"}

    async def check(self, admitted: set[str]) -> None:
        """Both nodes say: ten people, one seat each, and it is these."""
        assert len(admitted) == SEATS, Counter(told[0] for told in self.answers.values())
        for node in range(2):
            _, told = await self.call(node, "GET", f"/rooms/{self.room['id']}", token=self.key)
            assert told["current_spectators"] == SEATS
            _, told = await self.call(node, "GET", f"/rooms/{self.room['id']}/spectators", token=self.key)
            names = Counter(one["name"] for one in told["spectators"])
            sockets = sum(who.startswith("socket") for who in admitted)
            expected = {who: 1 for who in admitted if not who.startswith("socket")}
            assert names == Counter(expected | ({"Spectator": sockets} if sockets else {}))
            assert len({one["id"] for one in told["spectators"]}) == SEATS


async def people_of(rush: Rush) -> dict[str, str]:
    """People who have been here before: visitors who were in another room, and users of the tenant."""
    found = {}
    _, lounge = await rush.call(0, "POST", "/rooms", {"max_spectators": 100}, rush.key)
    for name in [f"tabs {n}" for n in range(TABS)] + [f"reload {n}" for n in range(RELOADS)]:
        path = f"/rooms/{lounge['room']['code']}/join"
        _, told = await rush.call(0, "POST", path, {"display_name": name})
        found[name] = told["visitor"]
    for name in (f"user {n}" for n in range(USERS)):
        _, told = await rush.call(0, "POST", "/identities", {"user_id": name, "name": name}, rush.key)
        found[name] = told["token"]
    return found


async def come_back(rush: Rush, seated: list[str], sockets: list[aiohttp.ClientWebSocketResponse]) -> None:
    """Who is in connects, gets a second tab, and comes back on the other node; others try on."""
    room = rush.room["id"]
    first = await asyncio.gather(*(rush.watch(who, number % 2) for number, who in enumerate(seated)))
    cursors = [(await one.next("snapshot"))["cursor"] for one in first]
    others = [who for who, told in rush.answers.items() if told[0] == "room_full"][:40]
    again = [rush.join(who, number % 2) for number, who in enumerate(others)]
    status, told = await rush.call(0, "POST", f"/rooms/{room}/events", [metrics(1)], rush.key)
    assert (status, told["accepted"]) == (200, 1)

    async def resume(number: int, who: str) -> Watcher:
        """The connection breaks; the page is back before the seat is anybody else's."""
        await first[number].socket.close()
        return await rush.watch(who, (number + 1) % 2, since=cursors[number])

    tabs, *resumed = await asyncio.gather(
        asyncio.gather(*(rush.watch(who, number % 2) for number, who in enumerate(seated))),
        *(resume(number, who) for number, who in enumerate(seated)),
        *again,
    )
    for back in resumed[: len(seated)]:
        assert (await back.next("welcome"))["resume"] == "exact"
        assert (await back.next("tick"))["events"][0]["data"]["step"] == 1
    for tab in tabs:
        await tab.next("snapshot")
    await rush.check(rush.admitted())
    for watcher in (*tabs, *resumed[: len(seated)]):
        await watcher.socket.close()
    for socket in sockets:
        await socket.close()


@pytest.mark.timeout(240)
async def test_ten_of_three_hundred_get_the_ten_seats_twenty_times(
    nodes: list[ServerProcess], session: aiohttp.ClientSession
) -> None:
    key = nodes[0].api_key
    people = await people_of(Rush(session, nodes, key, {}))
    kinds = Counter[str]()
    for run in range(RUNS):
        start = Rush(session, nodes, key, {})
        _, made = await start.call(0, "POST", "/rooms", {"max_spectators": SEATS}, key)
        rush = Rush(session, nodes, key, made["room"])
        sockets = [
            one for one in await asyncio.gather(*rush.asks(people, random.Random(run))) if one is not None
        ]
        assert sum(map(len, rush.answers.values())) == ASKS
        admitted = rush.admitted()
        await rush.check(admitted)
        kinds.update(who.split()[0] for who in admitted)
        await come_back(rush, [who for who in admitted if who in rush.grants], sockets)
        status, _ = await rush.call(0, "DELETE", f"/rooms/{made['room']['id']}", token=key)
        assert status == 200
    assert set(kinds) == {"stranger", "tabs", "reload", "user", "socket"}, kinds
