"""Who is calling: the bearer of a request, and what the local network may not do."""

from __future__ import annotations

from aiohttp import web

from rooms import Caller, NotAllowed, Unauthorized
from spectator.server.hosts import budget_name, from_loopback
from spectator.server.keys import DOORMAN, MANAGER, SETTINGS

LONGEST_BEARER = 4096
_KEYS = frozenset({"api_key", "operator"})


def bearer_of(request: web.Request) -> str | None:
    """The credential of the ``Authorization`` header, None where there is no such header.

    Raises:
        Unauthorized: the header is there and is no single ``Bearer`` credential.
    """
    given = request.headers.getall("Authorization", [])
    if not given:
        return None
    scheme, _, credential = given[0].partition(" ")
    credential = credential.strip()
    one = len(given) == 1 and scheme.lower() == "bearer" and credential.isascii()
    if not one or not 0 < len(credential) <= LONGEST_BEARER:
        raise Unauthorized("Send one credential, as Authorization: Bearer ….")
    return credential


def client_of(request: web.Request) -> str:
    """The name under which a client's failures are counted: an IPv4 address or an IPv6 network of /64."""
    return budget_name(request.app[DOORMAN].client(request))


async def caller_of(request: web.Request, credential: str | None) -> Caller:
    """Who presents ``credential`` (None: nobody) over this connection.

    Raises:
        Unauthorized: it is not valid.
        NotAllowed: an API or operator key crossed a network as plain text, where it can be read along.
        StoreUnavailable: it could not be looked up.
    """
    rooms = request.app[MANAGER].rooms
    caller = await rooms.caller(credential)
    if caller.kind in _KEYS:
        _check_way(request)
        rooms.audit.key_used(caller, client_of(request))
    return caller


def _check_way(request: web.Request) -> None:
    """Refuse a key that came a way on which others can read it."""
    doorman = request.app[DOORMAN]
    if request.app[SETTINGS].lan:
        if not from_loopback(doorman.client(request)):
            raise NotAllowed("With --lan, API and operator keys are taken on this machine's loopback only.")
    elif doorman.readable(request):
        raise NotAllowed(
            "API and operator keys are taken over TLS only: connect through the proxy. One that is elsewhere "
            "than on this machine is named by SPECTATOR_TRUSTED_PROXIES."
        )
