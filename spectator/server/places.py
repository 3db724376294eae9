"""The addresses that are no calls of the API: pages, files, the socket, health. All of them, in one table.

Together with ``table.ROUTES`` it is everything there is: the router is built from the two, and what else
might find its way into it is not answered.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from spectator.server import metrics, pages, policy, ws
from spectator.server.calls import health
from spectator.server.routes import Place

PLACES: Final[tuple[Place, ...]] = (
    Place("/", pages.arrive, policy.ANYONE, "The page where a code is typed."),
    Place("/r/{code}", pages.room, policy.ANYONE, "The page of a room, the same for every code."),
    Place("/static/{name:.+}", pages.file, policy.ANYONE, "The page's files."),
    Place("/favicon.ico", pages.icon, policy.ANYONE, "What browsers ask for by themselves."),
    Place("/docs", pages.docs, policy.ANYONE, "The API, for people."),
    Place("/docs.css", pages.docs_style, policy.ANYONE, "The look of that page."),
    Place("/openapi.json", pages.document, policy.ANYONE, "The API, for programs."),
    Place("/healthz", health.alive, policy.ANYONE, "The process answers."),
    Place("/readyz", health.ready, policy.ANYONE, "The store answers too."),
    Place("/metrics", metrics.show, policy.METRICS_READER, "The numbers of this server, for Prometheus."),
    Place(
        "/ws/rooms/{room}",
        ws.handle,
        # Everything but Host and Origin is refused after the handshake, by a close code.
        policy.SOCKET,
        "Watch over a WebSocket.",
        methods=("GET",),
    ),
)


def add_places(router: web.UrlDispatcher) -> None:
    """Give the router every address of the table."""
    for place in PLACES:
        resource = router.add_resource(place.path)
        for method in place.methods:
            resource.add_route(method, place.handler)
