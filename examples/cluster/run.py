"""A whole installation on this machine: a cluster of three stores, two servers, a proxy before them.

    python examples/cluster/run.py [--proxy haproxy|nginx] [--port 8000] [--no-demo] [--data DIR]

Everything listens on loopback and ends with Ctrl-C or SIGTERM. See README.md beside this file.
"""

import argparse
import contextlib
import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from string import Template
from typing import Callable, Dict, Iterator, List, Optional, Sequence

import redis

import spectator
from spectator.demo.student import Student
from spectator.demo.training import Training
from spectator.embedded import NoStoreBinary, find_binary

HERE = Path(__file__).resolve().parent
CONFIGURATIONS = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}
NODES = 3
SLOTS = 16384
PATIENCE_S = 60.0
END_S = 12.0  # a server says good-bye to its viewers within 10
PAUSE_S = 0.05


class Failed(Exception):
    """It cannot be run here; the message says what to do."""


class Part:
    """One process of the installation; what it says goes to a file of its own."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environ: Optional[Dict[str, str]] = None
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = list(command)
        self._environ = environ
        self.process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for this program: it ends them in their order
            )

    def start_again(self) -> None:
        """Start what has ended once more, on the port it had."""
        self.process = self._started()

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self.process.poll() is not None

    def words(self) -> str:
        """The end of what it said."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def end(self) -> None:
        """Tell it to end; kill it when it does not."""
        if self.ended:
            return
        self.process.terminate()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Installation:
    """The parts that run, in the order in which they were started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: List[Part] = []

    def start(self, name: str, command: Sequence[str], environ: Optional[Dict[str, str]] = None) -> Part:
        """Start one more."""
        part = Part(name, command, self.folder, environ)
        self.parts.append(part)
        return part

    def wait(self, ready: Callable[[], bool], what: str) -> None:
        """Wait until something is ready; say why when a part ends instead."""
        end = time.monotonic() + PATIENCE_S
        while not ready():
            gone = self.ended()
            if gone is not None:
                raise Failed(f"{gone.name} has ended: {gone.words()}")
            if time.monotonic() > end:
                raise Failed(f"{what} is not ready after {PATIENCE_S:.0f} s; see {self.folder}")
            time.sleep(PAUSE_S)

    def ended(self) -> Optional[Part]:
        """The first part that has ended by itself."""
        return next((part for part in self.parts if part.ended), None)

    def end(self) -> None:
        """End them, the last that was started first: nobody loses what it stands on."""
        for part in reversed(self.parts):
            part.end()


def free_ports(count: int) -> List[int]:
    """So many ports that nobody uses now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def start_cluster(run: Installation) -> str:
    """Start three stores and make them one cluster; returns its URL."""
    try:
        program = str(find_binary())
    except NoStoreBinary as error:
        raise Failed(str(error)) from None
    ports, buses = free_ports(NODES), free_ports(NODES)
    for number, (port, bus) in enumerate(zip(ports, buses), 1):
        own = run.folder / f"store-{number}"
        own.mkdir()
        run.start(
            f"store-{number}",
            [
                program, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(own), "--save", "",
                "--cluster-enabled", "yes", "--cluster-port", str(bus), "--appendonly", "yes",
                "--maxmemory-policy", "noeviction",
            ],
        )  # fmt: skip
    nodes = [redis.Redis(port=port, socket_timeout=5) for port in ports]
    run.wait(lambda: all(map(_answers, nodes)), "the store")
    borders = [SLOTS * place // NODES for place in range(NODES + 1)]
    for number, node in enumerate(nodes):
        node.execute_command("CLUSTER", "ADDSLOTSRANGE", borders[number], borders[number + 1] - 1)
        nodes[0].execute_command("CLUSTER", "MEET", "127.0.0.1", ports[number], buses[number])
    run.wait(lambda: all(map(_complete, nodes)), "the cluster")
    for node in nodes:
        node.close()
    return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)


def _answers(node: "redis.Redis") -> bool:
    try:
        return bool(node.ping())
    except redis.RedisError:
        return False


def _complete(node: "redis.Redis") -> bool:
    told = node.execute_command("CLUSTER", "INFO")
    text = told.decode() if isinstance(told, bytes) else str(told)
    return "cluster_state:ok" in text and f"cluster_known_nodes:{NODES}" in text


