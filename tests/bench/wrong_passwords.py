"""Two hundred wrong passwords at once, every second: what the viewers of another room feel."""

import asyncio
import json
import time
from collections import Counter

from tests.bench.effort import Effort
from tests.bench.figures import milliseconds
from tests.bench.load.wire import post
from tests.bench.machine import rss
from tests.bench.ours import Ours
from tests.bench.processes import Child
from tests.bench.table import Table

TABLES = ("wrong-passwords",)
RATE = 20.0  # events/s of the room that is watched
LEAD = 0.5
EVERY = 1.0  # seconds from burst to burst
PATIENCE = 30.0


def measure(effort: Effort) -> list[Table]:
    """Return latencies of the watched room without and under attack, with and without limits."""
    made = Table(
        "wrong-passwords",
        (
            "limits",
            "guesses",
            "checked and wrong",
            "refused unchecked",
            "p50 before, ms",
            "p99 before, ms",
            "p50, ms",
            "p99, ms",
            "memory more, MB",
        ),
    )
    for limited in (True, False):
        with Ours(rate_limits=limited) as ours, ours.publisher() as trainer:
            watched = trainer.hear()
            guarded = ours.room(name="guarded", password="what nobody guesses")["room"]["code"]
            order = ours.order(watched["code"], "v1", effort.of(tiny=2, quick=20, full=20))
            with Child("tests.bench.load", json.dumps(order)) as load:
                connected = load.ask(do="connect", within=20)
                if connected["failed"]:
                    raise RuntimeError(f"the viewers did not come in: {connected['failed']}")
                before = _window(ours, trainer, load, effort, guarded=None)
                at_rest = rss(ours.pid)
                under = _window(ours, trainer, load, effort, guarded=guarded)
        answers = under["answers"]
        checked = answers.get("403", 0)
        made.add(
            "on" if limited else "off",
            f"{sum(answers.values()):,}",
            f"{checked:,}",
            f"{sum(answers.values()) - checked:,}",
            *(milliseconds(window[name]) for window in (before, under) for name in ("p50", "p99")),
            f"{(under['rss'] - at_rest) / 1e6:.0f}",
        )
    return [made]


def _window(ours: Ours, trainer: Child, load: Child, effort: Effort, guarded: str | None) -> dict:
    """One window of measuring; ``guarded``: the code of the room whose password is guessed meanwhile."""
    seconds = effort.of(tiny=0.5, quick=3.0, full=10.0)
    trainer.say(rate=RATE, seconds=seconds + 2 * LEAD, jitter=True)
    time.sleep(LEAD)
    load.say(do="measure", seconds=seconds, pids=[ours.pid])
    answers = Counter[str]()
    if guarded is not None:
        answers = asyncio.run(_attack(ours.port, guarded, effort.of(tiny=5, quick=200, full=200), seconds))
    told = load.hear(deadline=seconds + 60)
    trainer.hear(deadline=seconds + 60)
    return {**told, "answers": answers}


async def _attack(port: int, code: str, guesses: int, seconds: float) -> Counter[str]:
    """Guess so many times at once, and again each second, or as soon as all are answered."""
    found, began = Counter[str](), time.monotonic()
    while time.monotonic() < began + seconds:
        next_at = time.monotonic() + EVERY
        found.update(await asyncio.gather(*(_guess(port, code, number) for number in range(guesses))))
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
    return found


async def _guess(port: int, code: str, number: int) -> str:
    """The status of one wrong password."""
    body = json.dumps({"display_name": "Eve", "password": f"guess {number}"}).encode()
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(post(f"127.0.0.1:{port}", f"/api/v1/rooms/{code}/join", body))
            return (await reader.read()).split(b" ", 2)[1].decode()
        finally:
            writer.close()
