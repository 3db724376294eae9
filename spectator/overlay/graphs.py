"""Graphs: which series are drawn together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from spectator.events import GraphShapes
from spectator.overlay.numbers import finite, values_of


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
    max_points: int = 1_000

    def as_dict(self) -> dict[str, Any]:
        """The graph as it travels in ``graph_config`` and in a snapshot."""
        return {
            "graph_id": self.graph_id,
            "title": self.title,
            "y_label": self.y_label,
            "metrics": list(self.metrics),
            "max_points": self.max_points,
        }


DEFAULT_GRAPHS: Final[tuple[Graph, ...]] = (
    Graph("reward_progress", "Reward", "reward", ("current_reward", "average_reward", "best_reward")),
    Graph("win_rate", "Win rate", "fraction won", ("win_rate",)),
    Graph("episode_length", "Episode length", "steps", ("episode_length",)),
    Graph("learning_metrics", "Learning", "value", ("loss_value", "learning_rate", "epsilon")),
    Graph(
        "performance_stats",
        "Performance",
        "value",
        ("steps_per_second", "training_time_elapsed", "model_generation"),
    ),
)
"""The graphs a room has unless its owner configures others."""


def read_graphs(value: Any) -> tuple[Graph, ...]:
    """Check the graphs an owner configured, a list as in ``graph_config``. Raises InvalidGraphs."""
    try:
        shapes = msgspec.convert(value, GraphShapes)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        raise InvalidGraphs(f"graphs{place.rstrip('`')}", message) from None
    found: dict[str, Graph] = {}
    for shape in shapes:
        if shape.graph_id in found:
            raise InvalidGraphs("graphs", f"two graphs are called {shape.graph_id!r}")
        found[shape.graph_id] = Graph(
            shape.graph_id,
            shape.title or shape.graph_id,
            shape.y_label,
            tuple(shape.metrics),
            shape.max_points,
        )
    return tuple(found.values())


def effective_graphs(graphs: Sequence[Graph], published: Mapping[str, Any] | None) -> tuple[Graph, ...]:
    """The graphs of a room: the owner's, and those of the newest ``graph_config``, which replace and add."""
    if published is None:
        return tuple(graphs)
    try:
        own = read_graphs(published.get("graphs"))
    except InvalidGraphs:
        return tuple(graphs)
    return tuple(
        ({graph.graph_id: graph for graph in graphs} | {graph.graph_id: graph for graph in own}).values()
    )


def graph_config(graphs: Sequence[Graph]) -> dict[str, Any]:
    """The event a flat viewer's stream begins with."""
    return {"type": "graph_config", "graphs": [graph.as_dict() for graph in graphs]}


def graph_update(
    event: Mapping[str, Any], derived: Mapping[str, float], graphs: Sequence[Graph]
) -> dict[str, Any] | None:
    """Derive the points that a metrics event adds to these graphs; None where it adds none."""
    points = finite(values_of(event))
    if not points and not derived:
        return None
    points.update(derived)
    updates = []
    for graph in graphs:
        added = {name: points[name] for name in graph.metrics if name in points}
        if added:
            updates.append(
                {"graph_id": graph.graph_id, "timestamp": event.get("timestamp"), "data_points": added}
            )
    return {"type": "graph_update", "graphs": updates} if updates else None
