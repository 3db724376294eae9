"""``examples/cluster/run.py`` as it is: a proxy before two servers over three stores, and its end."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import aiohttp
import pytest

from tests.harness.proxies import proxy
from tests.harness.servers import ROOT, environment
from tests.harness.valkey import free_port
from tests.harness.waiting import eventually, until

PATIENCE_S = 90
EXAMPLE = ROOT / "examples" / "cluster"
BESIDE = "127.0.0.2"
ELSEWHERE = "203.0.113.7"
PARTS = {"store-1", "store-2", "store-3", "server-a", "server-b", "haproxy"}
pytestmark = pytest.mark.timeout(300)


class Cluster:
    """The running example."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder.parent / "out"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(EXAMPLE / "run.py"), "--no-demo", "--data", str(folder)],
                env=environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def told(self) -> str:
        return self.out.read_text()

    def wait(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.told
            return "what each part says" in self.told

        until(ready, deadline=PATIENCE_S, what="the example")

    @property
    def url(self) -> str:
        return re.search(r"http://127\.0\.0\.1:\d+", self.told)[0]

    @property
    def key(self) -> str:
        return (self.folder / "data-a" / "key").read_text().strip()

    def server(self, name: str) -> dict[str, Any]:
        return json.loads((self.folder / f"data-{name}" / "server.json").read_text())

    def children(self) -> set[int]:
        pid = self.process.pid
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    running = Cluster(tmp_path_factory.mktemp("cluster") / "data")
    try:
        running.wait()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(60)


async def call(session: aiohttp.ClientSession, url: str, path: str, body: Any, token: str | None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with session.post(f"{url}/api/v1{path}", json=body, headers=headers) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


async def shown(socket: aiohttp.ClientWebSocketResponse, loss: float) -> None:
    """Wait until a flat viewer is shown this metric."""
    while True:
        told = await socket.receive_json(timeout=PATIENCE_S)
        if told["type"] == "training_metrics" and told["data"].get("loss_value") == loss:
            return


async def watched_through(session: aiohttp.ClientSession, url: str, key: str, loss: float) -> None:
    """A socket and a stream by the proxy at ``url`` are shown what is published by it, at once."""
    made = await call(session, url, "/rooms", {"name": "proxied", "max_spectators": 20}, key)
    room, code = made["room"]["id"], made["room"]["code"]
    joined = await call(session, url, f"/rooms/{code}/join", {"display_name": "Ann"}, None)
    async with contextlib.AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(session.ws_connect(f"{url}/ws/rooms/{code}")) for _ in range(6)
        ]
        stream = await stack.enter_async_context(
            session.get(
                f"{url}/api/v1/rooms/{room}/stream", headers={"Authorization": f"Bearer {joined['token']}"}
            )
        )
        assert stream.status == 200
        event = {"type": "training_metrics", "data": {"loss_value": loss}}
        await call(session, url, f"/rooms/{room}/events", event, made["owner_token"])
        await asyncio.gather(*(shown(one, loss) for one in sockets))
        async with asyncio.timeout(PATIENCE_S):
            async for line in stream.content:  # buffered, it would come with the next 4 KB
                if re.search(rb'"loss_value": ?' + str(loss).encode(), line):
                    return


def test_everything_runs_and_is_told(cluster: Cluster) -> None:
    assert {path.stem for path in cluster.folder.glob("*.log")} == PARTS
    assert len(cluster.children()) == len(PARTS)
    assert cluster.key not in cluster.told
    assert f"SPECTATOR_URL={cluster.url} SPECTATOR_API_KEY=$(cat {cluster.folder}/data-a/key)" in cluster.told


async def test_sockets_and_streams_by_haproxy(cluster: Cluster) -> None:
    async with aiohttp.ClientSession() as session:
        await watched_through(session, cluster.url, cluster.key, 0.5)
    # Who asks is known by what the proxy wrote, to both servers, and not by what a visitor says.
    beside = aiohttp.TCPConnector(local_addr=(BESIDE, 0))
    async with aiohttp.ClientSession(connector=beside) as session:
        for _ in range(4):
            async with session.get(f"{cluster.url}/", headers={"X-Forwarded-For": ELSEWHERE}) as page:
                assert page.status == 200

    def logs() -> list[str]:
        return [(cluster.folder / f"server-{name}.log").read_text() for name in "ab"]

    await eventually(lambda: any(f"{BESIDE} GET / 200" in log for log in logs()), deadline=PATIENCE_S)
    assert not any(f"{ELSEWHERE} GET / 200" in log for log in logs())
    sockets = re.compile(r"INFO spectator.access: 127\.0\.0\.1 GET /ws/rooms/\w+ 101 ")
    await eventually(lambda: all(map(sockets.search, logs())), deadline=PATIENCE_S)  # both had sockets


async def test_sockets_and_streams_by_nginx(cluster: Cluster, tmp_path: Path) -> None:
    ports = {name: cluster.server(name)["url"].rpartition(":")[2] for name in "ab"}
    port = free_port()
    configuration = tmp_path / "nginx.conf"
    text = Template((EXAMPLE / "nginx.conf").read_text()).safe_substitute(
        folder=str(tmp_path), port=str(port), **ports
    )
    configuration.write_text(text)
    nginx = subprocess.Popen(
        [proxy("nginx"), "-p", str(tmp_path), "-c", str(configuration)], stderr=subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession() as session:

            async def answers() -> bool:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                        return answer.status == 200
                return False

            await eventually(answers, deadline=PATIENCE_S)
            await watched_through(session, f"http://127.0.0.1:{port}", cluster.key, 0.25)
    finally:
        nginx.terminate()
        nginx.wait(30)


async def test_a_server_that_is_ended_is_left_alone_and_comes_back(cluster: Cluster) -> None:
    async with aiohttp.ClientSession() as session:
        made = await call(session, cluster.url, "/rooms", {"max_spectators": 20}, cluster.key)
        room, address = made["room"]["id"], f"{cluster.url}/ws/rooms/{made['room']['code']}"
        sockets = await asyncio.gather(*(session.ws_connect(address) for _ in range(8)))
        staying = [
            asyncio.get_running_loop().create_task(stays_until(one, session, address, 0.125))
            for one in sockets
        ]
        os.kill(cluster.server("a")["pid"], signal.SIGTERM)
        await eventually(lambda: any(one.closed for one in sockets), deadline=PATIENCE_S)
        event = {"type": "training_metrics", "data": {"loss_value": 0.125}}
        await call(session, cluster.url, f"/rooms/{room}/events", event, made["owner_token"])
        codes = await asyncio.gather(*staying)
        assert set(codes) == {None, 4002}  # the other server's viewers stayed
        await eventually(
            lambda: "server-a has ended and is started again" in cluster.told, deadline=PATIENCE_S
        )


async def stays_until(
    socket: aiohttp.ClientWebSocketResponse, session: aiohttp.ClientSession, address: str, loss: float
) -> int | None:
    """Watch until this is shown, by the proxy again where the server ends; the close code, or None."""
    try:
        await shown(socket, loss)
    except TypeError:  # no text: the server said good-bye
        async with session.ws_connect(address) as again:
            await shown(again, loss)
        return socket.close_code
    return None


def test_it_ends_with_everything_it_started(cluster: Cluster) -> None:
    before = cluster.children()
    cluster.process.send_signal(signal.SIGINT)
    assert cluster.process.wait(90) == 0
    assert not any(Path(f"/proc/{pid}/cmdline").exists() for pid in before)
    assert "Traceback" not in cluster.told
