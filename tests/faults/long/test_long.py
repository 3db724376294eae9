"""Each long fault once, alone: ``pytest -m long tests/faults/long``; ``make faults`` writes the report."""

import functools
from pathlib import Path

import pytest

from tests.faults.long import LONG, soak

DEADLINE_S = 1800
pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(DEADLINE_S)]


@pytest.mark.may_block("processes are killed and waited for")
@pytest.mark.parametrize("fault", LONG)
async def test_nothing_is_lost_in_silence(fault: str, tmp_path: Path, pytestconfig: pytest.Config):
    run = LONG[fault]
    if run is soak.run:
        run = functools.partial(soak.run, seconds=pytestconfig.getoption("soak_s"))
    outcome = await run(tmp_path)
    verdict = outcome.verdict
    print(outcome.fault, verdict, outcome.note)
    assert verdict.silent_gaps == verdict.duplicated == verdict.out_of_order == 0, verdict
    assert verdict.sent == verdict.acked > 0, "after the fault everything is acknowledged in the end"
    assert verdict.lost == 0 or verdict.epochs > 1, "what the store lost, it said aloud"
