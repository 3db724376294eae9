"""The server's certificate: loaded strictly, and again at SIGHUP without ending a connection.

TLS 1.2 and later; OpenSSL's own choice of ciphers, which for these versions are the modern ones. Connections
that stand keep what they agreed on, new ones get the new certificate.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Final

from spectator.settings import Settings, SettingsError

logger = logging.getLogger("spectator.server")

HANDSHAKE_S: Final = 10.0
"""A connection that has not agreed on TLS within so many seconds is closed."""

GOODBYE_S: Final = 2.0
"""How long a connection that is closed may take for TLS's own good-bye."""


class Certificate:
    """A certificate and its key.

    Args:
        cert: a PEM file: the certificate, then those that lead to its authority.
        key: a PEM file with its private key, without a passphrase; None: it stands in ``cert`` too.

    Raises:
        SettingsError: a file that is not there, not PEM, locked by a passphrase, or two that do not belong
            together.
    """

    def __init__(self, cert: Path, key: Path | None) -> None:
        self._cert = cert
        self._key = key
        self.context: Final = _context()
        """What connections are accepted with."""
        self.reload()

    @classmethod
    def of(cls, settings: Settings) -> Certificate | None:
        """The one of the settings, None where none is set. Raises ``SettingsError``."""
        return cls(settings.tls_cert, settings.tls_key) if settings.tls_cert is not None else None

    def reload(self) -> None:
        """Read the files again, for connections from now on; with an error everything stays as it was.

        Raises:
            SettingsError: as when it was made.
        """
        _load(_context(), self._cert, self._key)  # a try, so that no half of a pair is taken over
        _load(self.context, self._cert, self._key)
        key = self._key or self._cert
        if _mode(key) & 0o004:
            logger.warning("%s can be read by everybody on this machine; run: chmod 600 %s", key, key)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    try:
        context.load_cert_chain(cert, key, password=_no_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            told = f"the key in {key or cert} is not that of the certificate in {cert}"
        else:
            told = f"no certificate and its key, as PEM, in {cert}{f' and {key}' if key else ''}"
        raise SettingsError(f"tls_cert, tls_key: {told}") from None
    except OSError as error:
        missing = next((path for path in (cert, key) if path is not None and not _readable(path)), cert)
        raise SettingsError(f"tls_cert, tls_key: {missing} cannot be read ({error.strerror})") from None
    except _LockedError:
        raise SettingsError(
            f"tls_key: {key or cert} is locked by a passphrase; "
            "write it without one: openssl pkey -in locked.pem -out key.pem"
        ) from None


class _LockedError(Exception):
    """The key wants a passphrase; without this OpenSSL would ask for it on the terminal."""


def _no_passphrase() -> str:
    raise _LockedError


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _readable(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False
