"""Keys that are revoked and tenants that are suspended while people watch, on a real store."""

import asyncio

import pytest

from rooms import Caller, JoinAsk, NewKey, NewRoom, NewTenant, TenantPatch
from spectator.hub import Pass, Variant, Viewer
from spectator.hub.outage import Outage
from spectator.hub.revocations import Revocations
from tests.harness.waiting import eventually
from tests.spectator.hub.conftest import Sink
from tests.spectator.hub.living import describe, ended


async def tenant_room(node, tenant: str, **fields):
    """A room of a tenant, and one of the tenant's API keys."""
    await node.rooms.tenants.create(NewTenant(id=tenant))
    made = await node.rooms.tenants.make_key(NewKey(tenant=tenant))
    caller = await node.rooms.caller(made.raw)
    return (await node.rooms.create(caller, NewRoom(**fields))).room, made


def by_key(made, role: str = "reader") -> Pass:
    return Pass(role, person="owner" if role == "owner" else None, key_id=made.key.id)


@pytest.mark.parametrize("variant", [Variant.V1, Variant.FLAT, Variant.SSE])
@pytest.mark.parametrize("role", ["reader", "owner"])
async def test_a_revoked_key_ends_what_it_opened_and_nothing_else(node, variant, role):
    room, made = await tenant_room(node, "acme")
    other = await node.rooms.tenants.make_key(NewKey(tenant="acme"))
    _, sink = await node.watch(room, by_key(made, role), variant=variant)
    _, spared = await node.watch(room, by_key(other))
    _, ann = await node.watch(room)
    await node.rooms.tenants.revoke(made.key.id)
    if variant is Variant.SSE:
        await eventually(lambda: b'"code":4501' in sink.taken)
    else:
        assert await ended(sink) == 4501
    assert b"ask whoever gave it to you for a new one" in sink.taken, "joining again would not help"
    assert not [f for f in (*spared.frames(), *ann.frames()) if f[0] == 8]


async def test_a_key_whose_time_is_over_ends(node, connection):
    room, made = await tenant_room(node, "acme")
    short = await node.rooms.tenants.make_key(NewKey(tenant="acme", expires_hours=1))
    _, sink = await node.watch(room, by_key(short))
    _, spared = await node.watch(room, by_key(made))
    revocations = node.hub._revocations
    now_ms = connection.clock.now_ms
    connection.clock.now_ms = lambda: now_ms() + 3_600_000
    try:
        await revocations.look()
    finally:
        connection.clock.now_ms = now_ms
    assert await ended(sink) == 4501
    assert not [f for f in spared.frames() if f[0] == 8]


async def test_a_suspended_tenant_has_no_rooms_for_those_who_watch_wait_or_listen(node):
    room, made = await tenant_room(node, "acme", require_approval=True, max_spectators=5)
    mine = await node.room()
    _, local = await node.watch(mine)
    asked = await node.rooms.join(room.code, Caller("anonymous"), JoinAsk(display_name="Ann"), "192.0.2.7")
    lobby = Sink()
    waiting = Pass("asker", person=asked.request.person, request_id=asked.request_id)
    await node.hub.wait_in_lobby(room.id, Viewer(Variant.V1, lobby), waiting, describe, lambda: None)
    _, owner = await node.watch(room, by_key(made, "owner"))
    async with node.hub.watch_access(room.id) as watch:
        while await watch.changed(0.3):  # what their coming caused
            pass
        heard = asyncio.get_running_loop().create_task(watch.changed(5))
        await node.rooms.tenants.change("acme", TenantPatch(status="suspended"))
        assert await ended(lobby) == 4504
        assert await ended(owner) == 4504, "the room is gone, not only the key"
        assert await heard
    assert not [f for f in local.frames() if f[0] == 8]


async def test_a_deleted_tenant_has_none_either(node):
    room, _ = await tenant_room(node, "acme")
    _, sink = await node.watch(room, Pass("owner", person="owner", generation=room.generation))
    await node.rooms.tenants.delete("acme")
    assert await ended(sink) == 4504


class Counting:
    """A store that says yes to everything, and how often it was asked of what."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], list[str]]] = []

    async def look(self, keys, tenants):
        from rooms import Look

        self.asked.append((list(keys), list(tenants)))
        return Look(frozenset(), frozenset())


async def test_each_key_and_tenant_is_asked_of_once_and_a_laptop_asks_nothing(node, viewers):
    from types import SimpleNamespace

    room = await node.room()
    await node.watch(room)
    tenants = Counting()
    counted = SimpleNamespace(
        rooms=dict(node.hub._node.rooms), manager=SimpleNamespace(tenants=tenants), policy=node.hub.policy
    )
    revocations = Revocations(counted, Outage(lambda _: None), lambda *_: None)
    await revocations.look()
    assert tenants.asked == []
    hub_room = node.hub.view(room.id)
    for key in ("k_2", "k_1", "k_2", None):
        viewer, _ = viewers()
        viewer.right = Pass("reader", key_id=key)
        hub_room.admit(viewer, describe)
    await revocations.look()
    assert tenants.asked == [(["k_1", "k_2"], [])]
