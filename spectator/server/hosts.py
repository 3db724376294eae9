"""Who may be asked for here: the Host and Origin rules, and where a request really comes from.

Without them a foreign page could reach a server on loopback by rebinding its own name's address (Host), or
talk to it from a visitor's browser (Origin).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from rooms import HostNotAllowed, OriginNotAllowed
from spectator.settings import LOOPBACK_NAMES, Settings

_HOST: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Authority:
    """A host name (lower case, without brackets) and a port, None where none was written."""

    name: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Authority | None:
        """Read ``name``, ``name:port``, ``[v6]`` or ``[v6]:port``; None for anything else."""
        match = _HOST.fullmatch(text)
        if match is None:
            return None
        port = int(match["port"]) if match["port"] else None
        return cls(match["name"].lower().strip("[]").rstrip("."), port)

    @property
    def loopback(self) -> bool:
        """Whether the name can only mean this machine."""
        return self.name in LOOPBACK_NAMES or self.name.endswith(".localhost") or _is_loopback(self.name)


class Doorman:
    """Decides for each request whether its Host and Origin are ours, and knows where it comes from.

    Args:
        settings: ``hosts``, ``public_url`` and ``behind_proxy`` are read.
    """

    def __init__(self, settings: Settings) -> None:
        self._behind_proxy = settings.behind_proxy
        self._lan = settings.lan
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
        if authority is None or not self._ours(request, authority):
            raise HostNotAllowed
        origins = request.headers.getall("Origin", [])
        if len(origins) > 1 or (origins and not self._own_origin(origins[0], authority)):
            raise OriginNotAllowed
        return host

    def host(self, request: web.Request) -> str:
        """The Host header, or what the proxy in front says it was; empty when there is not exactly one."""
        if forwarded := self._forwarded(request, "X-Forwarded-Host"):
            return forwarded
        given = request.headers.getall("Host", [])
        return given[0] if len(given) == 1 else ""

    def scheme(self, request: web.Request) -> str:
        """``http`` or ``https``, as the visitor's browser sees it."""
        if self._forwarded(request, "X-Forwarded-Proto") == "https":
            return "https"
        return "http"

    def client(self, request: web.Request) -> str:
        """The address of who asks; behind a proxy the one the nearest proxy saw."""
        return self._forwarded(request, "X-Forwarded-For") or _address(request, "peername")[0]

    def _forwarded(self, request: web.Request, header: str) -> str:
        """What the proxy in front says; empty without one.

        With ``--lan`` the network reaches this server past the proxy, and could say anything: then only a
        proxy on this machine is believed.
        """
        if not self._behind_proxy or (self._lan and not _is_loopback(_address(request, "peername")[0])):
            return ""
        return _last(request, header)

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


def budget_name(address: str) -> str:
    """Under which name the failures of a client are counted: its IPv4 address, or its IPv6 network of /64."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def _is_loopback(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def from_loopback(address: str) -> bool:
    """Whether a client address is this machine's own loopback."""
    return _is_loopback(address)


def _last(request: web.Request, header: str) -> str:
    """The last value of a list header: what the nearest proxy wrote; the rest may be invented."""
    values = request.headers.getall(header, [])
    return values[-1].rsplit(",", 1)[-1].strip() if values else ""


def _address(request: web.Request, end: str) -> tuple[str, int]:
    """The address and port of one end of the connection, empty for what is no TCP connection."""
    found = request.transport.get_extra_info(end) if request.transport else None
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) and len(found) >= 2 else ("", 0)
