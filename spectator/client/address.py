"""Where a server is: a checked URL, taken apart once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit


@dataclass(frozen=True)
class Address:
    """The place of a server.

    Attributes:
        scheme: http or https.
        host: a name or an address, without brackets.
        port: the TCP port.
        path: what comes before ``/api``, without a slash at its end; usually empty.
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Return the address in ``url``.

        Raises:
            ValueError: no http(s) URL, or one with a name, a password, a query or a fragment in it. The
            message
                does not repeat the URL: there may be a credential in it.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"}:
            raise ValueError("url must begin with http:// or https://, such as http://127.0.0.1:8000")
        if parts.username is not None or parts.password is not None:
            raise ValueError(
                "url must not hold a name or password; give the key as api_key or SPECTATOR_API_KEY"
            )
        if parts.query or parts.fragment:
            raise ValueError("url must be the server's address alone, without ? and #")
        if not parts.hostname:
            raise ValueError("url names no host, expected something like http://127.0.0.1:8000")
        try:
            port = parts.port
        except ValueError:
            raise ValueError("url has a port that is no number from 1 to 65535") from None
        default = 443 if parts.scheme == "https" else 80
        return cls(parts.scheme, parts.hostname, port or default, parts.path.rstrip("/"))

    @property
    def origin(self) -> str:
        """The URL without the path, such as ``http://127.0.0.1:8000``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        return f"{self.scheme}://{host}" + ("" if self.port == default else f":{self.port}")

    @property
    def url(self) -> str:
        """The whole URL, without a slash at its end."""
        return self.origin + self.path

    @property
    def loopback(self) -> bool:
        """Whether this address never leaves the machine."""
        if self.host.lower() in {"127.0.0.1", "localhost", "ip6-localhost", "ip6-loopback"}:
            return True
        import ipaddress  # for the usual address nobody needs it

        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def page(self, code: str) -> str:
        """Return the URL of a room's page."""
        return f"{self.url}/r/{quote(code, safe='')}"
