"""One server as an aiohttp application: doors, calls of the API, sockets, pages."""

from __future__ import annotations

from functools import cache

from aiohttp import web

from spectator.manager import Manager
from spectator.server.api import add_routes
from spectator.server.guard import guard
from spectator.server.headers import add_security_headers, part_when_stopping
from spectator.server.hosts import Doorman
from spectator.server.intake import EVENTS_BODY_LIMIT
from spectator.server.keys import (
    DOORMAN,
    GUESSING,
    JOIN_ROOT,
    LISTING,
    MANAGER,
    METER,
    PUBLISHING,
    SETTINGS,
    TABLE,
    TURNS,
    WATCHING,
    WEBHOOKS,
)
from spectator.server.metered import Meter
from spectator.server.pages import PAGES, Documents, Pages, static_folder
from spectator.server.places import PLACES, add_places
from spectator.server.table import ROUTES
from spectator.server.turns import GUESS_WAITS_S, GUESSES_AT_ONCE, LISTS_AT_ONCE, Lanes, Turns
from spectator.server.under_way import UNDER_WAY, UnderWay, counted
from spectator.server.webhooks import Webhooks
from spectator.settings import Settings


def make_app(manager: Manager, settings: Settings, *, join_root: str = "") -> web.Application:
    """Build the application over a started manager; whoever made the manager stops it.

    Args:
        manager: the domain.
        settings: who may ask (hosts, proxy, lan), where the page's files are.
        join_root: where spectators elsewhere find this server (``http://192.168.1.5:8000``); empty: wherever
            whoever asks has found it.
    """
    app = web.Application(middlewares=[counted, guard], client_max_size=EVENTS_BODY_LIMIT)
    app[MANAGER] = manager
    app[UNDER_WAY] = UnderWay()
    app[SETTINGS] = settings
    app[DOORMAN] = Doorman(settings)
    app[TURNS], app[WATCHING], app[PUBLISHING] = Turns(), Turns(), Turns()
    app[GUESSING] = Turns(GUESSES_AT_ONCE, GUESS_WAITS_S)
    app[LISTING] = Lanes(LISTS_AT_ONCE)
    app[JOIN_ROOT] = join_root
    app[METER] = Meter(manager)
    app[WEBHOOKS] = Webhooks(settings.webhook_networks)
    app.on_cleanup.append(_stop_webhooks)
    app.on_response_prepare.append(add_security_headers)
    app.on_response_prepare.append(part_when_stopping)
    app[PAGES] = Pages(static_folder(settings), documents())
    add_routes(app, ROUTES)
    add_places(app.router)
    app[TABLE] = frozenset(app.router.routes())
    return app


@cache
def documents() -> Documents:
    """What is told of the API, made once a process: it takes a tenth of a second, for which no loop stops."""
    return Documents.of(ROUTES, PLACES)


async def _stop_webhooks(app: web.Application) -> None:
    await app[WEBHOOKS].stop()
