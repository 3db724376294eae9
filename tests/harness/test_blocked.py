import asyncio
import time

import pytest

from tests.harness.blocked import LoopWitness
from tests.harness.waiting import eventually


@pytest.mark.may_block("it is what is tested")
async def test_a_loop_that_sleeps_is_seen_with_its_stack():
    witness = LoopWitness(asyncio.get_running_loop(), longest=0.15)
    witness.start()
    await eventually(lambda: witness._beats > 1)
    time.sleep(0.6)
    await eventually(lambda: witness.blocked)
    witness.stop()
    assert "test_a_loop_that_sleeps" in str(witness.blocked)


async def test_a_loop_that_waits_is_not_blocked():
    witness = LoopWitness(asyncio.get_running_loop(), longest=0.15)
    witness.start()
    await asyncio.sleep(0.4)
    witness.stop()
    assert witness.blocked is None
