"""How large what a publisher sends may be."""

from __future__ import annotations

from dataclasses import dataclass

KB = 1024
MB = 1024 * KB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one POST of events. Sizes are in bytes, of what was sent, unpacked."""

    body: int = 4 * MB
    lines: int = 1_000
    event: int = 64 * KB
    episode: int = 1 * MB
    """An ``episode_steps`` event, which carries a whole piece of an episode."""
    depth: int = 32
    """Nested objects and arrays; the event itself is depth 1."""
    integer: int = 2**53
    """Whole numbers beyond this lose digits in a browser and are refused."""
    name: int = 128
    """Characters of the name of a metric, a stream or a graph."""
    names: int = 500
    """Names in one event."""
    refused: int = 1_000
    """Lines listed in an answer; a POST has no more lines than this."""


LIMITS = Limits()
