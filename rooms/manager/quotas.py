"""What tenants use of their quotas: counted, bounded, told."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rooms.errors import QuotaExceeded, TenantNotFound
from rooms.manager.marks import nonce
from rooms.manager.tenancy import Shared, Tenancy
from rooms.store import Cost, TenantsStore, keys
from rooms.store.names_store import NamesStore
from rooms.tenants import LOCAL, QUOTAS, RATES, Tenant, Usage, Use

BURSTS = {1_000: 2, 60_000: 1}
"""How many times its limit a bucket holds: two seconds' worth, or one minute's."""

COUNTED_MS = 10_000
"""What is bounded by the second is shown as the mean of so long; what is bounded by the minute, of one."""

REMEMBERED_S = 1.0
"""For so long, at most, a refusal is repeated without asking the store."""

MOST_LISTED = 10_000
"""Rooms that are looked at for a usage that is not counted because it has no limit."""

_WORDS: Mapping[str, str] = {
    "rooms": "{limit} active rooms. Close one of them first.",
    "seats": "{limit} seats in all, and all of them are taken.",
    "events_per_second": "{limit} events a second. Send fewer.",
    "bytes_per_second": "{limit} bytes a second. Send less.",
    "stored_bytes": "{limit} bytes of storage, and they are used up. Remove rooms that have ended.",
    "frames_per_second": "{limit} frames a second. Send fewer.",
    "requests_per_minute": "{limit} calls a minute. Call less often.",
}

FULL_S = {"rooms": 60.0, "seats": 10.0, "stored_bytes": 60.0}
"""When it makes sense to try again where nobody can know: somebody has to leave or remove something first."""


class Quotas:
    """The bounds of every tenant but ``local``, for which nothing is counted here and no command is sent.

    What one tenant uses up is its own: each has buckets, seats and sums under keys of its own.
    """

    def __init__(self, store: TenantsStore, names: NamesStore, tenancy: Tenancy) -> None:
        self._store = store
        self._names = names
        self._tenancy = tenancy
        self._refused: dict[str, tuple[float, QuotaExceeded]] = {}
        self._stored: Shared[int] = Shared()

    # ------------------------------------------------------------ over time

    async def spend(self, tenant: str, **amounts: int) -> None:
        """Take amounts from quotas over time (``events_per_second=10, bytes_per_second=4000``), all or none.

        Raises ``QuotaExceeded`` with the quota, its limit and when there is enough again. Quotas without a
        limit cost nothing.
        """
        limits = await self._tenancy.limits_of(tenant)
        costs = [
            _cost(name, amount, limit)
            for name, amount in amounts.items()
            if (limit := limits[name]) is not None
        ]
        if not costs:
            return
        which, wait_ms = await self._store.spend(tenant, costs, nonce())
        if which:
            name = costs[which - 1].name
            raise self._remember(tenant, exceeded(name, limits[name], wait_ms / 1000))

    def check_rate(self, tenant: str) -> None:
        """Refuse at once who was refused a moment ago and has not waited: that costs next to nothing.

        Raises ``QuotaExceeded``. It forgets after a second, for quotas can be changed.
        """
        refused = self._refused.get(tenant)
        if refused is None:
            return
        forgotten_at, error = refused
        if time.monotonic() < forgotten_at:
            raise error
        del self._refused[tenant]

    def _remember(self, tenant: str, error: QuotaExceeded) -> QuotaExceeded:
        if error.quota in PUBLISHED:
            wait_s = min(error.retry_after or 0.0, REMEMBERED_S)
            self._refused[tenant] = (time.monotonic() + wait_s, error)
        return error

    # ------------------------------------------------------------ kept

    async def check_stored(self, tenant: str, uncounted: int = 0) -> bool:
        """Whether what a tenant keeps is to be counted. Raises ``QuotaExceeded`` when it is too much.

        ``uncounted``: bytes that the caller stored and that were not noted yet.
        """
        limit = (await self._tenancy.limits_of(tenant))["stored_bytes"]
        if limit is None:
            return False
        stored = await self._stored.get(tenant, lambda: self._store.stored(tenant))
        if (stored or 0) + uncounted >= limit:
            raise exceeded("stored_bytes", limit, FULL_S["stored_bytes"])
        return True

    async def note_stored(self, tenant: str, room_id: str) -> None:
        """Count what a room keeps now, its log and its checkpoint, where that is bounded."""
        if (await self._tenancy.limits_of(tenant))["stored_bytes"] is None:
            return
        [size] = await self._store.sizes([room_id])
        await self._store.note_stored(tenant, room_id, size)
        self._stored.forget(tenant)
        found = await self._store.tenant(tenant)
        if (
            found is None or found.status == "deleting"
        ):  # since the size was read: this must not come after it
            await self._store.unlink([keys.tenant_stored(tenant)])

    # ------------------------------------------------------------ told

    async def usage(self, tenant: str) -> Usage:
        """What a tenant uses of each quota. Raises ``TenantNotFound``."""
        found = await self._store.tenant(tenant)
        if found is None:
            raise TenantNotFound
        limits = found.quotas if tenant != LOCAL else await self._local_limits()
        rates = await self._rates(tenant, limits)
        held = await self._held(found, limits)
        return Usage(
            tenant, found.status, {name: Use({**rates, **held}.get(name), limits[name]) for name in QUOTAS}
        )

    async def _local_limits(self) -> Mapping[str, int | None]:
        return dict.fromkeys(QUOTAS) | {"rooms": await self._tenancy.most_rooms(LOCAL)}

    async def _rates(self, tenant: str, limits: Mapping[str, int | None]) -> dict[str, int]:
        names = [name for name in RATES if limits[name] is not None]
        found = await self._store.spent(tenant, names)
        now_ms = self._store.now_ms
        return {name: _used(name, now_ms, *spent) for name, spent in zip(names, found, strict=True)}

    async def _held(self, tenant: Tenant, limits: Mapping[str, int | None]) -> dict[str, int]:
        """What is used at once. Where no limit asks for a count, the rooms themselves are looked at."""
        active, seats = await self._store.counts(tenant.id)
        if limits["seats"] is None:
            listed = await self._names.newest(keys.tenant_active(tenant.id), MOST_LISTED)
            seats = await self._store.seated(listed)
        if limits["stored_bytes"] is None:
            listed = await self._names.newest(keys.tenant_rooms(tenant.id), MOST_LISTED)
            stored = sum(await self._store.sizes(listed))
        else:
            stored = await self._store.stored(tenant.id)
        return {"rooms": active, "seats": seats, "stored_bytes": stored}


PUBLISHED = frozenset({"events_per_second", "bytes_per_second"})
"""The quotas that publishing uses."""


def exceeded(quota: str, limit: int | None, retry_after: float) -> QuotaExceeded:
    """The error of a quota that is used up: it says which, how much there is, and what to do."""
    told = _WORDS[quota].format(limit=f"{limit:,}" if limit is not None else "no")
    return QuotaExceeded(
        f"{quota}: this tenant has {told}", quota=quota, limit=limit, retry_after=max(retry_after, 0.1)
    )


def _cost(name: str, amount: int, limit: int) -> Cost:
    period_ms = RATES[name]
    window_ms = max(period_ms, COUNTED_MS)
    return Cost(name, amount, limit * BURSTS[period_ms], limit / period_ms, window_ms)


def _used(name: str, now_ms: int, window: int, now: float, before: float) -> int:
    """The mean of the last window, from what was counted in the present one and the one before."""
    length_ms = max(RATES[name], COUNTED_MS)
    present, passed = divmod(now_ms, length_ms)
    if window == present - 1:
        now, before = 0.0, now
    elif window != present:
        return 0
    spent = now + before * (1 - passed / length_ms)
    return round(spent * RATES[name] / length_ms)
