"""A store of one test's own, that can be paused and configured."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from tests.contract.stores import free_port, running


class OwnStore:
    """A valkey-server on a port and a socket, and what may happen to it."""

    def __init__(self, port: int, path: Path, client: Redis) -> None:
        self.client = client
        self.tcp_url = f"redis://127.0.0.1:{port}"
        self.url = f"unix://{path}"
        self._pid = int(client.info("server")["process_id"])

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it hang: it accepts connections and answers nothing."""
        os.kill(self._pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._pid, signal.SIGCONT)


@contextmanager
def own_store(folder: Path, *options: str) -> Iterator[OwnStore]:
    """Run a store for one test."""
    port, path = free_port(), folder / "s"
    with running(folder / "own", port, "--unixsocket", str(path), *options) as client:
        yield OwnStore(port, path, client)
