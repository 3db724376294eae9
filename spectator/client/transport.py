"""One HTTP connection to one server, from the standard library: TLS, proxies, deadlines, bounded answers."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Dict, Mapping, Optional
from urllib.parse import SplitResult, unquote, urlsplit

from spectator.client import http1
from spectator.client.address import Address
from spectator.client.errors import Unreachable

CONNECT_TIMEOUT = 3.0  # seconds
LARGEST_ANSWER = 32 * 1024 * 1024  # bytes; a history of many series is the largest we ask for


@dataclass(frozen=True)
class Answer:
    """A server's answer: status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """A connection that is opened when needed and kept while it works. For one thread at a time."""

    def __init__(self, address: Address, *, keep: bool = True) -> None:
        """Remember ``address``; with ``keep`` False each exchange has a connection of its own."""
        self._address = address
        self._keep = keep
        self._proxy = proxy_for(address)
        self._socket: Optional[socket.socket] = None

    def exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: Optional[bytes], timeout: float
    ) -> Answer:
        """Send one request and return its answer.

        Args:
            method: the verb.
            path: what comes after the server's own path, such as ``/api/v1/rooms``.
            headers: further headers.
            body: the bytes to send, or None.
            timeout: seconds of silence after which the exchange has failed.

        Raises:
            Unreachable: no connection, no answer in time, or an answer that is no HTTP.
        """
        response = self.open(method, path, headers, body, timeout)
        try:
            answer = Answer(response.status, response.headers, response.read(LARGEST_ANSWER))
        except (OSError, http1.NotHttp, http1.ClosedEarly) as error:
            self.close()
            raise self._unreachable(error) from error
        if not (self._keep and response.reusable):
            self.close()
        return answer

    def open(
        self, method: str, path: str, headers: Mapping[str, str], body: Optional[bytes], timeout: float
    ) -> http1.Response:
        """Send one request and return the response with its body unread, as a stream needs it.

        Raises:
            Unreachable: as `exchange`.
        """
        kept = self._socket is not None
        try:
            return self._send(method, path, headers, body, timeout)
        except (OSError, http1.NotHttp, http1.ClosedEarly) as error:
            self.close()
            # A kept connection that the server closed while it was idle is no failure: ask on a new one.
            closed = isinstance(error, ConnectionError) or (
                isinstance(error, http1.ClosedEarly) and not error.began
            )
            if kept and closed:
                return self.open(method, path, headers, body, timeout)
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close the connection, if there is one."""
        connected, self._socket = self._socket, None
        if connected is not None:
            connected.close()

    def abandon(self) -> None:
        """In a forked child: let go of the parent's connection without a word on it."""
        connected, self._socket = self._socket, None
        if connected is not None:
            os.close(connected.detach())

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: Optional[bytes], timeout: float
    ) -> http1.Response:
        address = self._address
        connected = self._socket
        if connected is None:
            connected = self._socket = self.connect(min(CONNECT_TIMEOUT, timeout))
        connected.settimeout(timeout)
        target, sent = address.path + path, headers
        if self._proxy and address.scheme == "http":  # a proxy for plain HTTP is told the whole URL
            target, sent = address.origin + target, {**headers, **_proxy_headers(self._proxy)}
        host = address.origin.partition("://")[2]
        connected.sendall(http1.request(method, target, host, sent, body))
        return http1.Response(connected)

    def connect(self, timeout: float) -> socket.socket:
        """Return a new connection to the server, through TLS and proxy as need be; whoever asks closes it.

        Raises:
            OSError, NotHttp: there is none.
        """
        address, proxy = self._address, self._proxy
        host, port = (proxy.hostname or "", proxy.port or 80) if proxy else (address.host, address.port)
        if address.scheme == "https":
            connected = _secured(address, host, port, proxy, timeout)
        else:
            connected = socket.create_connection((host, port), timeout)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def _unreachable(self, error: Exception) -> Unreachable:
        untrusted = getattr(error, "verify_message", None)  # an ssl.SSLCertVerificationError has it
        if untrusted:
            reason = (
                f"its certificate is not trusted ({untrusted}); SSL_CERT_FILE names one's own authorities"
            )
        elif isinstance(error, socket.timeout):  # TimeoutError from 3.10 on
            reason = "no answer in time"
        elif isinstance(error, http1.ClosedEarly):
            reason = "it closed the connection without an answer"
        elif isinstance(error, OSError):
            reason = error.strerror or str(error) or type(error).__name__
        else:
            reason = "it does not speak HTTP"
        return Unreachable(f"{self._address.url} cannot be reached: {reason}")


def proxy_for(address: Address) -> Optional[SplitResult]:
    """Return the proxy that the environment names for ``address``; never one for loopback."""
    if address.loopback:
        return None
    # Not needed on one machine, and the half of what this package would take to import.
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(address.host):
        return None
    told = getproxies().get(address.scheme)
    if not told:
        return None
    return urlsplit(told if "://" in told else f"http://{told}")


def _secured(
    address: Address, host: str, port: int, proxy: Optional[SplitResult], timeout: float
) -> socket.socket:
    """Return a connection to a server under TLS, through the tunnel of a proxy where there is one."""
    import http.client
    import ssl

    connection = http.client.HTTPSConnection(
        host, port, timeout=timeout, context=ssl.create_default_context()
    )
    if proxy:
        connection.set_tunnel(address.host, address.port, _proxy_headers(proxy))
    try:
        connection.connect()
    except http.client.HTTPException as error:
        raise http1.NotHttp(str(error)) from error
    connected: socket.socket = connection.sock
    return connected


def _proxy_headers(proxy: SplitResult) -> Dict[str, str]:
    if proxy.username is None:
        return {}
    from base64 import b64encode

    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(pair.encode()).decode("ascii")}
