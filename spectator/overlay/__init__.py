"""The overlay: what viewers see beyond what was published. Pure."""

from spectator.overlay.completion import Completed
from spectator.overlay.conflation import Conflated, conflate
from spectator.overlay.graphs import (
    DEFAULT_GRAPHS,
    Graph,
    InvalidGraphs,
    graph_config,
    graph_update,
    read_graphs,
)

__all__ = [
    "DEFAULT_GRAPHS",
    "Completed",
    "Conflated",
    "Graph",
    "InvalidGraphs",
    "conflate",
    "graph_config",
    "graph_update",
    "read_graphs",
]
