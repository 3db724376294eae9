"""The typed names under which the parts of one server find each other.

Handlers reach the domain through these and through nothing else: there are no globals and no strings as keys.
"""

from __future__ import annotations

from aiohttp import web

from spectator.manager import Manager
from spectator.server.hosts import Doorman
from spectator.server.metered import Meter
from spectator.server.turns import Lanes, Turns
from spectator.server.webhooks import Webhooks
from spectator.settings import Settings

MANAGER: web.AppKey[Manager] = web.AppKey("MANAGER", Manager)
SETTINGS: web.AppKey[Settings] = web.AppKey("SETTINGS", Settings)
DOORMAN: web.AppKey[Doorman] = web.AppKey("DOORMAN", Doorman)
TURNS: web.AppKey[Turns] = web.AppKey("TURNS", Turns)
PUBLISHING: web.AppKey[Turns] = web.AppKey("PUBLISHING", Turns)
"""Turns of those who publish: what people watch does not stand in line behind strangers at the door."""

WATCHING: web.AppKey[Turns] = web.AppKey("WATCHING", Turns)
"""Turns of those who come to watch: whoever was let in, or comes back, is not in line behind those who ask to
be. In one line a node that cannot keep up lets people in who then do not get to watch."""

GUESSING: web.AppKey[Turns] = web.AppKey("GUESSING", Turns)
"""Turns of those who try a password: fewer, because each waits for a hash and would hold up all others."""

LISTING: web.AppKey[Lanes] = web.AppKey("LISTING", Lanes)
"""Turns of those who list all rooms of a tenant, by tenant: one that asks for much holds up itself."""

WEBHOOKS: web.AppKey[Webhooks] = web.AppKey("WEBHOOKS", Webhooks)
METER: web.AppKey[Meter] = web.AppKey("METER", Meter)
JOIN_ROOT: web.AppKey[str] = web.AppKey("JOIN_ROOT", str)
"""Where spectators find this server, without a trailing slash; empty: wherever they asked."""

TABLE: web.AppKey[frozenset[web.AbstractRoute]] = web.AppKey("TABLE", frozenset)
"""The routes that were made from the two tables; any other is not answered."""

HOST: web.RequestKey[str] = web.RequestKey("HOST", str)
"""The Host of a request, once it has passed the Host rule."""
