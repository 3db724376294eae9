"""Signed credentials. What is in a token can be read by whoever holds it; nobody else can make one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from rooms.errors import Unauthorized

PREFIXES: Mapping[str, str] = {
    "room_key": "rk_",
    "grant": "gr_",
    "lobby": "lb_",
    "visitor": "vi_",
    "identity": "id_",
    "claim": "cl_",
    "invitation": "in_",
}
"""How a token of each kind begins. The kind is also the salt: a token is worth nothing as another kind."""

SHORTEST_SECRET = 16
LONGEST_TOKEN = 4096

_BY_PREFIX = {prefix: kind for kind, prefix in PREFIXES.items()}


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature is right: its kind and fields, and when it expires (None: never)."""

    kind: str
    fields: Mapping[str, Any] = field(repr=False)
    expires_at_ms: int | None


class Secrets:
    """The signing secrets of a deployment, newest first: the first signs, all verify. At least 16 bytes each.

    To rotate, let every node verify with the new one first, then put it in front; drop the old one when what
    it signed has expired. ``replace`` does each step while tokens are being signed and verified.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.replace(keys)

    def replace(self, keys: Sequence[bytes]) -> None:
        """Sign and verify by these from now on. Raises ``ValueError``; then nothing has changed."""
        if not keys or any(len(key) < SHORTEST_SECRET for key in keys):
            raise ValueError(f"signing secrets are needed, each of at least {SHORTEST_SECRET} bytes")
        self._serializers = {kind: _serializer(kind, keys) for kind in PREFIXES}
        self.fingerprints = tuple(_fingerprint(key) for key in keys)
        self._keys = tuple(keys)

    def sign(self, kind: str, fields: Mapping[str, Any], expires_at_ms: int | None) -> str:
        """A token of this kind. The same fields give the same token."""
        payload = {**fields, "x": expires_at_ms}
        return PREFIXES[kind] + str(self._serializers[kind].dumps(payload))

    def verify(self, text: str) -> Token:
        """Check the signature, not the time. Raises ``Unauthorized``, whatever is wrong with it."""
        kind = _BY_PREFIX.get(text[:3])
        if kind is None or len(text) > LONGEST_TOKEN or not text.isascii():
            raise Unauthorized
        try:
            payload = self._serializers[kind].loads(text[3:])
        except BadData:
            raise Unauthorized from None
        return Token(kind, payload, payload.pop("x"))

    def derived(self, purpose: str) -> tuple[str, ...]:
        """A secret for one purpose out of each signing secret, newest first: known without being stored."""
        marks = (hmac.digest(key, b"rooms derived\0" + purpose.encode(), "sha512") for key in self._keys)
        return tuple(base64.urlsafe_b64encode(mark[:33]).decode() for mark in marks)


def _serializer(kind: str, keys: Sequence[bytes]) -> URLSafeSerializer:
    """Signs by keys derived once for this kind, as ``key_derivation="hmac"`` would for each token."""
    salt = f"rooms {kind}".encode()
    oldest_first = [hmac.digest(key, salt, "sha512") for key in reversed(keys)]
    return URLSafeSerializer(
        oldest_first,
        salt=salt,
        signer_kwargs={"digest_method": hashlib.sha512, "key_derivation": "none"},
    )


def _fingerprint(key: bytes) -> str:
    """Enough of a hash to recognise a secret by, and of no use for anything else."""
    return hashlib.sha512(b"rooms fingerprint\0" + key).hexdigest()[:24]
