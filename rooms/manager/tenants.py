"""Tenants and keys: made, listed, changed, suspended, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rooms.errors import (
    Busy,
    InvalidRequest,
    KeyNotFound,
    NotAllowed,
    TenantNotFound,
    TenantTaken,
)
from rooms.forms import NewKey, NewTenant, Quotas, TenantPatch
from rooms.limits import Limits
from rooms.manager.quotas import MOST_LISTED
from rooms.manager.raw_keys import check_api_key, check_operator_key, key_digest, key_id, new_key
from rooms.manager.removal import Removal
from rooms.manager.revoking import Revoking
from rooms.manager.tenancy import Tenancy
from rooms.store import TenantsStore, keys
from rooms.store.names_store import NamesStore
from rooms.tenants import DEFAULTS, LOCAL, QUOTAS, ApiKey, KeyKind, Look, MadeKey, Tenant, TenantStatus

SCOPES = frozenset({"publish", "read", "manage"})

TRIES = 8
"""How often a change is worked out anew when another operator made one in between."""

HOUR_MS = 3_600_000

SETTING = "SPECTATOR_OPERATOR_KEY"
"""What an operator key is called that stands in the settings."""


class Tenants:
    """What an operator does. Whoever calls has been found to be one."""

    def __init__(
        self,
        store: TenantsStore,
        names: NamesStore,
        tenancy: Tenancy,
        removal: Removal,
        revoking: Revoking,
        limits: Limits,
    ) -> None:
        self._store = store
        self._names = names
        self._tenancy = tenancy
        self._removal = removal
        self._revoking = revoking
        self._limits = limits

    # ------------------------------------------------------------ tenants

    async def create(self, new: NewTenant) -> Tenant:
        """Make a tenant, with the defaults where no quota is given. Raises ``TenantTaken``."""
        quotas = {**DEFAULTS, **_given(new.quotas)}
        one = Tenant(new.id, new.name or new.id, "active", self._store.now_ms, quotas)
        if new.id == LOCAL or not await self._store.create(one):
            raise TenantTaken(field="id")
        self._tenancy.forget()
        return one

    async def all(self) -> list[Tenant]:
        """All tenants, by id."""
        return [self._shown(one) for one in await self._store.tenants()]

    async def get(self, tenant: str) -> Tenant:
        """One tenant. Raises ``TenantNotFound``."""
        found = await self._store.tenant(tenant)
        if found is None:
            raise TenantNotFound
        return self._shown(found)

    async def change(self, tenant: str, patch: TenantPatch) -> Tenant:
        """Change what is given: name, quotas one by one, and the status (suspend, resume).

        A suspended tenant's keys are refused, its rooms are unknown to everybody, its viewers and publishers
        are sent away, within a second; nothing of it is lost. Raises ``TenantNotFound``, ``NotAllowed`` (for
        ``local``, or one that is being deleted).
        """
        quotas = _given(patch.quotas) if patch.quotas is not None else {}
        if tenant == LOCAL:
            _check_local(patch, quotas)
        for _ in range(TRIES):
            before = await self._store.tenant(tenant)
            if before is None:
                raise TenantNotFound
            if before.status == "deleting":
                raise NotAllowed("This tenant is being deleted.")
            after = replace(before, name=patch.name or before.name, quotas={**before.quotas, **quotas})
            word = await self._store.rewrite(before, after)
            if word == "ok":
                break
        else:
            raise Busy("Others keep changing this tenant. Try again.")
        if patch.status is not None and patch.status != before.status:
            await self._halt(tenant, patch.status)
        self._tenancy.forget()
        if before.quotas.get("stored_bytes") is None and after.quotas.get("stored_bytes") is not None:
            await self._count_stored(tenant)
        return await self.get(tenant)

    async def delete(self, tenant: str) -> None:
        """Remove a tenant and every key of it from the store: rooms, people, events, API keys. For good.

        It is suspended first, so viewers and publishers end. Cut off in between it goes on with the next call
        or sweep. Raises ``TenantNotFound``, ``NotAllowed`` for ``local``.
        """
        if tenant == LOCAL:
            raise NotAllowed("Tenant local is this server's own and stays. Close its rooms one by one.")
        await self._halt(tenant, "deleting")
        self._tenancy.forget()
        await self._remove(tenant)
        self._tenancy.forget()

    async def sweep(self) -> None:
        """Go on with what was begun and cut off: tenants that are being deleted."""
        for tenant, status in (await self._store.halted()).items():
            if status == "deleting":
                await self._remove(tenant)

    async def forget_old_keys(self) -> None:
        """Take keys off the list whose time was over long ago: the store has forgotten them already."""
        for one, digest in await self._store.keys():
            if one.expires_at_ms is not None and await self._store.key(digest) is None:
                await self._store.drop_key(digest, one, for_good=False)

    async def ensure_local(self) -> None:
        """See to it that tenant ``local`` is there. Repeats are harmless."""
        await self._ensure(LOCAL)

    async def _ensure(self, tenant: str) -> None:
        quotas: dict[str, int | None] = {} if tenant == LOCAL else dict(DEFAULTS)
        await self._store.create(Tenant(tenant, tenant, "active", self._store.now_ms, quotas))

    async def _count_stored(self, tenant: str) -> None:
        """Count what the rooms of a tenant keep that had no bound before; later it is counted as it grows."""
        listed = await self._names.newest(keys.tenant_rooms(tenant), MOST_LISTED)
        for room_id, size in zip(listed, await self._store.sizes(listed), strict=True):
            await self._store.note_stored(tenant, room_id, size)

    async def _halt(self, tenant: str, status: TenantStatus) -> None:
        word = await self._store.halt(tenant, status)
        if word == "unknown":
            raise TenantNotFound
        if word != status:
            raise NotAllowed("This tenant is being deleted.")

    async def _remove(self, tenant: str) -> None:
        """What leads to a key goes after the key, so that a repeat finds whatever is left."""
        while rooms := await self._names.newest(keys.tenant_rooms(tenant), 500):
            await self._removal.purge(tenant, rooms)
        reserved = await self._names.newest(keys.tenant_active(tenant), 1_000)
        await self._removal.purge(tenant, reserved)  # made in this very moment, or never finished
        await self._store.unlink(await self._store.noted_names(tenant))
        for one, digest in await self._store.keys():
            if one.tenant == tenant:
                await self._store.unlink([keys.bucket("creations", one.id)])
                await self._store.drop_key(digest, one, for_good=False)
        await self._store.unlink(keys.tenant_lists(tenant))
        await self._store.forget(tenant)

    def _shown(self, one: Tenant) -> Tenant:
        if one.id != LOCAL:
            return one
        rooms = one.quotas.get("rooms", self._limits.rooms_of_tenant)
        return replace(one, quotas=dict.fromkeys(QUOTAS) | {"rooms": rooms})

    # ------------------------------------------------------------ keys

    async def make_key(self, new: NewKey) -> MadeKey:
        """Make an API key of a tenant, or an operator key. It is told this once, and stored as a hash.

        Raises ``InvalidRequest``, ``TenantNotFound``, ``NotAllowed`` (the tenant is being deleted, or has as
        many keys as one may have).
        """
        tenant = _owner_of(new)
        if tenant is not None and (await self.get(tenant)).status == "deleting":
            raise NotAllowed("This tenant is being deleted.")
        if sum(one.tenant == tenant for one, _ in await self._store.keys()) >= (
            most := self._limits.keys_of_tenant
        ):
            raise NotAllowed(f"There are {most} keys already. Revoke those that nobody uses.")
        raw, now_ms = new_key(tenant), self._store.now_ms
        scopes = frozenset[str]() if tenant is None else frozenset(new.scopes or SCOPES)
        ends_ms = None if new.expires_hours is None else now_ms + int(new.expires_hours * HOUR_MS)
        kind: KeyKind = "operator" if tenant is None else "api_key"
        one = ApiKey(key_id(raw), kind, tenant, scopes, new.name or "", now_ms, ends_ms)
        await self._store.write_key(key_digest(raw), one)
        return MadeKey(one, raw)

    async def keys(self, tenant: str | None = None) -> list[ApiKey]:
        """The keys of a tenant, or (None) of all and the operator. Raises ``TenantNotFound``."""
        if tenant is not None:
            await self.get(tenant)
        listed = [one for one, _ in await self._store.keys()]
        if tenant is None:
            listed += self._tenancy.trusted.values()
        found = [one for one in listed if tenant is None or one.tenant == tenant]
        return sorted(found, key=lambda one: (one.tenant or "", one.created_at_ms, one.id))

    async def revoke(self, key_id_: str) -> ApiKey:
        """Make a key worthless, within a second on every node, sockets included. Raises ``KeyNotFound``.

        The keys of the rooms it made end with it. Returns when that is so on every node, after a second.
        ``NotAllowed``: it stands in the settings, so it can be ended only there.
        """
        if any(one.id == key_id_ for one in self._tenancy.trusted.values()):
            raise NotAllowed(f"This key stands in the settings. Take it out of {SETTING}, then restart.")
        found = await self._store.find_key(key_id_)
        if found is None or found[2]:
            raise KeyNotFound
        one, digest, _ = found
        await self._store.drop_key(digest, one, for_good=one.kept)
        self._tenancy.forget()
        await self._revoking.end_room_keys(one)
        return one

    async def ensure_key(self, raw_key: str, tenant: str, scopes: frozenset[str], name: str) -> bool:
        """Make a data folder's key known, and its tenant; false when the key was revoked, which stays so.

        Raises ``InvalidRequest``. Repeats are harmless.
        """
        check_api_key(raw_key, tenant)
        if not scopes or not scopes <= SCOPES:
            raise InvalidRequest(f"scopes: some of {', '.join(sorted(SCOPES))}.", field="scopes")
        await self._ensure(tenant)
        digest = key_digest(raw_key)
        one = ApiKey(key_id(raw_key), "api_key", tenant, scopes, name, self._store.now_ms, kept=True)
        found = await self._store.find_key(one.id)
        if found is not None and found[2]:
            return False
        known = await self._store.key(digest)
        if found is None or known is None or replace(known, created_at_ms=0) != replace(one, created_at_ms=0):
            await self._store.write_key(digest, one)
        return True

    def ensure_operator(self, raw_key: str) -> ApiKey:
        """Take an operator key that stands in this node's settings; the store never hears of it.

        So it ends with the settings: a node that starts without it does not know it. Raises
        ``InvalidRequest`` for what does not look like one.
        """
        check_operator_key(raw_key)
        one = ApiKey(key_id(raw_key), "operator", None, frozenset(), SETTING, self._store.now_ms)
        self._tenancy.trusted[key_digest(raw_key)] = one
        return one

    # ------------------------------------------------------------ for those who are connected

    async def look(self, key_ids: Sequence[str], tenants: Sequence[str]) -> Look:
        """Which of these keys are worth nothing any more, and which of these tenants are halted or gone.

        One pipeline, for hubs to ask once a second about what their connections rest on.
        """
        now_ms = self._store.now_ms
        trusted = {one.id for one in self._tenancy.trusted.values()}
        asked = [one for one in dict.fromkeys(key_ids) if one not in trusted]
        named = set(tenants) - {LOCAL}
        found, halted, gone = await self._store.look(asked, sorted(named))
        dead = {
            asked_id
            for asked_id, one in zip(asked, found, strict=True)
            if one is None or one.is_over(now_ms) or one.tenant in halted
        }
        return Look(frozenset(dead), frozenset(gone | (halted & named)))


def _given(quotas: Quotas) -> dict[str, Any]:
    """The quotas that were spoken of."""
    return quotas.model_dump(exclude_unset=True)


def _owner_of(new: NewKey) -> str | None:
    """The tenant of a key that is asked for; None: the operator's. Raises ``InvalidRequest``."""
    if new.operator and (new.tenant is not None or new.scopes is not None):
        field = "tenant" if new.tenant is not None else "scopes"
        raise InvalidRequest(f"{field}: an operator key has none. Leave it out.", field=field)
    if not new.operator and new.tenant is None:
        raise InvalidRequest("tenant: say whose key it is, or operator: true.", field="tenant")
    return new.tenant


def _check_local(patch: TenantPatch, quotas: dict[str, Any]) -> None:
    if patch.status == "suspended":
        raise NotAllowed(
            "Tenant local is this server's own: it cannot be suspended. Stop the server instead."
        )
    if set(quotas) - {"rooms"} or quotas.get("rooms", 0) is None:
        raise NotAllowed("Of tenant local only rooms are counted. Give others a tenant of their own.")
