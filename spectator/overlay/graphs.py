"""Graphs: which series are drawn together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class InvalidGraphs(ValueError):
    """A configuration of graphs is malformed; ``field`` names the place, as in ``graphs[2].metrics``."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(f"{field}: {message}")


@dataclass(frozen=True, slots=True)
class Graph:
    """One graph: the series it draws (by name) and how many points of each it shows at most."""

    graph_id: str
    title: str
    y_label: str
    metrics: tuple[str, ...]
    max_points: int = 1000

    def as_dict(self) -> dict[str, Any]:
        """The graph as it travels in ``graph_config`` and in a snapshot."""
        raise NotImplementedError


DEFAULT_GRAPHS: tuple[Graph, ...] = ()


def read_graphs(value: Any) -> tuple[Graph, ...]:
    """Check the graphs an owner configured, a list as in ``graph_config``. Raises InvalidGraphs."""
    raise NotImplementedError


def graph_config(graphs: Sequence[Graph]) -> dict[str, Any]:
    """The event a flat viewer's stream begins with."""
    raise NotImplementedError


def graph_update(
    event: Mapping[str, Any], derived: Mapping[str, float], graphs: Sequence[Graph]
) -> dict[str, Any] | None:
    """Derive the points that a metrics event adds to these graphs; None where it adds none."""
    raise NotImplementedError
