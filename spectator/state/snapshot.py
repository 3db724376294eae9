"""The picture a late joiner begins with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from spectator.overlay import DEFAULT_GRAPHS, Graph, effective_graphs, graph_config
from spectator.series import Columns, Series
from spectator.state.recent import Kept, Recent
from spectator.state.state import Run, State

LIMIT: Final = 128 * 1024
MOST_SERIES: Final = 30
MOST_BUCKETS: Final = 120
_LEAST_BUCKETS: Final = 10
_STATE_SHARE: Final = 0.6
"""The part of the limit that the newest events may take before series get theirs."""
_NAMES_SHARE: Final = 0.1
_DIGITS: Final = 7
"""Significant digits of older points, where a snapshot would else be too long. The last point keeps all."""

_encode = msgspec.json.Encoder().encode


def snapshot(state: State, *, graphs: Sequence[Graph] = DEFAULT_GRAPHS, limit: int = LIMIT) -> dict[str, Any]:
    """Return the ``snapshot`` message as protocol.md has it; encoded it takes at most ``limit`` bytes.

    ``state`` holds under each state key the newest event (metrics events joined: the newest value of every
    name), and beside them ``run``, ``alerts``, ``logs``, ``training_events`` and ``episodes`` (the newest of
    each, oldest first). What did not fit is named in ``omitted``. Of the series those of the graphs come
    first, then those that began first; the names of the others stand in ``more``, and /history has them.
    """
    drawn = effective_graphs(graphs, _published(state))
    message: dict[str, Any] = {
        "type": "snapshot",
        "cursor": state.cursor.text,
        "seq": state.cursor.seq,
        "state": {},
        "graphs": graph_config(drawn)["graphs"],
        "series": {},
    }
    left = int(limit * _STATE_SHARE) - len(_encode(message))
    message["state"], omitted = _newest(state, left)
    if omitted:
        message["omitted"] = omitted
    chosen, others = _choose(state, drawn)
    if others:
        message["more"] = _within(others, int(limit * _NAMES_SHARE))
    message["series"] = _series(chosen, limit - len(_encode(message)) - 16)
    return message


def opening(state: State, *, graphs: Sequence[Graph] = DEFAULT_GRAPHS) -> list[tuple[int, dict[str, Any]]]:
    """Return how a flat viewer's stream begins: (seq, event) of ``graph_config`` and the newest of a kind."""
    drawn = effective_graphs(graphs, _published(state))
    configured = {**graph_config(drawn), "timestamp": _iso(state.run.started_ms) if state.run else None}
    kept = [kept for key, kept in state.newest.items() if key != "graph_config"]
    for recent in (state.alerts, state.lines, state.life):
        kept.extend(list(recent)[-1:])
    return [(state.cursor.seq, configured), *sorted(((one.seq, one.event) for one in kept), key=_number)]


def _number(numbered: tuple[int, dict[str, Any]]) -> int:
    return numbered[0]


def _published(state: State) -> dict[str, Any] | None:
    kept = state.newest.get("graph_config")
    return None if kept is None else kept.event


def _newest(state: State, left: int) -> tuple[dict[str, Any], list[str]]:
    """The newest of everything that fits, what changed last first; and the keys of what does not fit."""
    chosen: dict[str, Any] = {}
    omitted: list[str] = []
    if state.run is not None:
        chosen["run"] = _run(state.run)
    left -= 200
    for key, kept in reversed(state.newest.items()):
        if key == "graph_config":
            continue
        size = len(_encode(kept.event)) + len(key) + 32
        if size > left:
            omitted.append(key)
            continue
        left -= size
        chosen[key] = {"seq": kept.seq, **kept.event}
    for name, recent, most in (
        ("training_events", state.life, 10),
        ("alerts", state.alerts, 20),
        ("logs", state.lines, 20),
    ):
        chosen[name], left = _tail(recent, most, left)
    episodes = [episode.as_dict() for episode in state.episodes.values()][-20:]
    if (size := len(_encode(episodes))) <= left:
        chosen["episodes"] = episodes
    return chosen, _within(omitted, left - size if size <= left else left)


def _tail(recent: Recent, most: int, left: int) -> tuple[list[dict[str, Any]], int]:
    """The newest of a list, as many as fit, oldest first; and how much is left then."""
    chosen: list[dict[str, Any]] = []
    for kept in reversed(list(recent)[-most:]):
        event = _numbered(kept)
        size = len(_encode(event)) + 1
        if size > left:
            break
        left -= size
        chosen.append(event)
    return chosen[::-1], left


def _numbered(kept: Kept) -> dict[str, Any]:
    return {"seq": kept.seq, **kept.event}


def _run(run: Run) -> dict[str, Any]:
    ended = None if run.ended_ms is None else _iso(run.ended_ms)
    return {"id": run.id, "status": run.status, "started_at": _iso(run.started_ms), "ended_at": ended}


def _iso(time_ms: int) -> str:
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _choose(state: State, graphs: Iterable[Graph]) -> tuple[dict[str, Series], list[str]]:
    """The series of a snapshot, and the names of the others."""
    first = dict.fromkeys(name for graph in graphs for name in graph.metrics if name in state.series)
    names = list(first | dict.fromkeys(state.series))
    return {name: state.series[name] for name in names[:MOST_SERIES]}, names[MOST_SERIES:]


def _within(names: list[str], left: int) -> list[str]:
    """As many of the names as fit."""
    fitting = []
    for name in names:
        left -= len(_encode(name)) + 1
        if left < 0:
            break
        fitting.append(name)
    return fitting


def _series(chosen: dict[str, Series], left: int) -> dict[str, Columns]:
    """The series in as many buckets as fit: first with all digits, then with fewer, then in fewer buckets."""
    buckets, rounded = MOST_BUCKETS, False
    reduced = {name: one.reduced(buckets) for name, one in chosen.items()}
    while reduced:
        series = {name: _columns(one, buckets, rounded) for name, one in reduced.items()}
        size = len(_encode(series))
        if size <= left:
            return series
        if not rounded:
            rounded = True
        elif buckets > _LEAST_BUCKETS:
            buckets = max(_LEAST_BUCKETS, min(buckets - 1, int(buckets * left / size)))
        else:
            reduced = dict(list(reduced.items())[: len(reduced) // 2])
    return {}


def _columns(series: Series, buckets: int, rounded: bool) -> Columns:
    columns = series.buckets(buckets)
    if rounded:
        for name in ("min", "max", "last"):
            column = columns[name]
            columns[name] = [*map(_short, column[:-1]), column[-1]]
    return columns


def _short(value: float | None) -> float | int | None:
    return value if value is None or isinstance(value, int) else float(f"{value:.{_DIGITS}g}")
