"""The types of events there are, and what a slow viewer may lose of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Literal

from spectator.events.limits import NAME

RunStatus = Literal["active", "failed", "finished"]


class EventClass(Enum):
    """What a viewer who fell behind may lose."""

    EVENT = "event"
    """Nothing."""
    STATE = "state"
    """All but the newest of each key."""
    SAMPLE = "sample"
    """State whose numbers are points of series: minima, maxima and the last point survive."""
    EPISODE = "episode"
    """Whole episodes, oldest first."""


CLASS_OF: Final[Mapping[str, EventClass]] = {
    "training_metrics": EventClass.SAMPLE,
    "episode_metrics": EventClass.SAMPLE,
    "metric": EventClass.SAMPLE,
    "graph_update": EventClass.SAMPLE,
    "bot_decision": EventClass.STATE,
    "system_metrics": EventClass.STATE,
    "graph_config": EventClass.STATE,
    "data": EventClass.STATE,
    "state": EventClass.STATE,
    "alert": EventClass.EVENT,
    "training_event": EventClass.EVENT,
    "log": EventClass.EVENT,
    "episode_start": EventClass.EPISODE,
    "episode_steps": EventClass.EPISODE,
    "episode_end": EventClass.EPISODE,
}
"""Every type a publisher may send."""

SAMPLED_FIELD: Final[Mapping[str, str]] = {"training_metrics": "data", "episode_metrics": "metrics"}
"""The field that holds the numbers, of the types that hold several."""

LIFE: Final[Mapping[str, RunStatus]] = {
    "training_started": "active",
    "training_finished": "finished",
    "training_failed": "failed",
}
"""The training events that begin or end a run, and the status after them."""

AXES: Final[frozenset[str]] = frozenset({"step", "episode", "timestamp", "total_episodes"})
"""Names in a metrics event that say where a point lies; they are no series of their own."""


def state_key(event: Mapping[str, Any]) -> str:
    """Name the place that a newer event takes from an older one.

    The type; with the stream of ``data`` or the name of ``metric`` after a colon; with ``@source`` and
    ``/agent`` where the event carries them, so that two workers do not overwrite each other.
    """
    kind = event["type"]
    key: str = kind
    if kind == "data":
        key = f"data:{event.get('stream')}"
    elif kind == "metric":
        key = f"metric:{event.get('name')}"
    if "source" in event:
        key = f"{key}@{event['source']}"
    if "agent" in event:
        key = f"{key}/{event['agent']}"
    return key


def samples(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a sample event measured, by the name of the series; values may be of any JSON type.

    A worker's numbers (``source``) are series of their own: ``loss@worker-1``. Empty for other types.
    """
    kind = event.get("type")
    found: Any
    if kind == "metric":
        found = {event["name"]: event.get("value")} if isinstance(event.get("name"), str) else {}
    elif kind == "graph_update":
        found = _points(event.get("graphs"))
    else:
        found = event.get(SAMPLED_FIELD.get(kind, "")) if isinstance(kind, str) else None
    if not isinstance(found, dict):
        return {}
    return of_source(found, event["source"]) if "source" in event else found


def of_source(measured: Mapping[str, Any], source: Any) -> dict[str, Any]:
    """Name what a worker measured after it; where it was measured (the step) is no series."""
    return {f"{name}@{source}": value for name, value in measured.items() if name not in AXES}


def _points(graphs: Any) -> dict[str, Any]:
    """Join the points of all graphs of a ``graph_update``."""
    joined: dict[str, Any] = {}
    for graph in graphs if isinstance(graphs, list) else ():
        points = graph.get("data_points") if isinstance(graph, dict) else None
        if isinstance(points, dict):
            joined.update(points)
    return joined


def run_name(data: Any) -> str:
    """The id that a publisher gave its run in the data of ``training_started``; '' where it gave none."""
    name = data.get("run_id") if isinstance(data, dict) else None
    return name if isinstance(name, str) and len(name) <= NAME else ""
