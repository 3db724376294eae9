"""The state of a room: all that its events say, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from spectator.events import RunStatus
from spectator.log import Cursor
from spectator.overlay import Figures
from spectator.series import Series
from spectator.state.episodes import Episode
from spectator.state.newest import Newest
from spectator.state.recent import Recent

MOST_SERIES: Final = 500
"""Series a publisher may begin; those that the overlay derives come on top."""

_KB: Final = 1024


def alerts() -> Recent:
    """The newest alerts, none yet."""
    return Recent(50, 128 * _KB)


def lines() -> Recent:
    """The newest log lines, none yet."""
    return Recent(100, 256 * _KB)


def life() -> Recent:
    """The newest training events, none yet."""
    return Recent(50, 128 * _KB)


@dataclass(slots=True)
class Run:
    """What happens in the room; begun by ``training_started``, or by the first event if nobody announced it.

    Whether it is stalled or crashed depends on the time and is no part of the state (see
    spectator.log.run_status).
    """

    id: str
    started_ms: int
    status: RunStatus = "active"
    ended_ms: int | None = None


@dataclass(slots=True)
class State:
    """What a late joiner needs to know, made by folding every event once, in order.

    ``cursor`` is the end of the last entry folded. ``series`` and ``newest``, ``figures`` and ``episodes``
    begin anew with each run; alerts, log lines and the life of runs go on.
    """

    cursor: Cursor = Cursor.START
    run: Run | None = None
    series: dict[str, Series] = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)
    newest: Newest = field(default_factory=Newest)
    alerts: Recent = field(default_factory=alerts)
    lines: Recent = field(default_factory=lines)
    life: Recent = field(default_factory=life)
    episodes: dict[str, Episode] = field(default_factory=dict)
    refused: int = 0
    """Points of series for which there was no place."""
