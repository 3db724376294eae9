"""How large what a publisher sends may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KB: Final = 1024
MB: Final = 1024 * KB

DEPTH: Final = 32
"""Nested objects and arrays; the event itself is depth 1."""
INTEGER: Final = 2**53
"""Whole numbers beyond this lose digits in a browser and are refused."""
NAME: Final = 128
"""Characters of the name of a metric, a stream, a graph, a worker."""
NAMES: Final = 500
"""Names in one event."""
LATEST: Final = 253_402_300_799
"""The last second that ISO 8601 can name with four digits of a year."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one POST of events. Sizes are in bytes, as sent, unpacked."""

    body: int = 4 * MB
    lines: int = 1_000
    event: int = 64 * KB
    episode: int = 1 * MB
    """An ``episode_steps`` event, which carries a piece of an episode."""


LIMITS: Final = Limits()
