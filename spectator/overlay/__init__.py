"""The overlay: what viewers see beyond what was published. Pure."""

from spectator.overlay.completion import Completed, completed
from spectator.overlay.conflation import Conflated, conflate
from spectator.overlay.figures import Figures
from spectator.overlay.graphs import (
    DEFAULT_GRAPHS,
    Graph,
    InvalidGraphs,
    effective_graphs,
    graph_config,
    graph_update,
    read_graphs,
)
from spectator.overlay.names import GRAPH_NAME, USUAL_NAMES
from spectator.overlay.numbers import finite, number, values_of

__all__ = [
    "DEFAULT_GRAPHS",
    "GRAPH_NAME",
    "USUAL_NAMES",
    "Completed",
    "Conflated",
    "Figures",
    "Graph",
    "InvalidGraphs",
    "completed",
    "conflate",
    "effective_graphs",
    "finite",
    "graph_config",
    "graph_update",
    "number",
    "read_graphs",
    "values_of",
]
