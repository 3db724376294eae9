import asyncio
import logging

import pytest

from spectator.tasks import Tasks
from tests.harness.waiting import eventually


async def test_work_runs_beside_its_owner_and_ends_with_it():
    ours, begun, ended = Tasks("test"), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    ours.start(work(), "wait")
    await begun.wait()
    assert len(ours) == 1
    await ours.stop()
    assert ended.is_set()
    assert len(ours) == 0
    await ours.stop()


async def test_an_error_is_told_with_its_trace(caplog: pytest.LogCaptureFixture):
    async def work() -> None:
        raise ValueError("seven")

    ours = Tasks("test")
    ours.start(work(), "fail")
    await eventually(lambda: caplog.records)
    (record,) = caplog.records
    assert "test: fail" in record.getMessage()
    assert record.exc_info is not None
    assert len(ours) == 0


async def test_a_loop_outlives_a_round_that_fails(caplog: pytest.LogCaptureFixture):
    rounds = 0

    async def round_() -> None:
        nonlocal rounds
        rounds += 1
        await asyncio.sleep(0)
        if rounds == 2:
            raise ValueError

    ours = Tasks("test", rest_s=0.0)
    with caplog.at_level(logging.ERROR):
        ours.repeat(round_, "turn")
        await eventually(lambda: rounds > 5)
    assert len(caplog.records) == 1
    await ours.stop()
    seen = rounds
    await asyncio.sleep(0)
    assert rounds == seen


async def test_who_stops_the_owner_may_be_one_of_its_tasks():
    ours = Tasks("test")

    async def work() -> None:
        await ours.stop()

    await asyncio.wait_for(ours.start(work(), "stop"), 1)
