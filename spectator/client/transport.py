"""One HTTP connection to one server, from the standard library: TLS, proxies, deadlines, bounded answers."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from dataclasses import dataclass
from typing import Dict, Mapping, Optional
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

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
        self._connection: Optional[http.client.HTTPConnection] = None

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
        try:
            return self._read(self.open(method, path, headers, body, timeout))
        except Unreachable:
            self.close()
            raise
        finally:
            if not self._keep:
                self.close()

    def open(
        self, method: str, path: str, headers: Mapping[str, str], body: Optional[bytes], timeout: float
    ) -> http.client.HTTPResponse:
        """Send one request and return the response to read from, as a stream needs it.

        Raises:
            Unreachable: as `exchange`.
        """
        reused = self._connection is not None
        try:
            return self._send(method, path, headers, body, timeout)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            # A kept connection that the server closed while it was idle is no failure: ask again on a new
            # one.
            if reused and isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
                return self.open(method, path, headers, body, timeout)
            raise Unreachable(self._told(error)) from error

    def close(self) -> None:
        """Close the connection, if there is one. In a forked child this leaves the parent's untouched."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: Optional[bytes], timeout: float
    ) -> http.client.HTTPResponse:
        connection = self._connection
        if connection is None:
            connection = self._connect(min(CONNECT_TIMEOUT, timeout))
            self._connection = connection
        assert connection.sock is not None
        connection.sock.settimeout(timeout)
        target = self._address.path + path
        sent = dict(headers)
        if self._proxy and self._address.scheme == "http":  # a proxy for plain HTTP is told the whole URL
            target = self._address.origin + target
            sent.update(_proxy_headers(self._proxy))
        connection.request(method, target, body, sent)
        return connection.getresponse()

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        address, proxy = self._address, self._proxy
        host, port = (proxy.hostname or "", proxy.port or 80) if proxy else (address.host, address.port)
        connection: http.client.HTTPConnection
        if address.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=timeout, context=ssl.create_default_context()
            )
            if proxy:
                connection.set_tunnel(address.host, address.port, _proxy_headers(proxy))
        else:
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
        connection.connect()
        assert connection.sock is not None
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _read(self, response: http.client.HTTPResponse) -> Answer:
        try:
            body = response.read(LARGEST_ANSWER + 1)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(self._told(error)) from error
        if len(body) > LARGEST_ANSWER:
            raise Unreachable(
                f"{self._address.url} sends more than {LARGEST_ANSWER} bytes: not a spectator server?"
            )
        if not response.isclosed() or response.will_close:
            self.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def _told(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = f"its certificate is not trusted ({error.verify_message}); SSL_CERT_FILE names one's own"
        elif isinstance(error, socket.timeout):  # TimeoutError from 3.10 on
            reason = "no answer in time"
        elif isinstance(error, http.client.HTTPException) and not isinstance(error, ConnectionError):
            reason = f"it does not speak HTTP ({type(error).__name__})"
        elif isinstance(error, OSError):
            reason = error.strerror or str(error) or type(error).__name__
        else:
            reason = type(error).__name__
        return f"{self._address.url} cannot be reached: {reason}"


def proxy_for(address: Address) -> Optional[SplitResult]:
    """Return the proxy that the environment names for ``address``; never one for loopback."""
    if address.loopback or proxy_bypass(address.host):
        return None
    told = getproxies().get(address.scheme)
    if not told:
        return None
    return urlsplit(told if "://" in told else f"http://{told}")


def _proxy_headers(proxy: SplitResult) -> Dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode("ascii")}
