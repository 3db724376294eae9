"""Large buffers, in a process of their own: what they do to this one's memory is nobody else's."""

import platform
import subprocess
import sys

from spectator.server.heap import give_back_large_blocks
from tests.harness.servers import ROOT

PROGRAM = """
import sys
from pathlib import Path
from spectator.server.heap import LARGE_BYTES, give_back_large_blocks

if sys.argv[1] == "apart":
    assert give_back_large_blocks()


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


first, small = resident(), []
large = bytes(24 * 2**20)
del large  # from here on glibc would take blocks of this size from the heap
for number in range(60):
    held = [bytearray(LARGE_BYTES * 4) for _ in range(8)]
    small.append(bytearray(600 * (number + 1)))  # lies behind them
    small += [bytearray(4000) for _ in range(20)]
    del held
print(resident() - first)
"""


def grown(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


def test_what_a_large_buffer_took_is_given_back() -> None:
    if platform.libc_ver()[0] != "glibc":
        assert not give_back_large_blocks()
        return
    assert grown("apart") < grown("as it is")
