"""Fan-out: one room, many viewers; what a delivered event costs the server, beside the peers, in one run.

Each server has a core, the load generator the other. The peers make their events inside the server; ours
come from a trainer in a process of its own, through HTTP and the store. Candidates take turns in rounds, so
that what else happens on the machine meets all of them.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.bench.effort import Effort
from tests.bench.figures import middle, milliseconds, written
from tests.bench.machine import LOAD_CORE, SERVER_CORE, rss
from tests.bench.ours import Ours
from tests.bench.processes import Child
from tests.bench.table import Table

VIEWERS, RATES = (100, 1_000), (10, 100)
TABLES = tuple(f"fan-out-{viewers}-{rate}" for viewers in VIEWERS for rate in RATES)
FIRST = 10  # viewers that are there before memory is compared: code is loaded, buffers have grown
LEAD = 0.7  # seconds of events before the window opens
SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server and how it is watched; ``peer`` is its module, None for ours."""

    name: str
    dialect: str
    deflate: bool = False
    peer: str | None = None
    path: str = "/"


CANDIDATES = (
    Candidate("spectator.v1", "v1"),
    Candidate("spectator.v1, deflate", "v1", deflate=True),
    Candidate("spectator flat", "flat"),
    Candidate("a bare `socket.send` (no server does less)", "plain", peer="bare_send"),
    Candidate("websockets.broadcast", "plain", peer="websockets_broadcast"),
    Candidate("websockets.broadcast, deflate", "plain", deflate=True, peer="websockets_broadcast"),
    Candidate("aiohttp `await ws.send_str`", "plain", peer="aiohttp_send"),
    Candidate("aiohttp `await ws.send_str`, deflate", "plain", deflate=True, peer="aiohttp_send"),
    Candidate("python-socketio", "socketio", peer="socketio_emit", path=SOCKET_IO),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One window of one candidate. Times in seconds, sizes in bytes."""

    candidate: Candidate
    viewers: int
    rate: float
    cpu: float  # of the server, a delivered event
    cpu_all: float  # the same with its store
    p50: float
    p99: float
    delivered: float  # the share of what was due in the window
    conflated: int  # events that came in place of several
    size: float  # on the wire, a delivered event
    memory: float  # a viewer who has seen events
    load: float  # share of its core that the load generator used


@dataclass(slots=True)
class Stage:
    """A running server: its processes (itself first), who makes events, and how it is watched."""

    pids: list[int]
    source: Child
    order: dict[str, object]


@contextmanager
def running(candidate: Candidate, viewers: int) -> Iterator[Stage]:
    """Start the candidate's server on its core."""
    with ExitStack() as stack:
        if candidate.peer is None:
            ours = stack.enter_context(Ours(SERVER_CORE))
            source = stack.enter_context(ours.publisher(LOAD_CORE))
            room = source.hear()
            order = ours.order(room["code"], candidate.dialect, viewers, deflate=candidate.deflate)
            yield Stage(ours.pids(), source, order)
        else:
            source = stack.enter_context(Child(f"tests.bench.peers.{candidate.peer}", core=SERVER_CORE))
            order = {
                "host": "127.0.0.1",
                "port": source.hear()["port"],
                "dialect": candidate.dialect,
                "path": candidate.path,
                "viewers": viewers,
                "deflate": candidate.deflate,
            }
            yield Stage([source.pid], source, order)


def sample(candidate: Candidate, viewers: int, effort: Effort) -> list[Sample]:
    """Measure one candidate with so many viewers at each rate."""
    samples = []
    with (
        running(candidate, viewers) as stage,
        Child("tests.bench.load", json.dumps(stage.order), core=LOAD_CORE) as load,
    ):
        first = min(FIRST, viewers - 1)
        load.ask(do="connect", within=30, upto=first)
        before = rss(stage.pids[0])
        connected = load.ask(deadline=90, do="connect", within=60)
        if connected["failed"]:
            raise RuntimeError(f"{candidate.name}: not all viewers came in: {connected['failed']}")
        memory = 0.0
        seconds = effort.of(tiny=0.5, quick=2.0, full=4.0)
        for rate in RATES:
            stage.source.say(rate=rate, seconds=seconds + 2 * LEAD)
            time.sleep(LEAD)
            told = load.ask(deadline=90, do="measure", seconds=seconds, pids=stage.pids)
            stage.source.hear()
            # Not before the first events: what a compressor keeps for each viewer is there only then.
            memory = memory or (rss(stage.pids[0]) - before) / (viewers - first)
            events = max(1, told["events"])
            samples.append(
                Sample(
                    candidate=candidate,
                    viewers=viewers,
                    rate=rate,
                    cpu=told["cpu"][0] / events,
                    cpu_all=sum(told["cpu"]) / events,
                    p50=told["p50"],
                    p99=told["p99"],
                    delivered=events / (viewers * rate * told["seconds"]),
                    conflated=told["conflated"],
                    size=told["bytes"] / events,
                    memory=memory,
                    load=told["own_cpu"] / told["seconds"],
                )
            )
    return samples


def measure(effort: Effort) -> list[Table]:
    """Let all candidates take turns; return a table for each number of viewers and rate."""
    samples: list[Sample] = []
    for turn in range(effort.of(tiny=1, quick=1, full=3)):
        for viewers in effort.of(tiny=(3,), quick=VIEWERS, full=VIEWERS):
            for candidate in CANDIDATES[turn % len(CANDIDATES) :] + CANDIDATES[: turn % len(CANDIDATES)]:
                taken = sample(candidate, viewers, effort)
                for one in taken:
                    print(
                        f"fan-out {viewers} x {one.rate:g}/s {candidate.name}: {one.cpu * 1e6:.2f} us, "
                        f"p99 {milliseconds(one.p99)} ms, delivered {one.delivered:.0%}, "
                        f"conflated {one.conflated}, load {one.load:.0%}",
                        flush=True,
                    )
                samples += taken
    return [table(samples, viewers, rate) for viewers in VIEWERS for rate in RATES]


HEAD = (
    "server", "CPU a delivered event, us", "with store, us", "x ours", "p50, ms", "p99, ms", "delivered",
    "bytes an event", "KB a viewer", "load generator",
)  # fmt: skip


def table(samples: list[Sample], viewers: int, rate: float) -> Table:
    """Return the medians of one setting; ratios are medians of the ratios within a round."""
    made = Table(f"fan-out-{viewers}-{rate:g}", HEAD)
    there = [one for one in samples if one.viewers == viewers and one.rate == rate]
    ours = [one.cpu for one in there if one.candidate == CANDIDATES[0]]
    for candidate in CANDIDATES:
        taken = [one for one in there if one.candidate == candidate]
        made.add(
            candidate.name,
            written(middle(one.cpu for one in taken) * 1e6),
            written(middle(one.cpu_all for one in taken) * 1e6),
            written(middle(one.cpu / mine for one, mine in zip(taken, ours, strict=True)), 2),
            milliseconds(middle(one.p50 for one in taken)),
            milliseconds(middle(one.p99 for one in taken)),
            f"{middle(one.delivered for one in taken):.0%}",
            written(middle(one.size for one in taken)),
            written(middle(one.memory for one in taken) / 1024),
            f"{middle(one.load for one in taken):.0%}",
        )
    return made
