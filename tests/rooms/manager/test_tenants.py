import asyncio

import pytest

from rooms import InvalidRequest, Limits, NewKey, NewTenant, NotAllowed, TenantPatch, TenantTaken
from rooms.manager.raw_keys import key_digest
from rooms.store.tenants_store import KEY_KEPT_MS
from spectator.embedded import EmbeddedStore
from tests.rooms.world import ALL_SCOPES, HOUR, KEY, OTHER_KEY, World, world_on


async def test_a_tenant_is_called_by_its_id_unless_it_has_a_name(world: World) -> None:
    assert (await world.manager.tenants.create(NewTenant.read({"id": "acme"}))).name == "acme"
    named = await world.manager.tenants.create(NewTenant.read({"id": "umbrella", "name": "Umbrella Corp."}))
    assert named.name == "Umbrella Corp."
    with pytest.raises(TenantTaken):
        await world.manager.tenants.create(NewTenant.read({"id": "acme"}))


async def test_two_operators_who_change_at_once_both_have_their_way(world: World) -> None:
    tenants = world.manager.tenants
    await tenants.create(NewTenant.read({"id": "acme"}))
    await asyncio.gather(
        tenants.change("acme", TenantPatch.read({"quotas": {"seats": 7}})),
        tenants.change("acme", TenantPatch.read({"quotas": {"rooms": 8}})),
        tenants.change("acme", TenantPatch.read({"name": "Acme"})),
    )
    found = await tenants.get("acme")
    assert (found.quotas["seats"], found.quotas["rooms"], found.name) == (7, 8, "Acme")


async def test_what_is_being_deleted_is_not_changed_any_more(world: World) -> None:
    tenants = world.manager.tenants
    await tenants.create(NewTenant.read({"id": "acme"}))
    await tenants._store.halt("acme", "deleting")
    for patch in ({"name": "x"}, {"status": "active"}):
        with pytest.raises(NotAllowed, match="deleted"):
            await tenants.change("acme", TenantPatch.read(patch))
    with pytest.raises(NotAllowed, match="deleted"):
        await tenants.make_key(NewKey.read({"tenant": "acme"}))
    with pytest.raises(TenantTaken):
        await tenants.create(NewTenant.read({"id": "acme"}))
    await tenants.sweep()
    assert (await tenants.create(NewTenant.read({"id": "acme"}))).status == "active"


async def test_a_key_whose_time_is_over_is_listed_for_a_week(world: World) -> None:
    tenants = world.manager.tenants
    await tenants.create(NewTenant.read({"id": "acme"}))
    made = await tenants.make_key(NewKey.read({"tenant": "acme", "expires_hours": 1}))
    row = await world.connection.command("PTTL", f"sp:key:{key_digest(made.raw)}")
    assert HOUR + KEY_KEPT_MS - 5000 < row <= HOUR + KEY_KEPT_MS
    world.clock.push(2 * HOUR)
    await tenants.forget_old_keys()
    assert [one.id for one in await tenants.keys("acme")] == [made.key.id]
    await world.connection.command("DEL", f"sp:key:{key_digest(made.raw)}")  # the store forgot it
    await tenants.forget_old_keys()
    assert await tenants.keys("acme") == []


async def test_a_tenant_has_a_bounded_number_of_keys(store: EmbeddedStore) -> None:
    async with world_on(store.url, Limits(keys_of_tenant=2)) as world:
        tenants = world.manager.tenants
        await tenants.create(NewTenant.read({"id": "acme"}))
        made = [await tenants.make_key(NewKey.read({"tenant": "acme"})) for _ in range(2)]
        with pytest.raises(NotAllowed, match="2 keys"):
            await tenants.make_key(NewKey.read({"tenant": "acme"}))
        await tenants.make_key(NewKey.read({"operator": True}))
        await tenants.revoke(made[0].key.id)
        await tenants.make_key(NewKey.read({"tenant": "acme"}))


async def test_a_key_made_known_again_keeps_its_day_and_a_revoked_one_stays_revoked(world: World) -> None:
    tenants = world.manager.tenants
    assert await tenants.ensure_key(OTHER_KEY, "other", frozenset({"read"}), "x")
    [before] = await tenants.keys("other")
    world.clock.push(HOUR)
    assert await tenants.ensure_key(OTHER_KEY, "other", frozenset({"read"}), "x")
    assert await tenants.keys("other") == [before]
    assert await tenants.ensure_key(OTHER_KEY, "other", ALL_SCOPES, "x")
    assert [one.scopes for one in await tenants.keys("other")] == [ALL_SCOPES]
    await tenants.revoke(before.id)
    assert not await tenants.ensure_key(OTHER_KEY, "other", ALL_SCOPES, "x")
    assert await tenants.keys("other") == []


async def test_what_no_store_holds_is_alive_as_long_as_the_node(world: World) -> None:
    tenants = world.manager.tenants
    own = tenants.ensure_operator("op_aaaaaaaaaaaaaaaaaaaaaaaa")
    assert (await world.manager.caller("op_aaaaaaaaaaaaaaaaaaaaaaaa")).kind == "operator"
    assert (await tenants.look([own.id], [])).dead_keys == frozenset()
    assert await world.connection.command("HLEN", "sp:keys") == 1, "only the tests' own"
    with pytest.raises(InvalidRequest):
        tenants.ensure_operator("op_short")


async def test_a_look_at_nothing_is_nothing(world: World) -> None:
    look = await world.manager.tenants.look([], [])
    assert (look.dead_keys, look.suspended) == (frozenset(), frozenset())
    [own] = await world.manager.tenants.keys("local")
    look = await world.manager.tenants.look([own.id], ["local", "gone"])
    assert (look.dead_keys, look.suspended) == (frozenset(), {"gone"})
    assert (await world.manager.caller(KEY)).key_id == own.id


async def test_a_key_of_a_halted_tenant_is_dead(world: World) -> None:
    tenants = world.manager.tenants
    await tenants.create(NewTenant.read({"id": "acme"}))
    made = await tenants.make_key(NewKey.read({"tenant": "acme"}))
    await tenants.change("acme", TenantPatch.read({"status": "suspended"}))
    look = await tenants.look([made.key.id], ["acme"])
    assert (look.dead_keys, look.suspended) == ({made.key.id}, {"acme"})
