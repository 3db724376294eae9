import pytest

from rooms.store import Cost, TenantsStore, halted_in, keys
from rooms.tenants import ApiKey, Tenant
from tests.rooms.world import SECOND, World

ACME = Tenant("acme", "Acme", "active", 1_700_000_000_000, {"rooms": 5})


@pytest.fixture
def tenants(world: World) -> TenantsStore:
    return TenantsStore(world.connection)


async def test_a_tenant_is_written_once_and_read_as_it_was_written(tenants: TenantsStore) -> None:
    assert await tenants.create(ACME)
    assert not await tenants.create(ACME)
    assert await tenants.tenant("acme") == ACME
    assert [one.id for one in await tenants.tenants()] == ["acme", "local"]
    assert await tenants.tenant("nobody") is None


async def test_a_row_is_changed_only_as_it_was_read(tenants: TenantsStore) -> None:
    other = Tenant("acme", "Other", "active", ACME.created_at_ms, {"rooms": 6})
    assert await tenants.rewrite(ACME, other) == "unknown"
    await tenants.create(ACME)
    assert await tenants.rewrite(other, ACME) == "ok", "it is so already"
    assert await tenants.rewrite(ACME, other) == "ok"
    assert await tenants.rewrite(ACME, Tenant("acme", "Third", "active", 0, {})) == "changed"
    assert await tenants.tenant("acme") == other


async def test_a_tenant_is_halted_and_goes_on_but_not_from_being_deleted(
    world: World, tenants: TenantsStore
) -> None:
    assert await tenants.halt("acme", "suspended") == "unknown"
    await tenants.create(ACME)
    assert await tenants.halt("acme", "suspended") == "suspended"
    assert await tenants.halted() == {"acme": "suspended"}
    assert halted_in(await world.connection.run(*tenants.halted_call())) == {"acme"}
    found = await tenants.tenant("acme")
    assert found is not None
    assert found.status == "suspended"
    assert await tenants.halt("acme", "active") == "active"
    assert await tenants.halted() == {}
    await tenants.forget("acme")
    assert await tenants.tenant("acme") is not None, "only what is being deleted is forgotten"
    assert await tenants.halt("acme", "deleting") == "deleting"
    assert await tenants.halt("acme", "active") == "deleting"
    await tenants.forget("acme")
    assert (await tenants.tenant("acme"), await tenants.halted()) == (None, {})


async def test_a_key_is_found_by_its_hash_and_listed_by_its_id(world: World, tenants: TenantsStore) -> None:
    one = ApiKey("k_1", "api_key", "acme", frozenset({"read"}), "a key", 5, world.clock.now_ms() + SECOND)
    await tenants.write_key("digest", one)
    assert await tenants.key("digest") == one
    assert [(key, digest) for key, digest in await tenants.keys() if key.id == "k_1"] == [(one, "digest")]
    assert await tenants.find_key("k_1") == (one, "digest", False)
    assert await world.connection.command("PTTL", keys.key_row("digest")) > 0, "it lapses by itself"
    await tenants.drop_key("digest", one, for_good=True)
    assert await tenants.key("digest") is None
    assert await tenants.find_key("k_1") == (one, "digest", True)
    assert "k_1" not in [key.id for key, _ in await tenants.keys()]
    await tenants.drop_key("digest", one, for_good=False)
    assert await tenants.find_key("k_1") is None


async def test_a_look_tells_of_keys_and_tenants_in_the_order_asked(tenants: TenantsStore) -> None:
    await tenants.create(ACME)
    one = ApiKey("k_1", "api_key", "acme", frozenset(), "x")
    await tenants.write_key("digest", one)
    await tenants.halt("acme", "suspended")
    assert await tenants.look(["k_0", "k_1"], ["acme", "gone"]) == ([None, one], {"acme"}, {"gone"})
    assert await tenants.look([], ["acme"]) == ([], {"acme"}, set())
    assert await tenants.look(["k_1"], []) == ([one], {"acme"}, set())


async def test_names_are_noted_until_they_are_gone_anyway(world: World, tenants: TenantsStore) -> None:
    now = world.clock.now_ms()
    await tenants.note_names("local", [("sp:code:AAAAAA", now + SECOND)])
    assert await tenants.noted_names("local") == [], "what stays needs no notes"
    await tenants.note_names(
        "acme", [("sp:code:AAAAAA", now + SECOND), ("sp:code:BBBBBB", now + 60 * SECOND)]
    )
    await tenants.note_names("acme", [("sp:code:AAAAAA", now + 90 * SECOND)])
    assert sorted(await tenants.noted_names("acme")) == ["sp:code:AAAAAA", "sp:code:BBBBBB"]
    world.clock.push(70 * SECOND)
    await tenants.note_names("acme", [("sp:code:CCCCCC", world.clock.now_ms() + SECOND)])
    assert sorted(await tenants.noted_names("acme")) == ["sp:code:AAAAAA", "sp:code:CCCCCC"]
    left = await world.connection.command("PTTL", keys.tenant_names("acme"))
    assert 3_600_000 < left <= 3_600_000 + 160 * SECOND, "the list itself lapses too"


async def test_a_repeat_of_a_charge_is_charged_once(tenants: TenantsStore) -> None:
    cost = [Cost("events_per_second", 150, 200, 0.1, 10_000)]
    assert await tenants.spend("acme", cost, "nonce") == (0, 0)
    assert await tenants.spend("acme", cost, "nonce") == (0, 0)
    which, wait_ms = await tenants.spend("acme", cost, "another")
    assert which == 1
    assert 900 < wait_ms <= 1000
    [(_, now, _)] = await tenants.spent("acme", ["events_per_second"])
    assert now == 150


async def test_bytes_are_summed_over_rooms(world: World, tenants: TenantsStore) -> None:
    assert await tenants.note_stored("acme", "r_1", 100) == 100
    assert await tenants.note_stored("acme", "r_2", 2**40) == 2**40 + 100
    assert await tenants.note_stored("acme", "r_1", 50) == 2**40 + 50
    assert await tenants.stored("acme") == 2**40 + 50
    assert await tenants.note_stored("acme", "r_2", 0) == 50
    assert await tenants.note_stored("acme", "r_1", 0) == 0
    assert await world.connection.command("EXISTS", keys.tenant_stored("acme")) == 0
    assert await tenants.note_stored("acme", "r_1", 0) == 0
    assert await world.connection.command("EXISTS", keys.tenant_stored("acme")) == 0
