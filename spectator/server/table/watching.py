"""The calls of who looks on, back, or takes it along."""

from __future__ import annotations

from typing import Final

from rooms import (
    RoomFull,
)
from spectator.server import answers, bodies, policy
from spectator.server.calls import export, watching
from spectator.server.routes import Route
from spectator.server.table.refusals import ENDED

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/rooms/{room}/history",
        watching.history,
        policy.WATCHER,
        "The course of the metrics, thinned so that extremes and the last point stay.",
        query=bodies.HistoryQuery,
        answers={200: answers.HistoryAnswer},
    ),
    Route(
        "GET",
        "/rooms/{room}/export",
        export.export,
        policy.WATCHER,
        "What was recorded, as a file: every event (json, ndjson) or a table of the metrics (csv).",
        audit="export",
        query=bodies.ExportQuery,
        answers={200: None},
        own_pace=True,
        gives=tuple(export.TYPES.values()),
    ),
    Route(
        "GET",
        "/rooms/{room}/stream",
        watching.stream,
        policy.STREAMER,
        "Watch by Server-Sent Events; holds a seat like a socket.",
        audit="watch",
        answers={200: None},
        refusals=(RoomFull, *ENDED),
        finds_room=False,
        own_pace=True,
        gives=("text/event-stream",),
        headers={"Last-Event-ID": "The cursor to go on from."},
    ),
)
