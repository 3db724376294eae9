"""The calls of the API, all of them, in one table; in modules only so that each can be read in a sitting."""

from __future__ import annotations

from typing import Final

from spectator.server.routes import Route
from spectator.server.table import people, rooms, tenants, watching

__all__ = ["ROUTES"]

ROUTES: Final[tuple[Route, ...]] = (
    # The router asks from the top: what is called most often (publishing) is the first of the rooms' calls.
    *rooms.ROUTES,
    *people.ROUTES,
    *watching.ROUTES,
    *tenants.ROUTES,
)
