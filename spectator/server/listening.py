"""Which sockets a server listens on: the address it was given; with ``--lan`` the private ones too."""

from __future__ import annotations

import errno
import fcntl
import ipaddress
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Final

from spectator.settings import Settings, SettingsError, is_loopback

PORTS: Final = range(8000, 8020)
"""Where a server looks for a port when none was named."""

_SIOCGIFADDR: Final = 0xC0206921 if sys.platform == "darwin" else 0x8915
BACKLOG: Final = 4096
"""Connections that may wait to be accepted: a dropped one comes back after 1, 3, 7, 15 seconds."""


class CannotListenError(SettingsError):
    """No socket could be opened; the message says where and what to do."""


SPREADS: Final = sys.platform == "linux"
"""Whether sockets that share a port (SO_REUSEPORT) get the connections in equal parts."""


def open_sockets(settings: Settings, *, shared: bool = False) -> list[socket.socket]:
    """Open the listening sockets, all on one port; the first is the one whose address is told to programs.

    A port that was named is taken or refused; the default is looked for upwards (8000 to 8019).

    Args:
        settings: where.
        shared: further processes will serve there, by ``open_beside``.

    Raises:
        CannotListenError: the address is not this machine's, or no port is free.
    """
    hosts = [settings.host, *private_addresses()] if settings.lan else [settings.host]
    ports: Sequence[int] = [settings.port] if "port" in settings.model_fields_set else PORTS
    for port in ports:
        try:
            return _open_all(hosts, port, shared=shared and SPREADS)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CannotListenError(
                    f"cannot listen on {settings.host}: {error.strerror or error}"
                ) from error
    if len(ports) == 1:
        raise CannotListenError(f"port {ports[0]} is in use; choose another with --port, or leave it out")
    raise CannotListenError(f"the ports {ports[0]} to {ports[-1]} are in use; choose one with --port")


def open_beside(sockets: Sequence[socket.socket]) -> list[socket.socket]:
    """Open further sockets on the same addresses, for one more process that serves there.

    The system spreads new connections evenly over all sockets of an address, and those that wait at a socket
    stay as long as any process holds it. Where the system does not spread them (it is not Linux), these are
    the same sockets: whoever is free accepts.

    Args:
        sockets: made by ``open_sockets`` with ``shared``.

    Raises:
        CannotListenError: somebody else has taken the port meanwhile.
    """
    if not SPREADS:
        return [one.dup() for one in sockets]
    opened: list[socket.socket] = []
    try:
        for host, port, *_ in (one.getsockname() for one in sockets):
            opened.append(_open(host, port, shared=True))
    except OSError as error:
        _close(opened)
        raise CannotListenError(f"cannot listen once more: {error.strerror or error}") from error
    return opened


def _open_all(hosts: Sequence[str], port: int, *, shared: bool) -> list[socket.socket]:
    opened: list[socket.socket] = []
    try:
        for host in hosts:
            if shared:
                # Sockets that are shared may be opened beside a stranger's: only this finds the port taken.
                probe = _open(host, port)
                port = port or probe.getsockname()[1]
                probe.close()
            opened.append(_open(host, port, shared=shared))
            port = port or opened[0].getsockname()[1]
    except OSError:
        _close(opened)
        raise
    return opened


def _close(sockets: Sequence[socket.socket]) -> None:
    for one in sockets:
        one.close()


def _open(host: str, port: int, *, shared: bool = False) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    if is_loopback(host) and not ipaddress.ip_address(str(address[0])).is_loopback:
        raise CannotListenError(f"{host} leads to {address[0]} on this machine, which is not its loopback")
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
        # With SO_REUSEADDR two sockets may bind one port; only listening tells who has it.
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def private_addresses() -> list[str]:
    """The private IPv4 addresses of this machine, the one that leads out first."""
    found = [address for _, name in socket.if_nameindex() if (address := _address_of(name)) is not None]
    private = [address for address in dict.fromkeys(found) if _is_lan(address)]
    outward = _outward_address()
    return sorted(private, key=lambda address: address != outward)


def _address_of(interface: str) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        except OSError:
            return None  # an interface without an IPv4 address
    return socket.inet_ntoa(answer[20:24])


def _is_lan(address: str) -> bool:
    ip = ipaddress.IPv4Address(address)
    return ip.is_private and not (ip.is_loopback or ip.is_link_local or ip.is_unspecified)


def _outward_address() -> str | None:
    """The address this machine would speak from; a UDP "connection" sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def url_of(sock: socket.socket, settings: Settings | None = None) -> str:
    """``http://host:port`` of a listening socket; loopback for one that listens everywhere.

    With TLS in ``settings`` it is ``https://`` and, where one is known, a name: a certificate seldom names an
    address. That is the name of ``public_url``, else the host as it was told.
    """
    host, port = sock.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1" if sock.family == socket.AF_INET else "::1"
    if settings is None or settings.tls_cert is None:
        return _url("http", host, port)
    if settings.public_url is not None and not settings.behind_proxy:
        return settings.public_url.rstrip("/")
    return _url("https", host if _is_address(settings.host) else settings.host, port)


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
