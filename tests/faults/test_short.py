"""Each fault once: what was sent is acknowledged, stored and shown, or its absence is declared.

They mostly wait, so several run at a time. Nothing here is timed: on a slow machine a fault takes longer and
the counts are the same.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.outcome import Outcome
from tests.faults.short import SHORT

AT_ONCE = 5
FIRST = (
    "stalled peers",
    "rolling restart",
    "store stopped",
)  # the longest, so that none is left alone at the end
DEADLINE_S = 600
pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(DEADLINE_S),
    pytest.mark.may_block("the loop of all these faults stands still between two tests"),
]

Running = dict[str, asyncio.Task[Outcome]]


def _asked_for(request: pytest.FixtureRequest) -> list[str]:
    """The faults whose tests were selected, in their order."""
    items = (item for item in request.session.items if item.path == request.path)
    names = [item.callspec.params["fault"] for item in items if "fault" in item.callspec.params]
    return sorted(names, key=lambda name: name not in FIRST)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(request, tmp_path_factory) -> AsyncIterator[Running]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def run(name: str, folder: Path) -> Outcome:
        async with turns:
            return await SHORT[name](folder)

    loop = asyncio.get_running_loop()
    tasks = {
        name: loop.create_task(run(name, tmp_path_factory.mktemp("fault")), name=name)
        for name in _asked_for(request)
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", SHORT)
async def test_nothing_is_lost_in_silence(running: Running, fault: str):
    outcome = await running[fault]
    verdict = outcome.verdict
    assert not verdict.condemned, verdict
    assert verdict.silent_gaps == verdict.duplicated == verdict.out_of_order == 0, verdict
    assert verdict.sent == verdict.acked > 0, "after the fault everything is acknowledged in the end"
    assert verdict.stored + verdict.lost == verdict.acked, verdict
    assert verdict.lost == 0 or verdict.epochs > 1, "what the store lost, it said aloud"
