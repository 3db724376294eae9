"""The typed names under which the parts of one server find each other.

Handlers reach the domain through these and through nothing else: there are no globals and no strings as keys.
"""

from __future__ import annotations

from aiohttp import web

from spectator.manager import Manager
from spectator.settings import Settings

MANAGER: web.AppKey[Manager] = web.AppKey("MANAGER", Manager)
SETTINGS: web.AppKey[Settings] = web.AppKey("SETTINGS", Settings)
