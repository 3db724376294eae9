"""Fan-out: one room, many viewers; what a delivered event costs the server, beside the peers, in one run.

Each server has a core; the load generator and who makes the events have the other. The same process publishes
the same events at the same rate to all: to ours as a trainer does, to the peers over one connection. A server
that did not keep up is not asked for more, and its latencies are not shown: they would only tell how long the
window was.
"""

import json
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.candidates import FEW, USUAL, Candidate, Stage, on_request, running
from tests.bench.effort import Effort
from tests.bench.fan_out_tables import GOAL, RATES, VIEWERS, names, tables
from tests.bench.figures import milliseconds
from tests.bench.machine import LOAD_CORE, allow_files, rss
from tests.bench.processes import Child
from tests.bench.sample import Sample
from tests.bench.table import Table

TABLES = names()
FIRST = 10  # viewers that are there before memory is compared: code is loaded, buffers have grown
WARM, WARM_RATE = 0.3, 20.0  # seconds and events/s before each window
SETTLE = 0.5  # seconds after the last viewer came, before memory is read
ALLOWED = 0.25  # seconds an event may take at the end of a window and be in time
GRACE = 1.0  # seconds to wait for events that are not
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Grid:
    """What is measured: the settings, seconds a window by rate, and rounds of the one that has a goal."""

    viewers: Sequence[int]
    rates: Sequence[float]
    seconds: float
    slow_seconds: float  # at one event a second
    rounds: int

    def lasts(self, rate: float) -> float:
        return self.slow_seconds if rate <= 1 else self.seconds


TINY = Grid(viewers=(3,), rates=(20,), seconds=0.5, slow_seconds=1, rounds=0)
QUICK = Grid(viewers=(1_000,), rates=(20, 100), seconds=1.0, slow_seconds=3, rounds=0)
FULL = Grid(viewers=VIEWERS, rates=RATES, seconds=3.0, slow_seconds=6.0, rounds=2)


def measure(effort: Effort) -> list[Table]:
    """Measure the grid once, and the setting that has a goal a few times more, in turns."""
    grid = effort.of(tiny=TINY, quick=QUICK, full=FULL)
    servers = effort.of(tiny=FEW, quick=USUAL, full=USUAL) + on_request(effort.peers)
    samples: list[Sample] = []
    for viewers in grid.viewers:
        if allow_files(2 * viewers + 200) < viewers + 200:
            print(f"fan-out: no {viewers:,} viewers: too few open files are allowed", flush=True)
            continue
        for candidate in servers:
            samples += spared(candidate, viewers, grid.rates, grid)
    able = {one.candidate for one in samples if one.setting == GOAL and one.kept_up}
    again = [one for one in servers if one in able]
    for turn in range(grid.rounds):
        for candidate in again[turn:] + again[:turn]:
            samples += spared(candidate, GOAL[0], (GOAL[1],), grid)
    return tables(samples, servers)


def spared(candidate: Candidate, viewers: int, rates: Sequence[float], grid: Grid) -> list[Sample]:
    """Measure one server; if that fails, say so and return nothing: the others are still to be measured."""
    try:
        return sample(candidate, viewers, rates, grid)
    except Exception:  # noqa: BLE001 - as above
        print(f"fan-out: {candidate} with {viewers:,} viewers could not be measured", flush=True)
        traceback.print_exc()
        return []


def sample(candidate: Candidate, viewers: int, rates: Sequence[float], grid: Grid) -> list[Sample]:
    """Measure one server with so many viewers at each rate, until it does not keep up."""
    taken: list[Sample] = []
    with (
        running(candidate, viewers) as stage,
        Child("tests.bench.load", json.dumps(stage.order), core=LOAD_CORE) as load,
    ):
        memory = settle(candidate, stage, load, viewers)
        idle = memory()
        for rate in rates:
            told = window(stage, load, rate, grid.lasts(rate), viewers)
            one = Sample(candidate, viewers, rate, told, idle=idle, busy=memory())
            print(_shortly(one), flush=True)
            taken.append(one)
            if not one.kept_up:
                break
    return taken


def settle(candidate: Candidate, stage: Stage, load: Child, viewers: int) -> Callable[[], float]:
    """Let all viewers come in; return a function that says what each adds to the server's memory by now."""
    first = min(FIRST, viewers - 1)
    load.ask(deadline=PATIENCE, do="connect", within=60, upto=first)
    before = rss(stage.pids[0])
    connected = load.ask(deadline=PATIENCE, do="connect", within=90)
    if connected["failed"]:
        raise RuntimeError(f"{candidate}: not all viewers came in: {connected['failed']}")
    time.sleep(SETTLE)
    return lambda: (rss(stage.pids[0]) - before) / (viewers - first)


def window(
    stage: Stage, load: Child, rate: float, seconds: float, viewers: int, allowed: float = ALLOWED
) -> dict[str, Any]:
    """Warm up, then publish for so many seconds; return what the viewers and the processes say (Sample).

    Events are in time that are there ``allowed`` seconds after the last was published.
    """
    load.ask(do="begin")
    stage.source.ask(deadline=PATIENCE, rate=WARM_RATE, seconds=WARM)
    warm = int(WARM * WARM_RATE)
    load.ask(deadline=PATIENCE, do="measure", seconds=0, pids=[], expect=warm, grace=10.0, begin=False)
    count = int(rate * seconds)
    pids = [*stage.pids, stage.source.pid]
    load.ask(do="begin")
    load.say(do="measure", seconds=seconds + allowed, pids=pids, expect=count, grace=GRACE, begin=False)
    stage.source.ask(deadline=PATIENCE, rate=rate, seconds=seconds)
    told = load.hear(deadline=PATIENCE)
    server, *store, source = told.pop("cpu")
    more = {"due": count * viewers, "server": server, "store": sum(store)}
    return {**told, **more, "load": told["own_cpu"] + source}


def _shortly(one: Sample) -> str:
    """Return the line that is printed while the run goes on."""
    return (
        f"fan-out {one.viewers} x {one.rate:g}/s {one.candidate}: {one.cpu * 1e6:.2f} us, "
        f"p99 {milliseconds(one.p99)} ms, in time {one.in_time:.0%}, server {one.server_core:.0%}, "
        f"load {one.load_core:.0%}, misordered {one.misordered}"
    )