def start_servers(run: Installation, store: str, ports: Sequence[int], public: str) -> None:
    """Start a server on each port, all over one store; they find each other there."""
    shared = {
        "SPECTATOR_REDIS_URL": store,
        "SPECTATOR_SECRET_KEYS": secrets.token_urlsafe(48),  # the same for all: each reads the others' tokens
        "SPECTATOR_PUBLIC_URL": public,
        "SPECTATOR_BEHIND_PROXY": "on",  # and so X-Forwarded-For counts, where this machine's proxy wrote it
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPECTATOR_")}
    for name, port in zip("ab", ports):
        run.start(
            f"server-{name}",
            [sys.executable, "-P", "-m", "spectator", "serve", "--port", str(port)],
            {**kept, **shared, "SPECTATOR_DATA_DIR": str(run.folder / f"data-{name}")},
        )
    run.wait(lambda: all(_ready(f"http://127.0.0.1:{port}") for port in ports), "the server")


def _ready(url: str) -> bool:
    host, port = url.rpartition("//")[2].split(":")
    asking = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        asking.request("GET", "/readyz")
        return asking.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()


def start_proxy(run: Installation, kind: str, port: int, servers: Sequence[int]) -> None:
    """Fill in the proxy's configuration and start it."""
    program = shutil.which(kind) or shutil.which(kind, path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Failed(f"{kind} is not installed (Debian, Ubuntu: apt install {kind}), or say --proxy")
    text = (HERE / CONFIGURATIONS[kind]).read_text()
    told = {"folder": str(run.folder), "port": str(port), "a": str(servers[0]), "b": str(servers[1])}
    configuration = run.folder / CONFIGURATIONS[kind]
    configuration.write_text(Template(text).safe_substitute(told))
    if kind == "haproxy":
        command = [program, "-db", "-f", str(configuration)]
    else:
        command = [program, "-p", str(run.folder), "-c", str(configuration)]
    run.start(kind, command)
    run.wait(lambda: _ready(f"http://127.0.0.1:{port}"), kind)


@contextlib.contextmanager
def folder(named: Optional[Path]) -> Iterator[Path]:
    """The folder that was named, or one that is removed at the end."""
    if named is not None:
        named.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(named.iterdir()):
            raise Failed(f"the folder {named} is not empty")
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="spectator-cluster-") as made:
        yield Path(made)


def train(url: str, key: str) -> spectator.Room:
    """Let a small agent learn in a room of its own, by the proxy, until this program ends."""
    room = spectator.open_room("four-rooms", url=url, api_key=key, wait=PATIENCE_S, quiet=True)
    training = Training(room, Student(7), threading.Event().wait)
    threading.Thread(target=training.run, args=(None,), name="training", daemon=True).start()
    return room


def tell(run: Installation, url: str, room: Optional[spectator.Room]) -> None:
    """Say what there is, and how to use it."""
    print(f"serving at {url}: two servers over a cluster of three stores. Ctrl-C ends all of it.")
    if room is not None:
        print(f"watch at {room.url} (code {room.code})")
    print("publish into it from another terminal:")
    print(f"  export SPECTATOR_URL={url} SPECTATOR_API_KEY=$(cat {run.folder}/data-a/key)")
    print("  python examples/training_loop.py")
    servers = [str(part.process.pid) for part in run.parts if part.name.startswith("server-")]
    print(f"end one server and see that nobody notices: kill {' or kill '.join(servers)}")
    print(f"what each part says stands in {run.folder}", flush=True)


def main() -> int:
    """Run it until told to end."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--proxy", choices=sorted(CONFIGURATIONS), default="haproxy")
    parser.add_argument("--port", type=int, default=0, help="the proxy's port (any free one)")
    parser.add_argument("--no-demo", action="store_true", help="train nothing")
    parser.add_argument("--data", type=Path, help="an empty folder, kept at the end (a temporary one)")
    asked = parser.parse_args()
    told = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda *_: told.set())
    try:
        with folder(asked.data) as own:
            run = Installation(own)
            try:
                return serve(run, asked, told)
            finally:
                run.end()
    except Failed as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1


def serve(run: Installation, asked: argparse.Namespace, told: threading.Event) -> int:
    """Start everything, then wait; a server that somebody ended is started again, as an upgrade does it."""
    port, *servers = free_ports(3)
    port = asked.port or port
    url = f"http://127.0.0.1:{port}"
    start_servers(run, start_cluster(run), servers, url)
    start_proxy(run, asked.proxy, port, servers)
    key = (run.folder / "data-a" / "key").read_text().strip()
    room = None if asked.no_demo else train(url, key)
    tell(run, url, room)
    while not told.wait(0.5):
        gone = run.ended()
        if gone is None:
            continue
        if not gone.name.startswith("server-"):
            raise Failed(f"{gone.name} has ended: {gone.words()}")
        gone.start_again()
        print(f"{gone.name} has ended and is started again (process {gone.process.pid})", flush=True)
    if room is not None:
        room.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
