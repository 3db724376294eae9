"""What a node remembers of keys and tenants, never longer than a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

from rooms.errors import NotAllowed
from rooms.limits import Limits
from rooms.store import TenantsStore
from rooms.tenants import LOCAL, QUOTAS, ApiKey, Tenant, TenantStatus

_T = TypeVar("_T")

RECENT_S = 1.0
"""For so long an answer may be used again where a script checks it anyway, or the promise is a second."""

SUSPENDED = "The tenant is suspended: its keys open nothing and its rooms are shut. Ask the operator."

_KEPT = 4096
"""Values that one memory holds at most."""


class Tenancy:
    """Keys, who is halted, and quotas: each read once a second however many calls need it.

    A revoked key and a suspended tenant are felt within a second on every node, bell or no bell, because
    nothing here is older than that. What is not in the store is not remembered: a key works as soon as it is
    made.

    ``trusted``: operator keys that stand in this node's settings, by their hash. They lie in no store, so
    they end with the settings.
    """

    def __init__(self, store: TenantsStore, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self.trusted: dict[str, ApiKey] = {}
        self._keys: Shared[ApiKey] = Shared()
        self._tenants: Shared[Tenant] = Shared()
        self._halted: Shared[Mapping[str, TenantStatus]] = Shared()

    async def key(self, digest: str) -> ApiKey | None:
        """The key of this hash."""
        return await self._keys.get(digest, lambda: self._store.key(digest))

    async def halted(self) -> Mapping[str, TenantStatus]:
        """The tenants that are suspended or being deleted."""
        found = await self._halted.get("", self._store.halted)
        return found or {}

    async def is_halted(self, tenant: str) -> bool:
        """Whether a tenant's rooms are shut. Of ``local`` it is known without a look."""
        return tenant != LOCAL and tenant in await self.halted()

    async def check(self, tenant: str) -> None:
        """Raise ``NotAllowed`` for a tenant that is suspended or being deleted."""
        if await self.is_halted(tenant):
            raise NotAllowed(SUSPENDED)

    async def limits_of(self, tenant: str) -> Mapping[str, int | None]:
        """A tenant's quotas; nothing but rooms for ``local``, nothing at all for one that is not there."""
        if tenant == LOCAL:
            return self._local
        found = await self._tenants.get(tenant, lambda: self._store.tenant(tenant))
        return found.quotas if found is not None else dict.fromkeys(QUOTAS, 0)

    async def born_ms(self, tenant: str) -> int | None:
        """When a tenant was made: it tells it from an earlier one of its id. None: ``local``, or none."""
        if tenant == LOCAL:
            return None
        found = await self._tenants.get(tenant, lambda: self._store.tenant(tenant))
        return found.created_at_ms if found is not None else None

    async def most_rooms(self, tenant: str) -> int | None:
        """How many active rooms a tenant may have; also of ``local``, whose number can be changed."""
        if tenant != LOCAL:
            return (await self.limits_of(tenant))["rooms"]
        found = await self._tenants.get(tenant, lambda: self._store.tenant(tenant))
        return found.quotas.get("rooms", self._local["rooms"]) if found is not None else self._local["rooms"]

    def forget(self) -> None:
        """Read everything anew: something was changed here, and whoever changed it looks at once."""
        for memory in (self._keys, self._tenants, self._halted):
            memory.clear()

    @property
    def _local(self) -> Mapping[str, int | None]:
        return dict.fromkeys(QUOTAS) | {"rooms": self._limits.rooms_of_tenant}


class Shared(Generic[_T]):
    """Values not older than ``RECENT_S``, each read by one caller for all who need it at that moment."""

    def __init__(self, size: int = _KEPT) -> None:
        self._size = size
        self._kept: dict[str, tuple[float, _T]] = {}
        self._reading: dict[str, asyncio.Future[tuple[bool, _T | None]]] = {}

    async def get(self, key: str, read: Callable[[], Awaitable[_T | None]]) -> _T | None:
        """The value, from memory or read now. Raises what ``read`` raises, to everybody who waited for it."""
        while True:
            kept = self._kept.get(key)
            if kept is not None and time.monotonic() - kept[0] < RECENT_S:
                return kept[1]
            reading = self._reading.get(key)
            if reading is None:
                return await self._read(key, read)
            await asyncio.wait((reading,))  # who is cancelled here must not cancel the reading of all
            done, value = reading.result()
            if done:
                return value

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def forget(self, key: str) -> None:
        """Forget one value: it was changed here."""
        self._kept.pop(key, None)

    async def _read(self, key: str, read: Callable[[], Awaitable[_T | None]]) -> _T | None:
        reading: asyncio.Future[tuple[bool, _T | None]] = asyncio.get_running_loop().create_future()
        self._reading[key] = reading
        began = time.monotonic()
        try:
            value = await read()
        except asyncio.CancelledError:
            reading.set_result((False, None))  # another one of those who wait reads
            raise
        except BaseException as error:
            reading.set_exception(error)
            reading.exception()  # seen: perhaps nobody else waits
            raise
        else:
            reading.set_result((True, value))
            self._keep(key, began, value)
            return value
        finally:
            del self._reading[key]

    def _keep(self, key: str, began: float, value: _T | None) -> None:
        self._kept.pop(key, None)
        if value is None:
            return
        self._kept[key] = (began, value)
        if len(self._kept) > self._size:
            del self._kept[next(iter(self._kept))]
