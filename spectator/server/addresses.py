"""Which addresses this server calls by itself: the public ones, and what its operator lists. Pure.

An address is judged when it is connected to, never by its name: a name may lead anywhere, and elsewhere at
the next look (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_V6: Final = tuple(
    # Tunnels into IPv4 (6to4, Teredo and other protocol assignments), documentation.
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NOT_V4: Final = (ipaddress.IPv4Network("192.88.99.0/24"), ipaddress.IPv4Network("192.0.0.0/24"))


class ForbiddenAddressError(OSError):
    """An address that this server does not call; it names none, so that a log learns nothing."""

    def __init__(self) -> None:
        super().__init__("an address that is not public, nor listed in SPECTATOR_WEBHOOK_NETWORKS")


def plain(text: str) -> Address | None:
    """An address as written (brackets and a zone are left out), an IPv4 one where IPv6 only wraps it."""
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found in _NAT64:
            return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found


def is_public(address: Address) -> bool:
    """Whether an address (as ``plain`` gives it) is one of the public internet, reached without a tunnel."""
    if isinstance(address, ipaddress.IPv4Address):
        special = address.is_multicast or address.is_reserved or any(address in one for one in _NOT_V4)
        return address.is_global and not special
    return address in _UNICAST and address.is_global and not any(address in one for one in _NOT_V6)


def is_listed(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the operator listed a network that the address is in."""
    return any(address in one for one in networks)


class Guarded:
    """Makes the sockets of outgoing connections, after a look at the address that each will connect to.

    Args:
        networks: what the operator listed.
        public: whether public addresses are called too.
    """

    def __init__(self, networks: Sequence[Network], *, public: bool) -> None:
        self._networks = networks
        self._public = public

    def allows(self, text: str) -> bool:
        """Whether an address (not a name) may be called."""
        address = plain(text)
        if address is None:
            return False
        return is_listed(address, self._networks) or (self._public and is_public(address))

    def __call__(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for one answer of getaddrinfo. Raises ``ForbiddenAddressError``."""
        family, kind, protocol, _, where = info
        if not self.allows(str(where[0])):
            raise ForbiddenAddressError
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made
