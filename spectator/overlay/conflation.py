"""What a viewer who fell behind gets instead of every event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spectator.overlay.completion import Completed


@dataclass(frozen=True, slots=True)
class Conflated:
    """What is left of a stretch of events: (seq, JSON) in order, and how many were lost, by class.

    ``lost["sample"]`` counts points of series, ``lost["episode"]`` episodes, ``lost["frame"]`` is always 0 here.
    """

    events: list[tuple[int, bytes]]
    lost: dict[str, int]


def conflate(events: Sequence[Completed], *, episode_bytes: int = 256 * 1024) -> Conflated:
    """Keep all of class event, the newest of each state key, min / max / last of samples, newest episodes whole.

    Episodes are kept whole while together they take no more than ``episode_bytes``; an episode that began before
    these events counts as whole.
    """
    raise NotImplementedError
