"""The guard against regressions: what a delivered event costs us, as a multiple of what it costs in C.

``python -m tests.bench --guard`` measures our server and the C program in turns, in the setting that has a
goal, and fails where the median of the ratios is worse than the one in ``guard.json`` by more than a margin.
Times belong to a machine; the ratio travels, since both sides spend most of theirs in the same system calls.
``--record`` writes the ratios found as the new ones, with the day and the machine; a person commits them.
"""

import json
import math
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.candidates import LIMIT, LIMIT_BEAT, V1, Candidate, running
from tests.bench.effort import Effort
from tests.bench.fan_out import ALLOWED, settle, window
from tests.bench.fan_out_tables import GOAL
from tests.bench.figures import middle
from tests.bench.machine import LOAD_CORE, described
from tests.bench.processes import Child
from tests.bench.sample import Sample

RECORD = Path(__file__).with_name("guard.json")
AGAINST = {"one send an event": LIMIT, "one send a beat": LIMIT_BEAT}
MARGIN = 0.25  # of a record that is new: what ratios of the same code differed by on a busy machine


def main(effort: Effort, *, record: bool, path: Path = RECORD) -> int:
    """Measure and compare, or record; return the exit status."""
    found = ratios(effort)
    for name, ratio in found.items():
        print(f"spectator costs {ratio:.2f} x the C program with {name}")
    if any(math.isnan(ratio) for ratio in found.values()):
        print("the machine is too busy: in no round did both keep up")
        return 2
    if record:
        kept = {"measured": time.strftime("%Y-%m-%d", time.gmtime()), "on": described(), "margin": MARGIN}
        ratios_kept = {name: round(ratio, 3) for name, ratio in found.items()}
        path.write_text(json.dumps({**kept, "ratios": ratios_kept}, indent=2) + "\n")
        return 0
    return verdict(found, path)


def verdict(found: Mapping[str, float], path: Path = RECORD) -> int:
    """Say which ratios are worse than the recorded ones; return the exit status."""
    worse = compare(json.loads(path.read_text()), found)
    for line in worse:
        print(line)
    return 1 if worse else 0


def compare(recorded: Mapping[str, Any], found: Mapping[str, float]) -> list[str]:
    """Return a line for each ratio that is worse than the recorded one by more than the margin."""
    margin = recorded["margin"]
    return [
        f"worse: {found[name]:.2f} x the C program with {name}; recorded is {ratio:.2f}, "
        f"and {ratio * (1 + margin):.2f} is the most"
        for name, ratio in recorded["ratios"].items()
        if found[name] > ratio * (1 + margin)
    ]


def ratios(effort: Effort) -> dict[str, float]:
    """Return our CPU a delivered event over that of the C program, the medians over rounds.

    A round in which a server did not keep up does not count; nan where none does: the machine is busy.
    """
    rounds = effort.of(tiny=1, quick=3, full=7)
    seconds = effort.of(tiny=0.5, quick=1.5, full=3.0)
    viewers = effort.of(tiny=3, quick=GOAL[0], full=GOAL[0])
    allowed = effort.of(tiny=60.0, quick=ALLOWED, full=ALLOWED)
    spent: dict[Candidate, list[float]] = {one: [] for one in (V1, *AGAINST.values())}
    with ExitStack() as stack:
        stages = {}
        for one in spent:
            stage = stack.enter_context(running(one, viewers))
            load = stack.enter_context(Child("tests.bench.load", json.dumps(stage.order), core=LOAD_CORE))
            settle(one, stage, load, viewers)
            stages[one] = stage, load
        for turn in range(rounds):
            for one, (stage, load) in list(stages.items())[:: 1 if turn % 2 else -1]:
                told = window(stage, load, GOAL[1], seconds, viewers, allowed)
                taken = Sample(one, viewers, GOAL[1], told, idle=0, busy=0)
                spent[one].append(taken.cpu if taken.kept_up else math.nan)
    for one, costs in spent.items():
        print(f"{one}: " + ", ".join(f"{cost * 1e6:.2f}" for cost in costs) + " us a delivered event")
    return {
        name: middle(ours / least for ours, least in zip(spent[V1], spent[limit], strict=True))
        for name, limit in AGAINST.items()
    }
