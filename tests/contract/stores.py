"""Stores as operators run them: valkey over TCP with a password, and a cluster of three nodes."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from spectator.embedded.binary import find_binary
from tests.harness.waiting import until

PASSWORD = "a-password-of-the-tests"
SLOTS = 16384


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, port: int, *options: str) -> Iterator[Redis]:
    """Run a valkey-server on a port of the loopback; gives a client of it."""
    folder.mkdir()
    command = [str(find_binary()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "no", "--daemonize", "no", *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    client = Redis(port=port, password=PASSWORD if "--requirepass" in options else None)
    try:
        until(lambda: _answers(client), what=f"valkey on port {port} answers")
        yield client
    finally:
        client.close()
        process.kill()
        process.wait()


@contextmanager
def tcp_with_password(folder: Path) -> Iterator[str]:
    """Run one server that asks for a password; gives its URL."""
    port = free_port()
    with running(folder / "tcp", port, "--requirepass", PASSWORD):
        yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"


@contextmanager
def cluster_of_three(folder: Path) -> Iterator[str]:
    """Run a cluster of three primaries; gives the URL of one of them, without saying that it is a cluster."""
    with ExitStack() as stack:
        ports = [free_port() for _ in range(3)]
        nodes = [
            stack.enter_context(
                running(folder / f"node-{port}", port, "--cluster-enabled", "yes", "--cluster-port", str(bus))
            )
            for port, bus in zip(ports, (free_port() for _ in range(3)), strict=True)
        ]
        borders = [SLOTS * place // 3 for place in range(4)]
        for node, first, end in zip(nodes, borders, borders[1:], strict=False):
            node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
        for node, port in zip(nodes, ports, strict=True):
            bus = node.config_get("cluster-port")["cluster-port"]
            nodes[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
        until(lambda: all(_complete(node) for node in nodes), deadline=60, what="the cluster is complete")
        yield f"redis://127.0.0.1:{ports[0]}"


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _complete(node: Redis) -> bool:
    told = node.execute_command("CLUSTER", "INFO")
    text = told.decode() if isinstance(told, bytes) else str(told)
    return "cluster_state:ok" in text and "cluster_known_nodes:3" in text
