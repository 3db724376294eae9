"""Our server as its users start it, with a store of its own, and the process that publishes into it."""

import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.machine import children_on, working_in
from tests.bench.processes import Child
from tests.harness.servers import ServerProcess

SEATS = 10_000


class Ours:
    """A server process on a core, in a folder that goes away with it; by default it counts no attempts."""

    def __init__(self, core: int | None = None, *, rate_limits: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="spectator-bench-")
        self.data_dir = Path(self._folder.name) / "data"
        self.server = ServerProcess(self.data_dir, SPECTATOR_RATE_LIMITS="on" if rate_limits else "off")
        self._core = core

    def __enter__(self) -> Self:
        with children_on(self._core):
            self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.server.close()
        except subprocess.TimeoutExpired:
            # What was measured counts; how fast a server ends is tested elsewhere.
            print("the server did not end in time and was killed", flush=True)
        finally:
            if self.server.process is not None and self.server.process.poll() is None:
                self.server.kill()
            self._folder.cleanup()

    @property
    def port(self) -> int:
        return int(self.server.url.rsplit(":", 1)[1])

    @property
    def pid(self) -> int:
        assert self.server.process is not None
        return self.server.process.pid

    def pids(self) -> list[int]:
        """Return the server's process and, after it, that of its store."""
        return [self.pid, *working_in(self.data_dir)]

    def publisher(self, core: int | None = None) -> Child:
        """Return a process that opened a room through the client library and publishes on order."""
        return Child("tests.bench.publisher", core=core, data_dir=self.data_dir)

    def room(self, **fields: Any) -> dict[str, Any]:
        """Make a room by HTTP; return the answer (``room``, ``owner_token``)."""
        status, answer = self.server.call("POST", "/rooms", {"max_spectators": SEATS, **fields})
        if status != 201:
            raise RuntimeError(f"POST /rooms answered {status}: {answer}")
        return answer

    def order(self, code: str, dialect: str, viewers: int, **more: Any) -> dict[str, Any]:
        """Return what the load generator needs to join a room (strangers know it by its code) and watch."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "dialect": dialect,
            "path": f"/ws/rooms/{code}",
            "room": code,
            "viewers": viewers,
            **more,
        }
