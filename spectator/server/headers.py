"""Headers that every answer carries, set in one place by one signal.

The policy forbids inline scripts and styles and anything from another host. ``connect-src`` names the
socket's address beside ``'self'`` because Safari before 15.4 does not count ``ws:`` as ``'self'``.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from spectator.server.hosts import is_tls
from spectator.server.keys import HOST, MANAGER
from spectator.server.observing import SEEN

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Server": "spectator",
}
"""What every answer carries; the policy is that of anything but a page: nothing may run in it."""

PAGE_HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
"""What means something on a document only; a page has forty files, and so would each header."""

_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; connect-src 'self'{sockets}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def content_security_policy(host: str | None) -> str:
    """The policy of a page that was asked for under ``host``, once it passed the Host rule."""
    sockets = f" ws://{host} wss://{host}" if host else ""
    return _PAGE_POLICY.format(sockets=sockets)


_SWITCHING: Final = 101

TLS_HEADERS: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""Said over TLS alone: a browser that has heard it asks this name by https only, whatever port it asks."""


def security_headers(request: web.BaseRequest) -> dict[str, str]:
    """What every answer to this request carries."""
    return SECURITY_HEADERS | TLS_HEADERS if is_tls(request) else SECURITY_HEADERS


async def part_when_stopping(request: web.Request, response: web.StreamResponse) -> None:
    """``on_response_prepare``: a node on its way out keeps no connection for a further question.

    Whoever asks it again over this one would find nobody; a new one may lead to another node.
    """
    if response.status != _SWITCHING and request.app[MANAGER].hub.stopping:
        response.force_close()
        response.headers["Connection"] = "close"


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """``on_response_prepare``: complete the headers of any answer, page, problem or handshake."""
    headers = response.headers
    headers.update(security_headers(request))
    if response.content_type == "text/html":
        headers.update(PAGE_HEADERS)
        headers["Content-Security-Policy"] = content_security_policy(request.get(HOST))
    headers.setdefault("Cache-Control", "no-store")
    if SEEN in request:  # what never reached the application has none
        headers["X-Request-ID"] = request[SEEN].id
