"""Tenants, their keys and their quotas, as plain values. Times are milliseconds by the store's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LOCAL = "local"
"""The tenant of the data folder: whoever owns the machine. It is never suspended, and only its rooms are
counted, so that a laptop pays nothing for what guards a shared server."""

TenantStatus = Literal["active", "suspended", "deleting"]

KeyKind = Literal["api_key", "operator"]

QUOTAS = (
    "rooms",
    "seats",
    "events_per_second",
    "bytes_per_second",
    "stored_bytes",
    "frames_per_second",
    "requests_per_minute",
)
"""What a tenant is bounded in: at once (rooms not ended, people seated, bytes kept) or over time."""

RATES: Mapping[str, int] = {
    "events_per_second": 1_000,
    "bytes_per_second": 1_000,
    "frames_per_second": 1_000,
    "requests_per_minute": 60_000,
}
"""The quotas over time, and the ms in which their limit comes back."""

DEFAULTS: Mapping[str, int | None] = {
    "rooms": 100,
    "seats": 1_000,
    "events_per_second": 2_000,
    "bytes_per_second": 2_000_000,
    "stored_bytes": 4_000_000_000,
    "frames_per_second": 120,
    "requests_per_minute": 6_000,
}
"""What a new tenant has where nothing else is said: a class of forty and a dozen trainers fit in."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """Somebody who has keys, rooms and quotas of their own. A quota that is None is unlimited."""

    id: str
    name: str
    status: TenantStatus
    created_at_ms: int
    quotas: Mapping[str, int | None] = field(default_factory=lambda: dict(DEFAULTS))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What an API or operator key is; never the key itself.

    ``kept``: a data folder holds it, and its servers make it known again and again.
    """

    id: str
    kind: KeyKind
    tenant: str | None
    scopes: frozenset[str]
    name: str
    created_at_ms: int = 0
    expires_at_ms: int | None = None
    kept: bool = False

    def is_over(self, now_ms: int) -> bool:
        """Whether its time is over."""
        return self.expires_at_ms is not None and self.expires_at_ms <= now_ms


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that was made: ``raw`` is shown this once and stored nowhere."""

    key: ApiKey
    raw: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What hubs ask once a second: which keys are worth nothing now, which tenants are halted or gone."""

    dead_keys: frozenset[str]
    suspended: frozenset[str]


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a quota is used. ``used`` is None where nothing is counted: a rate without a limit."""

    used: int | None
    limit: int | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a tenant uses of each of its quotas."""

    tenant: str
    status: TenantStatus
    quotas: Mapping[str, Use]
