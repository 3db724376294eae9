"""The reducer: how an event changes the state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import nan
from typing import Any, Final

from spectator.events import AXES, CLASS_OF, LIFE, EventClass, parse, run_name, state_key
from spectator.log import Cursor, Entry
from spectator.overlay import Completed, Figures, completed, finite, number, values_of
from spectator.series import Series
from spectator.state.episodes import index
from spectator.state.recent import Kept
from spectator.state.state import MOST_SERIES, Run, State

_LATEST_S: Final = 253_402_300_799
_SAMPLES: Final = frozenset(("training_metrics", "episode_metrics", "metric"))
_JOINED: Final = frozenset(("training_metrics", "episode_metrics"))
_GRAPHS: Final = "graph_config"


def fold(state: State, event: dict[str, Any], seq: int, time_ms: int, *, size: int = 0) -> State:
    """Fold one event into the state and return the state.

    Pure as a reducer is: no clock, no chance, no I/O; the same events give the same state, whether folded
    from the start or onto a checkpoint. The state is changed in place and may keep the
    event, which nobody changes. ``time_ms`` is the entry's time, used
    where the event has no usable timestamp; ``size`` the event's length in bytes, by which old texts are
    dropped. Never raises on the content of an event.
    """
    _fold(state, event, seq, time_ms, size)
    return state


def advance(state: State, entry: Entry, epoch: int) -> list[Completed]:
    """Fold a whole entry, move the state's cursor behind it, and return its events for viewers."""
    folded = []
    for seq, raw in enumerate(entry.events, entry.first):
        event = parse(raw)
        derived = _fold(state, event, seq, entry.time_ms, len(raw))
        folded.append(completed(seq, event, derived, raw))
    state.cursor = Cursor(epoch, entry.last, entry.tag)
    return folded


def _fold(state: State, event: dict[str, Any], seq: int, time_ms: int, size: int) -> dict[str, float]:
    """Fold one event and return what the overlay derives from it."""
    kind = event.get("type")
    held = CLASS_OF.get(kind) if isinstance(kind, str) else None
    if held is None:
        return {}
    at_ms = time_of(event.get("timestamp"), time_ms)
    if state.run is None or kind == "training_event":
        _live(state, event, seq, at_ms)
    if kind in _SAMPLES:
        return _sample(state, event, seq, at_ms, size)
    kept = Kept(seq, event, size)
    if held is EventClass.EPISODE:
        index(state.episodes, event, seq, at_ms)
        if kind == "episode_start":
            # Its metadata describes the world in which the agent moves: a late joiner draws it from here.
            state.newest.put(state_key(event), kept)
    elif kind == "alert":
        state.alerts.add(kept)
    elif kind == "log":
        state.lines.add(kept)
    elif kind == "training_event":
        state.life.add(kept)
    elif kind == "graph_update":
        _points(state, event, at_ms)
    else:
        state.newest.put(state_key(event), kept)
    return {}


def time_of(timestamp: Any, time_ms: int) -> int:
    """The time an event gives itself, in ms; the entry's where it gives none that can be read."""
    if isinstance(timestamp, str):
        try:
            moment = datetime.fromisoformat(timestamp)
        except ValueError:
            return time_ms
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        # Whole milliseconds without the rounding of floats.
        since = moment - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    if isinstance(timestamp, int | float) and 0 <= timestamp <= _LATEST_S:
        return round(timestamp * 1000)
    return time_ms


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _live(state: State, event: Mapping[str, Any], seq: int, at_ms: int) -> None:
    """Begin or end a run. A new one begins with empty charts."""
    said = event.get("event") if event["type"] == "training_event" else None
    status = LIFE.get(said) if isinstance(said, str) else None
    if status == "active":
        state.series, state.episodes = {}, {}
        state.figures, state.refused = Figures(), 0
        state.newest.clear(but=_GRAPHS)
        state.run = None
    if state.run is None:
        named = run_name(event.get("data")) if status == "active" else ""
        state.run = Run(named or f"run-{seq}", at_ms)
    if status is not None and status != "active":
        state.run.status, state.run.ended_ms = status, at_ms


def _sample(state: State, event: dict[str, Any], seq: int, at_ms: int, size: int) -> dict[str, float]:
    """Add the numbers of a metrics event to their series, and what the overlay makes of them."""
    values = values_of(event)
    numbers = finite(values)
    derived = state.figures.complete(numbers, values)
    place = (axis("step", event, values), axis("episode", event, values), at_ms)
    series = state.series
    suffix = f"@{event['source']}" if "source" in event else ""
    for plain, value in numbers.items():
        name = plain + suffix if suffix else plain
        found = series.get(name)
        if found is None:
            if plain in AXES:
                continue
            if len(series) >= MOST_SERIES:
                state.refused += 1
                continue
            found = series[name] = Series()
        found.add(value, *place)
    for name, value in derived.items():
        found = series.get(name)
        if found is None:
            found = series[name] = Series()
        found.add(value, *place)
    kept = Kept(seq, event, size)
    if event["type"] in _JOINED:
        if values:
            state.newest.join(state_key(event), kept)
    else:
        state.newest.put(state_key(event), kept)
    return derived


def axis(name: str, event: Mapping[str, Any], values: Mapping[str, Any]) -> float:
    """Where on an axis a metrics event lies: said beside its values or among them, else NaN."""
    place = number(event.get(name))
    if place is None:
        place = number(values.get(name))
    return nan if place is None else place


def _points(state: State, event: Mapping[str, Any], at_ms: int) -> None:
    """Add the points of a ``graph_update`` that a publisher made itself."""
    graphs = event.get("graphs")
    for graph in graphs if isinstance(graphs, list) else ():
        points = graph.get("data_points") if isinstance(graph, dict) else None
        for name, value in finite(points).items() if isinstance(points, dict) else ():
            found = state.series.get(name)
            if found is None:
                if len(state.series) >= MOST_SERIES:
                    state.refused += 1
                    continue
                found = state.series[name] = Series()
            found.add(value, nan, nan, at_ms)
