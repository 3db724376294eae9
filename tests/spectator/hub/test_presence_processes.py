"""Who is here when a whole server is killed: two server processes, as an operator runs them, on one store."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio

from rooms.presence import SEAT_MS
from spectator.tasks import Tasks
from tests.harness.servers import ServerProcess, two_nodes
from tests.harness.waiting import eventually
from tests.spectator.server.sockets.watching import PROTOCOL, Watcher

PATIENCE_S = 2 * SEAT_MS / 1000
"""By then the leases of a killed node have ended, also on a busy machine."""


@pytest_asyncio.fixture
async def pair(store, tmp_path) -> AsyncIterator[list[ServerProcess]]:
    async with two_nodes(store.url, tmp_path) as nodes:
        yield nodes


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest_asyncio.fixture
async def readers() -> AsyncIterator[Tasks]:
    tasks = Tasks("readers")
    yield tasks
    await tasks.stop()


async def watch(session: aiohttp.ClientSession, node: ServerProcess, room: str, token: str) -> Watcher:
    socket = await session.ws_connect(f"{node.url}/ws/rooms/{room}", protocols=(PROTOCOL,))
    watcher = Watcher(socket)
    await watcher.say(type="hello", token=token)
    await watcher.next("snapshot")
    return watcher


async def read_on(watcher: Watcher) -> None:
    """Answer pings: a socket that nobody reads counts as lost."""
    while (await watcher.socket.receive()).type is aiohttp.WSMsgType.TEXT:
        pass


async def crowd_of(watcher: Watcher, deadline_s: float, **expected) -> float:
    """Wait until the crowd is told like this; seconds it took."""
    began = time.monotonic()
    while True:
        left = deadline_s - (time.monotonic() - began)
        message = await watcher.socket.receive(timeout=max(left, 0.001))
        assert message.type is aiohttp.WSMsgType.TEXT, message
        said = json.loads(message.data)
        if said["type"] == "crowd":
            assert said["watching"] >= 0
            if said | expected == said:
                return time.monotonic() - began


@pytest.mark.faults
@pytest.mark.timeout(240)
async def test_a_killed_node_leaves_no_seat_taken_and_nobody_behind(pair, session, readers):
    first, second = pair
    made = await asyncio.to_thread(
        first.call,
        "POST",
        "/rooms",
        {"name": "killed node", "max_spectators": 2, "session_duration_hours": 1},
    )
    room = SimpleNamespace(**made[1]["room"])
    owner = await watch(session, first, room.id, made[1]["owner_token"])
    joined = []
    for node, name in ((first, "Ann"), (second, "Ben")):
        status, answer = await asyncio.to_thread(
            node.call, "POST", f"/rooms/{room.code}/join", {"display_name": name}, token=None
        )
        assert status == 200, answer
        joined.append(answer)
        readers.start(read_on(await watch(session, node, room.id, answer["token"])), name)
    # Ann has a second tab on the other node: she is one, and stays when that node dies.
    tab = await watch(session, second, room.id, joined[0]["token"])
    readers.start(read_on(tab), "the other tab")
    await crowd_of(owner, PATIENCE_S, watching=3, names=["Ann", "Ben"])
    status, answer = await asyncio.to_thread(
        first.call, "POST", f"/rooms/{room.code}/join", {"display_name": "Cem"}, token=None
    )
    assert (status, answer["code"]) == (409, "room_full")

    second.kill()
    killed = time.monotonic()
    await crowd_of(owner, PATIENCE_S, watching=2, names=["Ann"])

    async def let_in() -> bool:
        return (
            await asyncio.to_thread(
                first.call, "POST", f"/rooms/{room.code}/join", {"display_name": "Cem"}, token=None
            )
        )[0] == 200

    left = PATIENCE_S - (time.monotonic() - killed)
    await eventually(let_in, max(left, 1), "the seat of the killed node's person is free")
    people = (await asyncio.to_thread(first.call, "GET", f"/rooms/{room.id}/spectators"))[1]["spectators"]
    assert {one["name"]: one["watching"] for one in people} == {"Ann": True, "Ben": False, "Cem": False}
