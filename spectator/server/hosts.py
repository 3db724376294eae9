"""Who may be asked for here: the Host and Origin rules, and where a request really comes from.

Without them a foreign page could reach a server on loopback by rebinding its own name's address (Host), or
talk to it from a visitor's browser (Origin).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from rooms import HostNotAllowed, OriginNotAllowed
from spectator.settings import LOOPBACK_NAMES, LOOPBACK_NETWORKS, Settings

_HOST: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Authority:
    """A host (lower case, no brackets, IPv6 in its short form) and a port, None where none was written."""

    name: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Authority | None:
        """Read ``name``, ``name:port``, ``[v6]`` or ``[v6]:port``; None for anything else."""
        match = _HOST.fullmatch(text)
        if match is None:
            return None
        port = int(match["port"]) if match["port"] else None
        name = match["name"].lower()
        if name.startswith("["):
            try:
                name = str(ipaddress.IPv6Address(name.strip("[]")))
            except ValueError:
                return None
        if port is not None and port > _HIGHEST_PORT:
            return None
        return cls(name.removesuffix("."), port)

    @property
    def loopback(self) -> bool:
        """Whether the name can only mean this machine."""
        return self.name in LOOPBACK_NAMES or self.name.endswith(".localhost") or _is_loopback(self.name)


class Doorman:
    """Decides for each request whether its Host and Origin are ours, and knows where it comes from.

    Args:
        settings: ``hosts``, ``public_url``, ``behind_proxy`` and ``trusted_proxies`` are read.
    """

    def __init__(self, settings: Settings) -> None:
        trusted = (settings.trusted_proxies or LOOPBACK_NETWORKS) if settings.behind_proxy else ()
        self._trusted = tuple(ipaddress.ip_network(network) for network in trusted)
        own = socket.gethostname().lower()
        self._own_names = {own, f"{own}.local"}
        self._listed: set[tuple[str, int | None]] = set()
        public = (urlsplit(settings.public_url).netloc,) if settings.public_url else ()
        for text in (*settings.hosts, *public):
            if (authority := Authority.parse(text)) is not None:
                self._listed.add((authority.name, authority.port))

    def check(self, request: web.Request) -> str:
        """Return the Host as it was asked for.

        Raises:
            HostNotAllowed: the request was meant for somebody else.
            OriginNotAllowed: a foreign page made it.
        """
        host = self.host(request)
        authority = Authority.parse(host)
        if authority is None or not self._ours(request, authority) or not _same_target(request, authority):
            raise HostNotAllowed
        origins = request.headers.getall("Origin", [])
        if len(origins) > 1 or (origins and not self._own_origin(origins[0], authority)):
            raise OriginNotAllowed
        if not origins and _from_foreign_page(request):
            raise OriginNotAllowed
        return host

    def host(self, request: web.Request) -> str:
        """The Host header; empty when there is not exactly one. ``X-Forwarded-Host`` counts for nothing."""
        given = request.headers.getall("Host", [])
        return given[0] if len(given) == 1 else ""

    def scheme(self, request: web.Request) -> str:
        """``http`` or ``https``, as the visitor's browser sees it."""
        if is_tls(request) or (self.from_proxy(request) and _last(request, "X-Forwarded-Proto") == "https"):
            return "https"
        return "http"

    def client(self, request: web.Request) -> str:
        """The address of who asks: what the first proxy that is trusted was connected from.

        The list is read from its end, where the nearest proxy wrote; what stands before the first address
        that is no trusted proxy's was written by whoever asked, and may be invented.
        """
        nearest = peer_of(request)
        if not self.from_proxy(request):
            return nearest
        for text in reversed(",".join(request.headers.getall("X-Forwarded-For", [])).split(",")):
            address = _without_port(text.strip())
            if _parsed(address) is None:
                return nearest  # "unknown", "_hidden", nothing: no further than the proxy itself
            nearest = address
            if not self._is_trusted(address):
                return nearest
        return nearest

    def from_proxy(self, request: web.Request) -> bool:
        """Whether the other end of this very connection is a proxy whose headers count."""
        return bool(self._trusted) and self._is_trusted(peer_of(request))

    def counted_as(self, peer: str) -> str:
        """The name under which connections of this peer are counted; none for a proxy, which is many."""
        return "" if not peer or (self._trusted and self._is_trusted(peer)) else budget_name(peer)

    def readable(self, request: web.Request) -> bool:
        """Whether what is sent crossed a network as plain text: no TLS, not this machine, no proxy."""
        return not (is_tls(request) or self.from_proxy(request) or _is_loopback(peer_of(request)))

    def _is_trusted(self, address: str) -> bool:
        ip = _parsed(address)
        return ip is not None and any(ip in network for network in self._trusted)

    def _ours(self, request: web.Request, asked: Authority) -> bool:
        if asked.loopback or self._is_listed(asked):
            return True
        # The address this very connection came in on is a bound one, whatever "0.0.0.0" was bound to.
        address, port = _address(request, "sockname")
        own = (address.split("%", 1)[0], *self._own_names)
        return asked.name in own and (asked.port or _DEFAULT_PORTS[self.scheme(request)]) == port

    def _is_listed(self, asked: Authority) -> bool:
        return (asked.name, asked.port) in self._listed or (asked.name, None) in self._listed

    def _own_origin(self, origin: str, host: Authority) -> bool:
        scheme, _, rest = origin.partition("://")
        asked = Authority.parse(rest)
        default = _DEFAULT_PORTS.get(scheme)
        if asked is None or default is None:
            return False
        same = (asked.name, asked.port or default) == (host.name, host.port or default)
        return same or self._is_listed(asked)


