"""The server of this user on this machine: found through ``server.json``, started where there is none.

Never found by guessing a port, and the data folder's key is never sent anywhere but to the address in that
file: whoever else listens on this machine learns nothing.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, List, Optional

from spectator.client.address import Address
from spectator.client.environment import server_environment
from spectator.client.errors import NoServer, Unreachable
from spectator.client.transport import Transport

if TYPE_CHECKING:
    import subprocess

HEALTH_TIMEOUT = 1.0  # seconds
START_TIMEOUT = 20.0  # seconds for a server to come up; its store may have to read a large file
LOOK_EVERY = 0.05  # seconds between looks while a server starts
SERVER_PACKAGES = ("aiohttp", "argon2", "itsdangerous", "msgspec", "pydantic", "redis")

# Kept so that an ended child is reaped, and its end noticed.
_started: List[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Found:
    """A server that runs.

    Attributes:
        address: where.
        key: the data folder's API key, or None when its file is not there.
        pid: its process.
        version: its version, as text.
        workers: so many processes serve there; ``pid`` is their parent where they are several.
    """

    address: Address
    key: Optional[str] = field(repr=False)
    pid: int
    version: str
    workers: int = 1


class LocalServer:
    """What a data folder says of the server that belongs to it."""

    def __init__(self, data_dir: Path) -> None:
        """Remember the folder; nothing is read yet."""
        self.data_dir = data_dir

    def find(self) -> Optional[Found]:
        """Return the server, if it is alive and well; None otherwise."""
        told = self._told()
        if told is None:
            return None
        try:
            address = Address.parse(str(told["url"]))
            pid, workers = int(told["pid"]), int(told.get("workers", 1))
        except (KeyError, TypeError, ValueError):
            return None
        # A home may be shared by machines, and an address may have found another owner since.
        if told.get("host", socket.gethostname()) != socket.gethostname() or not _alive(pid):
            return None
        if not healthy(address):
            return None
        return Found(address, self.key(), pid, str(told.get("version", "")), workers)

    def key(self) -> Optional[str]:
        """Return the folder's API key; None when there is none, or others may read it."""
        path = self.data_dir / "key"
        try:
            if os.name == "posix" and path.stat().st_mode & 0o077:
                return None
            return path.read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def find_or_start(self, *, lan: bool = False, port: Optional[int] = None) -> Found:
        """Return the server; start one, detached from this process, if there is none.

        Args:
            lan: should one be started, let it serve the local network too.
            port: should one be started, the port it takes; the first free one when left out.

        Raises:
            NoServer: none runs, and none can be started here. The message says what to do.
        """
        found = self.find()
        if found is not None:
            return found
        why_not = cannot_start()
        if why_not is not None:
            raise NoServer(why_not)
        deadline = time.monotonic() + START_TIMEOUT
        with self._lock_file() as lock:
            while not _locked(lock):  # another process is starting one
                time.sleep(LOOK_EVERY)
                found = self.find()
                if found is not None:
                    return found
                if time.monotonic() > deadline:
                    raise NoServer(
                        f"a server is being started by another process for too long; see {self._log}"
                    )
            return self.find() or self._start(lan, port, deadline)

    def _lock_file(self) -> BinaryIO:
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            return (self.data_dir / "server.lock").open("ab")
        except OSError as error:
            raise NoServer(
                f"no server runs, and the folder {self.data_dir} cannot be written ({error.strerror}); "
                "set SPECTATOR_DATA_DIR to another, or SPECTATOR_URL to the address of a server"
            ) from error

    @property
    def _log(self) -> Path:
        return self.data_dir / "server.log"

    def _start(self, lan: bool, port: Optional[int], deadline: float) -> Found:
        process = self._spawn(lan, port)
        while time.monotonic() < deadline:
            found = self.find()
            if found is not None:
                return found
            if process.poll() is not None:
                raise NoServer(f"the server could not be started ({self._last_words()}); see {self._log}")
            time.sleep(LOOK_EVERY)
        raise NoServer(f"the server is not ready after {START_TIMEOUT:.0f} s; see {self._log}")

    def _spawn(self, lan: bool, port: Optional[int]) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-P",
            "-m",
            "spectator",
            "serve",
            "--autostarted",
            "--data",
            str(self.data_dir),
        ]
        if lan:
            command.append("--lan")
        if port is not None:
            command += ["--port", str(port)]
        import subprocess  # where a server runs already, nobody needs it

        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=server_environment(self.data_dir),
                start_new_session=True,  # it outlives this process, and is not ended by its Ctrl-C
            )
        except OSError as error:
            raise NoServer(f"the server could not be started: {error.strerror}") from error
        finally:
            os.close(descriptor)
        _started.append(process)
        return process

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1].strip()[:200] if lines else "it said nothing"

    def _told(self) -> Any:
        try:
            told = json.loads((self.data_dir / "server.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return told if isinstance(told, dict) else None


def started_here(found: Found) -> Optional[subprocess.Popen[bytes]]:
    """Return the process of a server that this process has started; None where another did."""
    return next((process for process in _started if process.pid == found.pid), None)


def healthy(address: Address) -> bool:
    """Return whether the server at ``address`` answers that it is alive."""
    try:
        answer = Transport(address, keep=False).exchange("GET", "/healthz", {}, None, HEALTH_TIMEOUT)
    except Unreachable:
        return False
    return answer.status == 200


def cannot_start() -> Optional[str]:
    """Return why no server can be started by this interpreter and what to do; None when one can."""
    missing = cannot_serve()
    if missing is None:
        return None
    return f"no server runs, and {missing}; or set SPECTATOR_URL to the address of one"


def cannot_serve() -> Optional[str]:
    """Return what this interpreter lacks to run a server, and how to get it; None when it can."""
    if os.name != "posix":
        return "none can be started on this system"
    if sys.version_info < (3, 11):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"Python {version} cannot run one: use 3.11 or later"
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in (*SERVER_PACKAGES, "spectator.server")):
        return 'none is installed: pip install "spectator-rooms[local]"'
    return None


def _locked(file: Any) -> bool:
    import fcntl  # there is none on Windows, where servers can be used and not started

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # the health check decides
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return False
    return pid > 0
