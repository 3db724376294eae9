"""One valkey-server on the loopback, started, killed, paused and started again as a test asks."""

import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from spectator.embedded.binary import find_binary
from tests.harness.waiting import until

PATIENCE_S = 60.0
DURABLE = ("--appendonly", "yes", "--appendfsync", "everysec", "--save", "")
TRIES = 5


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Valkey:
    """A server process over a folder of its own; what it holds outlives a ``kill`` as far as it was written.

    ``client`` has five seconds for each command and repeats nothing. Ports are drawn at the first start, and
    drawn again where somebody else was quicker.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.environment: dict[str, str] = {}  # of the process, beside this one's
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._client: Redis | None = None

    @property
    def client(self) -> Redis:
        if self._client is None:
            self._client = Redis(port=self.port, socket_timeout=5, decode_responses=True, protocol=2)
        return self._client

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None, "it was never started"
        return self.process.pid

    def start(self) -> None:
        """Start it and wait until it answers; on the port it had, where it had one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        drawn = self.port != 0
        for _ in range(TRIES):
            if not drawn:
                self.port = free_port()
            self._launch()
            until(lambda: not self.alive or self.answers(), deadline=PATIENCE_S, what=f"valkey {self.name}")
            if self.alive:
                return
            self.close()
        raise AssertionError(f"valkey does not start: {self.log()[-500:]}")

    def _launch(self) -> None:
        command = [str(find_binary()), *self.arguments()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def arguments(self) -> list[str]:
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        return [*where, "--daemonize", "no", *self.options]

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def answers(self) -> bool:
        with contextlib.suppress(RedisError):
            return bool(self.client.ping())
        return False

    def command(self, *parts: Any) -> Any:
        return self.client.execute_command(*parts)

    def info(self, section: str) -> dict[str, Any]:
        return dict(self.client.info(section))

    def kill(self) -> None:
        """SIGKILL: nothing is written, nothing is said."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def pause(self) -> None:
        """SIGSTOP: its connections stand, and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Start it again over what it had written."""
        self.kill()
        self.start()

    def close(self) -> None:
        """End it in every case."""
        self.kill()
        if self._client is not None:
            self._client.close()
            self._client = None