@lru_cache(maxsize=4096)
def budget_name(address: str) -> str:
    """Under which name the failures of a client are counted: its IPv4 address, or its IPv6 network of /64."""
    ip = _parsed(address)
    if ip is None:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def is_tls(request: web.BaseRequest) -> bool:
    """Whether this server itself decrypted the connection."""
    return request.transport is not None and request.transport.get_extra_info("ssl_object") is not None


def peer_of(request: web.Request) -> str:
    """The address at the other end of the connection: the nearest proxy's, where there is one.

    Also of a connection that has ended meanwhile, for what is written down of it then.
    """
    return _address(request, "peername")[0] or request.remote or ""


def from_loopback(address: str) -> bool:
    """Whether a client address is this machine's own loopback."""
    return _is_loopback(address)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address without its zone, as IPv4 where IPv6 only carries one; None for what is no address."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


def _is_loopback(address: str) -> bool:
    ip = _parsed(address)
    return ip is not None and ip.is_loopback


def _without_port(address: str) -> str:
    """``192.0.2.1:4711`` and ``[2001:db8::1]:4711``, as some proxies write, without their ports."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    name, colon, port = address.partition(":")
    return name if colon and port.isdigit() else address


def _from_foreign_page(request: web.Request) -> bool:
    """Whether another site's page asks, as far as its browser says so: a picture, a script, a fetch unread.

    Browsers name no Origin there. A link that somebody follows is welcome, but not into the calls of the API:
    a wrong code costs whoever sends it, and no page may spend that for its visitors.
    """
    if request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
        return False
    return request.headers.get("Sec-Fetch-Mode") != "navigate" or request.path.startswith(("/api/", "/ws/"))


def _same_target(request: web.Request, host: Authority) -> bool:
    """Whether a request for a whole URL (``GET http://name/path``) names the same host as its Host header."""
    target = request.raw_path
    if target.startswith("/") or target == "*":
        return True
    return Authority.parse(urlsplit(target).netloc) == host


def _last(request: web.Request, header: str) -> str:
    """The last value of a list header: what the nearest proxy wrote; the rest may be invented."""
    values = request.headers.getall(header, [])
    return values[-1].rsplit(",", 1)[-1].strip() if values else ""


def _address(request: web.Request, end: str) -> tuple[str, int]:
    """The address and port of one end of the connection, empty for what is no TCP connection."""
    found = request.transport.get_extra_info(end) if request.transport else None
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) and len(found) >= 2 else ("", 0)
