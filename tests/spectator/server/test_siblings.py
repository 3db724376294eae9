"""Several processes behind one port: whichever is asked tells of all, each under its own label."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from spectator.nodes import Worker
from spectator.server.siblings import readings
from tests.harness.servers import ServerProcess
from tests.harness.waiting import until
from tests.spectator.server.test_metrics import Numbers, numbers

WORKERS = 2


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path / "data", "--workers", str(WORKERS))
    server.start()
    yield server
    server.close()


def test_whoever_is_asked_tells_of_all_workers(crew: ServerProcess) -> None:
    def read() -> Numbers:
        with urlopen(f"{crew.url}/metrics", timeout=30) as answer:
            return numbers(answer.read().decode())

    def calls() -> float:
        """Calls of the API that all workers together have counted."""
        found = read()
        each = [name for name in found if name.startswith('spectator_call_seconds_count{call="other"')]
        return sum(found[name] for name in each) if len(each) == WORKERS else 0

    until(calls_are_told := lambda: len([n for n in read() if n.startswith("spectator_info")]) == WORKERS)
    assert calls_are_told()
    before = calls()
    for _ in range(6):  # each over a connection of its own, so by whichever worker it reaches
        assert crew.call("GET", "/rooms")[0] == 200
    assert calls() == before + 6
    told = read()
    assert {f'process_resident_memory_bytes{{worker="{number}"}}' for number in (1, 2)} <= told.keys()
    assert "spectator_events_total" not in told, "each sample says whose it is"


async def test_one_that_does_not_answer_is_left_out(tmp_path: Path) -> None:
    assert await asyncio.wait_for(readings(Worker(1, 3, tmp_path)), 30) == {}
