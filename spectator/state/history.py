"""The answer to GET /history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectator.state.state import State

if TYPE_CHECKING:
    from spectator.log import Log


@dataclass(frozen=True, slots=True)
class Span:
    """Which part is asked for; None leaves a side open. Times are Unix seconds."""

    start: float | None = None
    end: float | None = None
    start_step: float | None = None
    end_step: float | None = None


async def history(
    log: Log, room_id: str, state: State, *, names: Collection[str] = (), span: Span = Span(), max_points: int = 1000
) -> dict[str, Any]:
    """Return ``{"metrics": {name: {"step": [..], "time": [..], "value": [..]}}, "exact_from": .., "thinned": ..}``.

    All series when ``names`` is empty; at most ``max_points`` each, extremes and the last point among them. Exact
    within the kept log; before it from the state's buckets, and then ``thinned`` is true.
    """
    raise NotImplementedError
