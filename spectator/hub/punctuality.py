"""How late the loop is: what it did not get to in time, no viewer got in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from spectator.stats import Histogram

LOOK_S = 0.5
"""How often it is looked at."""


class Punctuality:
    """Sleeps, and notes by how much it was woken late.

    Args:
        clock: seconds, monotonic.
        late: where that is noted.
    """

    def __init__(self, clock: Callable[[], float], late: Histogram) -> None:
        self._clock = clock
        self._late = late

    async def round(self) -> None:
        """One sleep; below a millisecond is the timer's own resolution."""
        asked = self._clock()
        await asyncio.sleep(LOOK_S)
        self._late.add(self._clock() - asked - LOOK_S)
