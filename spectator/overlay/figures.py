"""Key figures that a publisher leaves out, worked out from what it published before."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import fsum, isfinite
from typing import Any, Final

from spectator.overlay.names import GRAPH_NAME, OUTCOMES, RANK

WINDOW: Final = 100
"""Averages are over so many of the newest values."""


def _window() -> deque[float]:
    return deque(maxlen=WINDOW)


@dataclass(slots=True)
class Figures:
    """What averages and bests are made of, since the run began.

    - ``average_reward``: the mean of the last 100 values of ``current_reward`` (of all of them, while there
    are fewer); - ``best_reward``: the largest ``current_reward`` so far; - ``win_rate``: the fraction of won
    ones among the last 100 events that tell (``success``, ``won``).

    Each is worked out only for events that lack it. Workers (``source``) count together.
    """

    rewards: deque[float] = field(default_factory=_window)
    outcomes: deque[float] = field(default_factory=_window)
    best: float | None = None

    def complete(self, numbers: Mapping[str, float], values: Mapping[str, Any]) -> dict[str, float]:
        """Take in the finite numbers of one metrics event, and return what it lacks, under the graphs' names.

        ``values`` are all values of the event, also those that are no numbers.
        """
        derived: dict[str, float] = {}
        usual = numbers.keys() & GRAPH_NAME.keys()
        if usual:
            for name in sorted(usual, key=RANK.__getitem__):
                wanted = GRAPH_NAME[name]
                if wanted not in numbers:
                    derived.setdefault(wanted, numbers[name])
        reward = numbers.get("current_reward", derived.get("current_reward"))
        if reward is not None:
            self._reward(reward, numbers, derived)
        for name in OUTCOMES:
            if name in values:
                self._outcome(values[name], numbers, derived)
                break
        return derived

    def _reward(self, reward: float, numbers: Mapping[str, float], derived: dict[str, float]) -> None:
        self.rewards.append(reward)
        if self.best is None or reward > self.best:
            self.best = reward
        if "best_reward" not in numbers:
            derived["best_reward"] = self.best
        if "average_reward" not in numbers and "average_reward" not in derived:
            _put(derived, "average_reward", self.rewards)

    def _outcome(self, value: Any, numbers: Mapping[str, float], derived: dict[str, float]) -> None:
        if isinstance(value, int | float) and value in (0, 1):
            self.outcomes.append(float(value))
        if self.outcomes and "win_rate" not in numbers and "win_rate" not in derived:
            _put(derived, "win_rate", self.outcomes)


def _put(derived: dict[str, float], name: str, window: deque[float]) -> None:
    """Add the mean of a window, summed anew: a running sum would drift, and differ after a checkpoint."""
    try:
        mean = fsum(window) / len(window)
    except OverflowError:
        return
    if isfinite(mean):
        derived[name] = mean
