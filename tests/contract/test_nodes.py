"""Two servers over one cluster: what comes in at one is seen at the other, by a bell on the room's shard."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from redis.cluster import RedisCluster

from rooms import channel_of
from tests.harness.servers import ServerProcess
from tests.harness.terminal import spectator_json
from tests.harness.waiting import eventually

PATIENCE_S = 60
SECRET = "the-one-secret-that-both-nodes-share-0123456789"
pytestmark = pytest.mark.timeout(240)

Nodes = list[ServerProcess]


@pytest.fixture(scope="module")
def nodes(cluster_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Both tests use them; the last one kills one."""
    with contextlib.closing(RedisCluster.from_url(cluster_url)) as cluster:
        cluster.flushall(target_nodes=RedisCluster.PRIMARIES)
    folder = tmp_path_factory.mktemp("nodes")
    shared = {"SPECTATOR_SECRET_KEYS": SECRET, "SPECTATOR_RATE_LIMITS": "off"}
    running = [ServerProcess(folder / name, "--redis", cluster_url, **shared) for name in "ab"]
    try:
        with ThreadPoolExecutor(2) as both:
            list(both.map(ServerProcess.start, running))
        yield running
    finally:
        for server in running:
            server.close()


async def called(server: ServerProcess, method: str, path: str, body: Any, **given: Any) -> Any:
    status, answer = await asyncio.to_thread(server.call, method, path, body, **given)
    assert status < 300, (path, status, answer)
    return answer


@asynccontextmanager
async def watching(server: ServerProcess, code: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/ws/rooms/{code}") as socket,
    ):
        yield socket


async def shown(socket: aiohttp.ClientWebSocketResponse, loss: float) -> None:
    while True:
        told = await socket.receive_json(timeout=PATIENCE_S)
        if told["type"] == "training_metrics" and told["data"].get("loss_value") == loss:
            return


def shards_with(cluster: RedisCluster, channel: str) -> set[str]:
    """The primaries at which somebody listens to a channel."""
    return {
        node.name
        for node in cluster.get_primaries()
        if channel.encode() in cluster.execute_command("PUBSUB", "SHARDCHANNELS", target_nodes=node)
    }


async def test_what_comes_in_at_one_is_seen_at_the_other(nodes: Nodes, cluster_url: str) -> None:
    ingest, fan_out = nodes
    cluster = await asyncio.to_thread(RedisCluster.from_url, cluster_url)
    try:
        homes = set()
        for number in range(4):  # rooms of several shards
            made = await called(ingest, "POST", "/rooms", {})
            room, code, key = made["room"]["id"], made["room"]["code"], made["owner_token"]
            home = cluster.get_node_from_key(channel_of(room))
            homes.add(home.name)
            async with watching(fan_out, code) as socket:
                for loss in (number + 0.25, number + 0.5):
                    event = {"type": "training_metrics", "data": {"loss_value": loss}}
                    await called(ingest, "POST", f"/rooms/{room}/events", event, token=key)
                    await shown(socket, loss)
                assert await asyncio.to_thread(shards_with, cluster, channel_of(room)) == {home.name}
        assert homes <= {node.name for node in cluster.get_primaries()}
    finally:
        cluster.close()


async def living(server: ServerProcess) -> list[dict[str, Any]]:
    return (await called(server, "GET", "/status", None))["living"]


@pytest.mark.faults
async def test_a_killed_node_and_what_it_held_are_gone(nodes: Nodes) -> None:
    stays, killed = nodes
    assert killed.process is not None
    both = {node.process.pid for node in nodes if node.process is not None}

    async def known() -> bool:
        return {row["pid"] for row in await living(stays)} == both

    await eventually(known, deadline=PATIENCE_S, what="the two know each other")
    told = await asyncio.to_thread(spectator_json, stays.data_dir, "status")
    assert {row["pid"] for row in told["nodes"]} == both
    made = await called(stays, "POST", "/rooms", {"max_spectators": 1})
    room, code, key = made["room"]["id"], made["room"]["code"], made["owner_token"]
    async with watching(killed, code) as socket:
        assert (await socket.receive_json(timeout=PATIENCE_S))["type"] == "graph_config"

        async def heard_of() -> bool:
            answer = await called(stays, "POST", f"/rooms/{room}/events", [], token=key)
            return answer["watching"] == 1 and answer["wants"]["decisions"]

        await eventually(heard_of, deadline=PATIENCE_S, what="the publisher's node knows of the viewer")
        os.kill(killed.process.pid, 9)

        async def alone() -> bool:
            return [row["pid"] for row in await living(stays)] == [stays.process.pid]

        await eventually(alone, deadline=PATIENCE_S, what="the killed one's row is dead")

        async def forgotten() -> bool:
            answer = await called(stays, "POST", f"/rooms/{room}/events", [], token=key)
            return not answer["wants"]["decisions"]

        await eventually(forgotten, deadline=PATIENCE_S, what="nobody asks for what its viewer wanted")
