"""Several processes on one port: who serves, who is replaced, what is said, how it ends."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from rooms import connect
from spectator.nodes import NodeRow, is_alive, read_nodes
from spectator.server.listening import open_sockets
from spectator.server.signals import Stop
from spectator.server.workers import Crew
from spectator.settings import Settings, SettingsError
from tests.harness.servers import ServerProcess
from tests.harness.terminal import spectator_json
from tests.harness.waiting import eventually, until
from tests.rooms.servers import own_store

PATIENCE_S = 60
WORKERS = 2


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Two workers for tests that leave two behind."""
    server = ServerProcess(
        tmp_path_factory.mktemp("workers") / "data", "--workers", str(WORKERS), SPECTATOR_RATE_LIMITS="off"
    )
    server.start()
    yield server
    server.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[ServerProcess]:
    """Two workers that the test may end."""
    server = ServerProcess(tmp_path / "data", "--workers", str(WORKERS))
    server.start()
    yield server
    server.close()


@pytest.fixture
def store_url(tmp_path: Path) -> Iterator[str]:
    with own_store(tmp_path) as store:
        yield store.url


def children(server: ServerProcess) -> list[int]:
    """The processes of the workers; the store has left the family."""
    assert server.process is not None
    pid = server.process.pid
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found if b"spectator.server.worker" in cmdline(int(child))]


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_there(pid: int) -> bool:
    return bool(cmdline(pid))


async def nodes(server: ServerProcess) -> list[NodeRow]:
    """The rows of the living, from the store itself."""
    told = json.loads((server.data_dir / "store.lock").read_text())
    connection = await connect(f"unix://{told['socket']}")
    try:
        rows = await read_nodes(connection)
        return [row for row in rows if is_alive(row, connection.clock.now_ms())]
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def viewers(
    server: ServerProcess, code: str, count: int
) -> AsyncIterator[list[aiohttp.ClientWebSocketResponse]]:
    """So many flat viewers; more than enough that each worker has some."""
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        connected = [
            await stack.enter_async_context(session.ws_connect(f"{server.url}/ws/rooms/{code}"))
            for _ in range(count)
        ]
        yield connected


async def shown(socket: aiohttp.ClientWebSocketResponse, loss: float) -> None:
    while True:
        told = await socket.receive_json(timeout=PATIENCE_S)
        if told["type"] == "training_metrics" and told["data"].get("loss_value") == loss:
            return


def room(server: ServerProcess) -> tuple[str, str]:
    status, made = server.call("POST", "/rooms", {"max_spectators": 100})
    assert status == 201
    return made["room"]["id"], made["room"]["code"]


async def test_each_is_a_node_and_all_see_what_comes_in_at_one(shared: ServerProcess) -> None:
    made, code = await asyncio.to_thread(room, shared)
    async with viewers(shared, code, 16) as sockets:

        async def spread() -> bool:
            rows = await nodes(shared)
            return sum(row.connections for row in rows) == 16 and all(row.connections for row in rows)

        await eventually(spread, deadline=PATIENCE_S, what="both workers have viewers")
        event = {"type": "training_metrics", "data": {"loss_value": 0.25}}
        status, _ = await asyncio.to_thread(shared.call, "POST", f"/rooms/{made}/events", event)
        assert status == 200
        await asyncio.gather(*(shown(one, 0.25) for one in sockets))
    assert sorted(row.worker for row in await nodes(shared)) == [1, 2]
    assert {row.pid for row in await nodes(shared)} == set(children(shared))


async def test_one_that_is_killed_is_replaced_and_the_others_viewers_stay(shared: ServerProcess) -> None:
    made, code = await asyncio.to_thread(room, shared)
    async with viewers(shared, code, 16) as sockets:
        killed = children(shared)[0]
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: len(children(shared)) == WORKERS and killed not in children(shared))
        assert f"(process {killed}) was ended by SIGKILL; it is started again" in shared.log.read_text()

        async def replaced() -> bool:
            return sorted(row.worker for row in await nodes(shared) if row.pid != killed) == [1, 2]

        await eventually(replaced, deadline=PATIENCE_S, what="its successor serves")
        event = {"type": "training_metrics", "data": {"loss_value": 0.5}}
        status, _ = await asyncio.to_thread(shared.call, "POST", f"/rooms/{made}/events", event)
        assert status == 200
        outcomes = await asyncio.gather(*(shown(one, 0.5) for one in sockets), return_exceptions=True)
        lost = sum(outcome is not None for outcome in outcomes)
        assert 0 < lost < 16
    assert shared.log.read_text().count("is started again") >= 1


