"""Who was ended for being too slow lately: the third time within five minutes it stays, and is conflated."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from spectator.hub.policy import Policy
from spectator.hub.viewer import Viewer

REMEMBERED = 10_000
"""Entries before the stale ones are looked for and dropped."""


class Slowness:
    """Remembers by room and person (or address) when a connection was ended with 4001."""

    def __init__(self, policy: Policy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self._ended: dict[tuple[str, str], deque[float]] = {}

    def spares(self, viewer: Viewer) -> bool:
        """Decide about a viewer that is too slow now: False, it is ended; True, it stays and is conflated."""
        now = self._clock()
        self._clean(now)
        key = (viewer.room_id, viewer.right.person or viewer.client)
        times = self._ended.setdefault(key, deque())
        while times and now - times[0] > self._policy.slow_window_s:
            times.popleft()
        if len(times) < self._policy.slow_spared:
            times.append(now)
            return False
        viewer.conflate(math.inf)
        viewer.stuck = None
        viewer.held = False
        viewer.settle()
        return True

    def _clean(self, now: float) -> None:
        if len(self._ended) <= REMEMBERED:
            return
        for key, times in list(self._ended.items()):
            if not times or now - times[-1] > self._policy.slow_window_s:
                del self._ended[key]
