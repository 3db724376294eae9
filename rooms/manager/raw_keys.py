"""API and operator keys as text: their shapes, how they are drawn, and the hashes they are known by. Pure."""

from __future__ import annotations

import hashlib
import re
import secrets

from rooms.errors import InvalidRequest

API_KEY = re.compile(r"sk_([a-z0-9-]{1,32})_[A-Za-z0-9_-]{16,200}")
OPERATOR_KEY = re.compile(r"op_[A-Za-z0-9_-]{16,200}")

_SECRET_BYTES = 32


def is_key(text: str) -> bool:
    """Whether this has the shape of an API or operator key."""
    return API_KEY.fullmatch(text) is not None or OPERATOR_KEY.fullmatch(text) is not None


def new_key(tenant: str | None) -> str:
    """A fresh key of a tenant, or of the operator."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    return f"op_{secret}" if tenant is None else f"sk_{tenant}_{secret}"


def check_api_key(raw_key: str, tenant: str) -> None:
    """Raise ``InvalidRequest`` for what is no API key of this tenant."""
    shape = API_KEY.fullmatch(raw_key)
    if shape is None or shape[1] != tenant:
        raise InvalidRequest(
            "key: it should look like sk_<tenant>_<secret>, with a secret of at least 16 characters.",
            field="key",
        )


def check_operator_key(raw_key: str) -> None:
    """Raise ``InvalidRequest`` for what is no operator key."""
    if OPERATOR_KEY.fullmatch(raw_key) is None:
        raise InvalidRequest(
            "key: an operator key should look like op_<secret>, with a secret of at least 16 characters.",
            field="key",
        )


def key_digest(raw_key: str) -> str:
    """The hash under which a key is known; the store holds nothing else of it."""
    return hashlib.sha256(raw_key.encode()).hexdigest()


def key_id(raw_key: str) -> str:
    """The public name of a key, for lists, logs and indexes."""
    return f"k_{hashlib.sha256(b'key id ' + raw_key.encode()).hexdigest()[:16]}"