def test_sighup_reaches_them_all(shared: ServerProcess) -> None:
    secret = shared.data_dir / "secret"
    secret.write_text("a newer secret, long enough\n" + secret.read_text())
    assert shared.process is not None
    shared.process.send_signal(signal.SIGHUP)
    until(lambda: shared.log.read_text().count("2 of them verify") >= WORKERS, deadline=PATIENCE_S)


def test_the_commands_know_the_parent(own: ServerProcess) -> None:
    assert own.process is not None
    told = json.loads((own.data_dir / "server.json").read_text())
    assert (told["pid"], told["workers"]) == (own.process.pid, WORKERS)
    mine = children(own)
    assert spectator_json(own.data_dir, "status")["workers"] == WORKERS
    assert spectator_json(own.data_dir, "stop") == {"stopped": own.process.pid}
    assert own.process.wait(20) == 0
    assert not any(map(is_there, mine))
    assert not (own.data_dir / "server.json").exists()
    assert "Traceback" not in own.log.read_text()


@pytest.mark.faults
def test_a_parent_that_is_killed_takes_its_workers_along(own: ServerProcess) -> None:
    mine, port = children(own), int(own.url.rsplit(":", 1)[1])
    own.kill()
    until(lambda: not any(map(is_there, mine)), deadline=PATIENCE_S, what="the workers have ended")
    with socket.socket() as probe:  # nobody listens there any more
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        probe.listen()


def test_told_twice_it_ends_at_once(own: ServerProcess) -> None:
    assert own.process is not None
    mine, (_, code) = children(own), room(own)
    address = own.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        for _ in range(8):  # viewers that never read: whoever waits for them waits for long
            one = stack.enter_context(socket.create_connection((address[0], int(address[1]))))
            one.sendall(
                f"GET /ws/rooms/{code} HTTP/1.1\r\nHost: {':'.join(address)}\r\nConnection: Upgrade\r\n"
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
            )
            assert one.recv(12) == b"HTTP/1.1 101"
        own.process.send_signal(signal.SIGTERM)
        until(lambda: "stopping" in own.log.read_text(), deadline=PATIENCE_S)
        own.process.send_signal(signal.SIGTERM)
        own.process.wait(20)
    assert not any(map(is_there, mine))


def refused(tmp_path: Path, *arguments: str, **more: str) -> str:
    """Start a server that must not start; what it said."""
    server = ServerProcess(tmp_path / "data", "--workers", str(WORKERS), *arguments, **more)
    with pytest.raises(AssertionError, match="the server ended with 4"):
        server.start()
    return server.log.read_text()


def test_what_keeps_it_from_starting_is_said_once(tmp_path: Path) -> None:
    told = refused(tmp_path, "--redis", "redis://:s3cret@127.0.0.1:1/0")
    assert told.count("does not answer") == 1
    assert told.count("spectator: ") == 1
    assert "s3cret" not in told
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # another server by workers
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refused(tmp_path, "--port", str(port))
    assert told.count(f"port {port} is in use; choose another with --port, or leave it out") == 1


def test_a_worker_that_dies_at_its_start_is_told_with_its_words(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / "key").write_text("sk_local_0123456789abcdef")
    (folder / "key").chmod(0o644)
    told = refused(tmp_path)
    assert told.count("chmod 600") == 1
    assert "Traceback" not in told


async def test_workers_that_die_as_fast_as_they_are_started_are_given_up(
    tmp_path: Path, store_url: str
) -> None:
    settings = Settings(data_dir=tmp_path, port=0, workers=WORKERS, redis_url=store_url)
    stop = Stop()
    crew = Crew(settings, open_sockets(settings, shared=True), tmp_path, "", pauses_s=(0.0,), gives_up=2)
    async with crew.serving(stop):
        (tmp_path / "key").chmod(0o644)
        for post in crew._posts:
            assert post.now is not None
            post.now.kill()
        with pytest.raises(SettingsError, match=r"all 2 workers die as soon as they start, .*chmod 600"):
            async with asyncio.timeout(PATIENCE_S):
                await crew.over(stop)
    assert all(post.now is None or post.now.process.returncode is not None for post in crew._posts)
