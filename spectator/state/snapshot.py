"""The picture a late joiner begins with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spectator.overlay import DEFAULT_GRAPHS, Graph
from spectator.state.state import State


def snapshot(
    state: State, *, graphs: Sequence[Graph] = DEFAULT_GRAPHS, limit: int = 128 * 1024, series: int = 30, buckets: int = 120
) -> dict[str, Any]:
    """Return the ``snapshot`` message as protocol.md has it; encoded it takes at most ``limit`` bytes."""
    raise NotImplementedError


def opening(state: State, *, graphs: Sequence[Graph] = DEFAULT_GRAPHS) -> list[tuple[int, dict[str, Any]]]:
    """Return what a flat viewer's stream begins with: (seq, event) of ``graph_config`` and the newest of each kind."""
    raise NotImplementedError
