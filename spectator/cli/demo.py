"""``spectator demo``: a small agent that learns, in a room that anybody nearby may watch."""

from __future__ import annotations

import argparse
import signal
import subprocess
import threading
from contextlib import contextmanager
from typing import Iterator

import spectator
from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import environment
from spectator.cli.output import Output
from spectator.cli.qr import qr_text
from spectator.cli.serving import LAN_WARNING
from spectator.client.address import Address
from spectator.client.errors import NoServer
from spectator.client.local_server import Found, LocalServer, started_here
from spectator.demo.student import Student
from spectator.demo.training import Training

ROOM = "four-rooms"
OPEN_DEADLINE_S = 60.0
STOP_DEADLINE_S = 15.0


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
            wait=OPEN_DEADLINE_S,
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
    """Find this user's server, or run one until the block ends.

    Should the demo be killed, its server ends by itself, after an hour without it.
    """
    try:
        found = local.find_or_start(lan=arguments.lan, port=arguments.port)
    except NoServer as error:
        raise CommandError("cannot_start", str(error), Exit.CANNOT_START) from error
    try:
        yield found
    finally:
        process = started_here(found)
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
