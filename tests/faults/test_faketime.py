import os
import subprocess
import time

import pytest

from tests.faults.faketime import FakeTime


@pytest.mark.parametrize("hours", [2, -2, 0])
def test_the_clock_of_a_process_is_where_the_test_puts_it(tmp_path, hours: int):
    clock = FakeTime(tmp_path / "clock")
    clock.jump(hours)
    told = subprocess.check_output(["date", "+%s"], env={**os.environ, **clock.environment})
    assert abs(int(told) - time.time() - hours * 3600) < 60
