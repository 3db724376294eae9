"""Alive, and able to serve. Asked by load balancers and by programs that look for the server."""

from __future__ import annotations

from aiohttp import web

from rooms import Busy
from spectator.nodes import version
from spectator.server.answers import HealthAnswer, reply
from spectator.server.keys import MANAGER


async def alive(_request: web.Request) -> web.Response:
    """The process answers; the store is not asked."""
    return reply(HealthAnswer(status="ok", version=version()))


async def ready(request: web.Request) -> web.Response:
    """The store answers as well, and this node stays. Raises ``StoreUnavailable``, ``Busy`` (503)."""
    if request.app[MANAGER].hub.stopping:
        raise Busy("This server is on its way out.", retry_after=1)
    await request.app[MANAGER].check_store()
    return reply(HealthAnswer(status="ready", version=version()))
