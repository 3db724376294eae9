"""``spectator demo``: a small agent that learns, in a room that anybody nearby may watch."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List, Optional

import spectator
from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import environment
from spectator.cli.output import Output
from spectator.cli.qr import qr_text
from spectator.cli.serving import LAN_WARNING
from spectator.client.address import Address
from spectator.client.environment import server_environment
from spectator.client.local_server import Found, LocalServer
from spectator.demo.student import Student
from spectator.demo.training import Training

ROOM = "four-rooms"
START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 15.0
PAUSE_S = 0.05
LOG = "server.log"


def demo(arguments: argparse.Namespace, out: Output) -> int:
    """Use this user's server, or run one as long as the demo lasts; train until interrupted."""
    local = LocalServer(environment(arguments).data_dir)
    for told_to_end in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal, a service manager: as Ctrl-C
        signal.signal(told_to_end, signal.default_int_handler)
    with _server(local, arguments) as found:
        room = spectator.open_room(
            ROOM,
            config={"algorithm": "Dyna-Q", "world": "four rooms with lava", "seed": arguments.seed},
            url=found.address.url,
            api_key=found.key,
            lan=arguments.lan,
            wait=START_DEADLINE_S,
            quiet=True,
        )
        if room.code is None:
            raise CommandError("no_server", "The room could not be opened.", Exit.NO_SERVER)
        try:
            _tell(room, out, lan=arguments.lan)
            Training(room, Student(arguments.seed), threading.Event().wait).run(arguments.episodes)
        except KeyboardInterrupt:
            out.line("\nThe demo has ended; the room stays.")
        finally:
            room.finish()
    return Exit.DONE


def _tell(room: spectator.Room, out: Output, *, lan: bool) -> None:
    lines = [f"watch at {room.url} (code {room.code})", f"owner: spectator open {room.code}"]
    if lan and Address.parse(str(room.url)).loopback:
        lines.append(
            "The server that runs is not open to the network: spectator stop, then spectator demo --lan"
        )
    elif lan:
        lines += [LAN_WARNING, qr_text(str(room.url))]
    lines.append("An agent is learning its way through four rooms with lava. Ctrl-C ends it.")
    out.result({"url": room.url, "code": room.code, "room_id": room.id}, "\n".join(lines))


@contextmanager
def _server(local: LocalServer, arguments: argparse.Namespace) -> Iterator[Found]:
    """Find this user's server, or run one until the block ends."""
    found = local.find()
    if found is not None:
        yield found
        return
    local.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(_open_private(local.data_dir / LOG), "wb") as log:
        child = subprocess.Popen(
            _serve_command(local, arguments),
            env=server_environment(local.data_dir),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for the demo: it says good-bye to the room before it ends the server.
            start_new_session=True,
        )
    try:
        yield _wait(local, child)
    finally:
        child.terminate()
        try:
            child.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _serve_command(local: LocalServer, arguments: argparse.Namespace) -> List[str]:
    # Should the demo be killed, its server goes by itself after an hour without it.
    command = [
        sys.executable,
        "-P",
        "-m",
        "spectator",
        "serve",
        "--autostarted",
        "--data",
        str(local.data_dir),
    ]
    if arguments.port is not None:
        command += ["--port", str(arguments.port)]
    return [*command, "--lan"] if arguments.lan else command


def _wait(local: LocalServer, child: subprocess.Popen[bytes]) -> Found:
    end = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < end:
        found: Optional[Found] = local.find()
        if found is not None:
            return found
        if child.poll() is not None:
            raise CommandError("cannot_start", _last_words(local.data_dir / LOG), Exit.CANNOT_START)
        time.sleep(PAUSE_S)
    raise CommandError("cannot_start", "The server did not answer in time.", Exit.CANNOT_START)


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"]
    why = lines[-1][len("spectator: ") :] if lines[-1].startswith("spectator: ") else lines[-1]
    return f"The server did not start: {why}"


def _open_private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
