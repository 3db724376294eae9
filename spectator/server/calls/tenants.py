"""What an operator does: tenants and keys. And what a tenant uses, which its own keys may ask too."""

from __future__ import annotations

from aiohttp import web

from rooms import ApiKey, MadeKey, NewKey, NewTenant, NotAllowed, Tenant, TenantPatch, Usage
from spectator.manager.views import iso
from spectator.server.answers import (
    GoneAnswer,
    KeysAnswer,
    KeyView,
    MadeKeyAnswer,
    QuotaView,
    TenantsAnswer,
    TenantView,
    UsageAnswer,
    UsageView,
    reply,
)
from spectator.server.bodies import TenantQuery
from spectator.server.routes import Call


async def create_tenant(call: Call) -> web.Response:
    """Make a tenant."""
    return reply(tenant_view(await call.manager.rooms.tenants.create(call.read(NewTenant))), 201)


async def list_tenants(call: Call) -> web.Response:
    """All tenants."""
    found = await call.manager.rooms.tenants.all()
    return reply(TenantsAnswer(tenants=[tenant_view(one) for one in found]))


async def show_tenant(call: Call) -> web.Response:
    """One tenant."""
    return reply(tenant_view(await call.manager.rooms.tenants.get(_named(call))))


async def change_tenant(call: Call) -> web.Response:
    """Change a tenant; suspend it, or let it go on."""
    patch = call.read(TenantPatch)
    changed = await call.manager.rooms.tenants.change(_named(call), patch)
    call.noted.subject = changed_words(changed, patch)
    return reply(tenant_view(changed))


async def delete_tenant(call: Call) -> web.Response:
    """Remove a tenant and everything of it, for good."""
    await call.manager.rooms.tenants.delete(_named(call))
    return reply(GoneAnswer(status="deleted"))


async def create_key(call: Call) -> web.Response:
    """Make a key; this answer is the only one that holds it."""
    made = await call.manager.rooms.tenants.make_key(call.read(NewKey))
    call.noted.subject = key_words(made)
    return reply(made_key_view(made), 201)


async def list_keys(call: Call) -> web.Response:
    """Keys, never their text."""
    found = await call.manager.rooms.tenants.keys(call.asked(TenantQuery).tenant)
    return reply(KeysAnswer(keys=[key_view(one) for one in found]))


async def revoke_key(call: Call) -> web.Response:
    """Make a key worthless."""
    await call.manager.rooms.tenants.revoke(call.request.match_info["id"])
    return reply(GoneAnswer(status="revoked"))


async def show_usage(call: Call) -> web.Response:
    """What tenants use of what they may."""
    asked, tenants = call.asked(TenantQuery).tenant, call.manager.rooms.tenants
    if call.caller.kind != "operator":
        if asked not in {None, call.caller.tenant}:  # whether there is such a tenant makes no difference
            raise NotAllowed("An API key asks for the usage of its own tenant. Leave tenant out.")
        asked = call.caller.tenant
    names = [asked] if asked is not None else [one.id for one in await tenants.all()]
    found = [await call.manager.rooms.quotas.usage(name) for name in names]
    return reply(UsageAnswer(usage=[usage_view(one) for one in found]))


def _named(call: Call) -> str:
    return call.request.match_info["tenant"]


def changed_words(one: Tenant, patch: TenantPatch) -> str:
    """What the audit tells of a change: the tenant, its status if that was given, which other fields."""
    given = patch.model_fields_set - {"status", "quotas"}
    quotas = patch.quotas.model_fields_set if patch.quotas is not None else set()
    status = [patch.status] if patch.status is not None else []
    return f"{one.id}: {', '.join([*status, *sorted(given), *sorted(quotas)])}"


def key_words(made: MadeKey) -> str:
    """What the audit tells of a new key: its public name, and whose it is."""
    return f"{made.key.id} {made.key.tenant or 'operator'}"


def tenant_view(one: Tenant) -> TenantView:
    """A tenant as operators see it."""
    return TenantView(
        id=one.id,
        name=one.name,
        status=one.status,
        created_at=iso(one.created_at_ms),
        quotas=dict(one.quotas),
    )


def key_view(one: ApiKey) -> KeyView:
    """What a key is."""
    return KeyView(
        id=one.id,
        kind=one.kind,
        tenant=one.tenant,
        scopes=sorted(one.scopes),
        name=one.name,
        created_at=iso(one.created_at_ms),
        expires_at=None if one.expires_at_ms is None else iso(one.expires_at_ms),
    )


def made_key_view(made: MadeKey) -> MadeKeyAnswer:
    """A key that was just made, with its text."""
    return MadeKeyAnswer(**key_view(made.key).model_dump(), key=made.raw)


def usage_view(one: Usage) -> UsageView:
    """What a tenant uses."""
    quotas = {name: QuotaView(used=use.used, limit=use.limit) for name, use in one.quotas.items()}
    return UsageView(tenant=one.tenant, status=one.status, quotas=quotas)
