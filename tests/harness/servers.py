"""A real server process with a store of its own, as a user would start it."""

import asyncio
import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.harness.waiting import until

ROOT = Path(__file__).resolve().parents[2]


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Return the environment of a child: this one's without any setting of ours, and ``more``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPECTATOR_")}
    folders = {"SPECTATOR_DATA_DIR": str(data_dir), "SPECTATOR_CONFIG_DIR": str(data_dir / "config")}
    return {**kept, **folders, "PYTHONPATH": str(ROOT), **more}


class ServerProcess:
    """``python -P -m spectator serve --port 0 --data DIR``; ready when ``server.json`` answers."""

    def __init__(self, data_dir: Path, *arguments: str, **more: str) -> None:
        self.data_dir = data_dir
        self.arguments = arguments
        self.more = more
        self.log = data_dir.parent / f"{data_dir.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.trust: ssl.SSLContext | None = None  # for a server under TLS: whose certificates are believed

    @property
    def api_key(self) -> str:
        return (self.data_dir / "key").read_text().strip()

    def start(self, port: int = 0) -> None:
        command = [sys.executable, "-P", "-m", "spectator", "serve", "--data", str(self.data_dir)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(port), *self.arguments],
                env=environment(self.data_dir, **self.more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.url = until(self._ready, deadline=60, what="the server")

    def _ready(self) -> str | None:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log.read_text()}")
        with contextlib.suppress(OSError, ValueError, KeyError):
            told: dict[str, Any] = json.loads((self.data_dir / "server.json").read_text())
            url = str(told["url"]).rstrip("/")
            if (
                told["pid"] == self.process.pid
                and urllib.request.urlopen(f"{url}/readyz", timeout=5, context=self.trust).status == 200
            ):
                return url
        return None

    def stop(self) -> int:
        """Say SIGTERM and return the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=10)

    def restart(self) -> None:
        """Start again on the same port, whatever the end was."""
        port = int(self.url.rsplit(":", 1)[1])
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self.start(port)

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = "api_key"
    ) -> tuple[int, dict[str, Any]]:
        """Return status and JSON of one API call; ``token``: the server's own key, another, or None."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {self.api_key if token == 'api_key' else token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.trust) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, json.loads(problem.read() or b"{}")

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()


@contextlib.asynccontextmanager
async def two_nodes(store_url: str, folder: Path, **more: str) -> AsyncIterator[list[ServerProcess]]:
    """Run two servers over one store, told of each other by nothing but the store; ``folder`` is theirs.

    What others left in the store goes first, their secrets with it.
    """
    import rooms  # here: the trainer's tests use this module where there is nothing of the server

    emptying = await rooms.connect(store_url)
    await emptying.command("FLUSHALL", "SYNC")
    await emptying.close()
    shared = {"SPECTATOR_SECRET_KEYS": "the-one-secret-that-both-nodes-share-0123456789", **more}
    nodes = [ServerProcess(folder / name, "--redis", store_url, **shared) for name in ("a", "b")]
    try:
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))
        yield nodes
    finally:
        await asyncio.gather(*(asyncio.to_thread(node.close) for node in nodes))
