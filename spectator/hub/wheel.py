"""One clockwork for the timers of all connections of a node: heartbeats, deadlines, ends. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Timer = tuple[Callable[[Any], None], Any]
"""What to call, and with what."""


class Wheel:
    """Timers in buckets of ``grain`` seconds; thousands of them cost one dictionary and one sleeping task.

    A timer cannot be taken back: what it calls looks whether it still matters. That is cheaper than
    cancelling, since nearly all timers of a connection do run.
    """

    def __init__(self, grain: float = 0.1) -> None:
        self.grain = grain
        self._buckets: dict[int, list[Timer]] = {}
        self._turned: int | None = None

    def __len__(self) -> int:
        return sum(map(len, self._buckets.values()))

    def at(self, when: float, call: Callable[[Any], None], subject: Any = None) -> None:
        """Call ``call(subject)`` at the first turn at or after ``when`` (seconds of the owner's clock)."""
        bucket = -int(-when // self.grain)  # rounded up: never early
        if self._turned is not None and bucket <= self._turned:
            bucket = self._turned + 1
        self._buckets.setdefault(bucket, []).append((call, subject))

    def turn(self, now: float) -> list[Timer]:
        """Take out the timers that are due at ``now``, oldest first; the owner calls them."""
        bucket = int(now // self.grain)
        due = sorted(key for key in self._buckets if key <= bucket)
        self._turned = bucket if self._turned is None else max(bucket, self._turned)
        return [timer for key in due for timer in self._buckets.pop(key)]
