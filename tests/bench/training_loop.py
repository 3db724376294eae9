"""A training loop with steps of 1 ms, with and without ``room.log``; and what ``import spectator`` costs.

Two kinds of step, because they meet the client's thread differently: one in Python holds the interpreter lock
all the time (the hardest case), one in C releases it as torch and numpy do.
"""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from subprocess import PIPE

import spectator
from tests.bench.effort import Effort
from tests.bench.figures import middle, milliseconds
from tests.bench.machine import LOAD_CORE, SERVER_CORE
from tests.bench.ours import Ours
from tests.bench.payload import values
from tests.bench.processes import ROOT, Child
from tests.bench.table import Table
from tests.harness.servers import environment

TABLES = ("training-loop", "import")
STEP = 0.001
PAUSE = 0.3

IMPORT = "from time import perf_counter as t; a = t(); import spectator; spectator.open_room; print(t() - a)"


def python_step(size: int) -> None:
    total = 0
    for number in range(size):
        total += number & 7


def native_step(size: int) -> None:
    hashlib.sha256(bytes(size)).digest()


STEPS: dict[str, Callable[[int], None]] = {"in Python": python_step, "in C, lock released": native_step}


def size_of(step: Callable[[int], None]) -> int:
    """Return the size at which one step takes a millisecond here: a fixed amount of work, not of time."""
    size = 20_000
    for _ in range(6):
        took = middle(_timed(step, size) for _ in range(50))
        size = max(100, int(size * STEP / took))
    return size


def _timed(step: Callable[[int], None], size: int) -> float:
    began = time.perf_counter()
    step(size)
    return time.perf_counter() - began


def loop(step: Callable[[int], None], size: int, steps: int, log: Callable[[int], object] | None) -> float:
    """Return the seconds that so many steps took."""
    began = time.perf_counter()
    for number in range(steps):
        step(size)
        if log is not None:
            log(number)
    return time.perf_counter() - began


def trainer(steps: int, pairs: int) -> dict[str, list[tuple[float, float]]]:
    """Run blocks with and without logging in turns; return the seconds of each pair (without, with)."""
    room = spectator.open_room("training-loop", quiet=True, wait=20)
    taken: dict[str, list[tuple[float, float]]] = {}
    for name, step in STEPS.items():
        size = size_of(step)
        loop(step, size, steps // 2, None)
        taken[name] = []
        for number in range(pairs):
            # The numbers are there without logging, too: only what is done with them makes the difference.
            blocks: list[Callable[[int], object]] = [values, lambda at: room.log(values(at), step=at)]
            order = [0, 1] if number % 2 == 0 else [1, 0]
            seconds = [0.0, 0.0]
            for which in order:
                seconds[which] = loop(step, size, steps, blocks[which])
                time.sleep(PAUSE)  # what the client still has to send belongs to no block
            taken[name].append((seconds[0], seconds[1]))
    room.close_room()
    return taken


def measure(effort: Effort) -> list[Table]:
    """Return how much slower training becomes, and the time of the import."""
    steps = effort.of(tiny=20, quick=300, full=1_000)
    pairs = effort.of(tiny=1, quick=3, full=12)
    made = Table("training-loop", ("step of 1 ms", "without, ms", "with `room.log`, ms", "slower"))
    with ExitStack() as stack:
        ours = stack.enter_context(Ours(SERVER_CORE))
        arguments = (str(steps), str(pairs))
        child = stack.enter_context(
            Child("tests.bench.training_loop", *arguments, core=LOAD_CORE, data_dir=ours.data_dir)
        )
        blocks = 2 * pairs * len(STEPS)
        taken = child.hear(deadline=60 + blocks * (3 * steps * STEP + PAUSE))
    for name, blocks_of in taken.items():
        without = middle(pair[0] for pair in blocks_of) / steps
        logged = middle(pair[1] for pair in blocks_of) / steps
        slower = middle(pair[1] / pair[0] - 1 for pair in blocks_of)
        made.add(name, milliseconds(without), milliseconds(logged), f"{slower:.2%}")
    return [made, imports(effort)]


def imports(effort: Effort) -> Table:
    """Return the time of ``import spectator`` in fresh interpreters."""
    command = [sys.executable, "-P", "-c", IMPORT]
    runs = [
        float(subprocess.run(command, env=environment(ROOT), cwd=ROOT, stdout=PIPE, check=True).stdout)
        for _ in range(effort.of(tiny=1, quick=5, full=11))
    ]
    made = Table("import", ("", "ms"))
    made.add("`import spectator; spectator.open_room`", milliseconds(middle(runs)))
    return made


if __name__ == "__main__":
    print(json.dumps(trainer(int(sys.argv[1]), int(sys.argv[2]))), flush=True)
