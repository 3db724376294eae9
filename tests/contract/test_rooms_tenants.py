"""What tenants, their keys and their quotas promise, on every kind of store."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from rooms import (
    QUOTAS,
    Admitted,
    AuditEntry,
    Caller,
    JoinAsk,
    NewInvitation,
    NewKey,
    NewRoom,
    NewTenant,
    NotAllowed,
    QuotaExceeded,
    Room,
    RoomManager,
    RoomNotFound,
    RoomPatch,
    Secrets,
    TenantNotFound,
    TenantPatch,
    Unauthorized,
    Waiting,
    actor_of,
)
from rooms.manager.context import RECENT_S
from rooms.store import keys
from spectator.events import decode
from spectator.log import Log, Retention, Wants
from spectator.state import compact
from spectator.tasks import Tasks
from tests.contract.test_rooms_joins import code_of
from tests.harness.waiting import eventually
from tests.rooms.world import CLIENT, HOUR, SECOND, SECRET, World, world_on


@pytest_asyncio.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    async with world_on(store_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def other_node(world: World) -> AsyncIterator[RoomManager]:
    """A second node over the same store; nobody rings it."""
    node = RoomManager(world.connection, Secrets([SECRET]))
    yield node
    await node.close()


async def tenant(world: World, name: str, **quotas: int | None) -> Caller:
    """A tenant with one key of all scopes; whoever holds it."""
    await world.manager.tenants.create(NewTenant.read({"id": name, "quotas": quotas}))
    return await key_of(world, name)


async def key_of(world: World, name: str, **fields: Any) -> Caller:
    made = await world.manager.tenants.make_key(NewKey.read({"tenant": name, **fields}))
    return await world.manager.caller(made.raw)


async def room_of(world: World, owner: Caller, **fields: Any) -> Room:
    return (await world.manager.create(owner, NewRoom.read({"name": "a room", **fields}))).room


async def everything(world: World) -> set[bytes]:
    """The names of all keys in the store."""
    client = world.connection._client
    where = {"target_nodes": "primaries"} if world.connection.is_cluster else {}
    return set(await client.keys("*", **where))


async def join(node: RoomManager, room: Room, name: str = "Ann") -> Admitted | Waiting:
    return await node.join(room.code, Caller("anonymous"), JoinAsk(display_name=name), CLIENT)


class TestKeys:
    async def test_a_key_is_shown_once_and_stored_as_a_hash(self, world: World) -> None:
        await world.manager.tenants.create(NewTenant.read({"id": "acme"}))
        made = await world.manager.tenants.make_key(
            NewKey.read({"tenant": "acme", "scopes": ["read"], "name": "wall"})
        )
        assert made.raw.startswith("sk_acme_")
        assert made.raw not in repr(made)
        caller = await world.manager.caller(made.raw)
        assert (caller.kind, caller.tenant, caller.scopes) == ("api_key", "acme", frozenset({"read"}))
        secret = made.raw.removeprefix("sk_acme_").encode()
        for key in await everything(world):
            assert secret not in key
            kind = await world.connection.command("TYPE", key)
            if kind == b"string":
                assert secret not in await world.connection.command("GET", key)
            elif kind == b"hash":
                assert secret not in b"".join((await world.connection.command("HGETALL", key)).values())
        assert [one.name for one in await world.manager.tenants.keys("acme")] == ["wall"]

    async def test_a_revoked_key_is_refused_on_every_node_within_a_second(
        self, world: World, other_node: RoomManager
    ) -> None:
        await world.manager.tenants.create(NewTenant.read({"id": "acme"}))
        made = await world.manager.tenants.make_key(NewKey.read({"tenant": "acme"}))
        assert (await other_node.caller(made.raw)).tenant == "acme"
        await world.manager.tenants.revoke(made.key.id)
        with pytest.raises(Unauthorized):
            await world.manager.caller(made.raw)
        await eventually(
            lambda: refused(other_node, made.raw), deadline=RECENT_S + 1, what="the other node refuses"
        )
        look = await other_node.tenants.look([made.key.id], [])
        assert look.dead_keys == {made.key.id}

    async def test_the_keys_of_the_rooms_it_made_end_with_it(
        self, world: World, other_node: RoomManager
    ) -> None:
        manager = world.manager
        await manager.tenants.create(NewTenant.read({"id": "acme"}))
        first, second = [
            await manager.tenants.make_key(NewKey.read({"tenant": "acme", "scopes": ["publish"]}))
            for _ in range(2)
        ]
        made = [
            await manager.create(await manager.caller(key.raw), NewRoom(name="one"))
            for key in (first, second)
        ]
        late: list[str] = []

        async def take_another() -> None:
            """Another node remembers the key for a second, and hands out the new room key for it."""
            remembered = await other_node.caller(first.raw)
            await eventually(lambda: refused(manager, first.raw), what="the key is revoked")
            again = await other_node.create(remembered, NewRoom(name="late"))
            late.append(again.owner_token)

        await asyncio.gather(take_another(), manager.tenants.revoke(first.key.id))
        for token, standing in ((made[0].owner_token, False), (late[0], False), (made[1].owner_token, True)):
            caller = await manager.caller(token)
            room = await manager.find(str(caller.room_id))
            assert room is not None, "the room stays"
            assert manager.may_publish(caller, room) is standing
        own = await manager.find(made[0].room.id)
        assert own is not None
        assert own.is_active(world.clock.now_ms())

    async def test_a_key_ends_when_it_was_said_by_the_store_s_clock(self, world: World) -> None:
        await world.manager.tenants.create(NewTenant.read({"id": "acme"}))
        made = await world.manager.tenants.make_key(NewKey.read({"tenant": "acme", "expires_hours": 2}))
        lasting = await world.manager.tenants.make_key(NewKey.read({"tenant": "acme"}))
        world.clock.push(2 * HOUR - 10 * SECOND)
        assert (await world.manager.caller(made.raw)).tenant == "acme"
        world.clock.push(11 * SECOND)
        with pytest.raises(Unauthorized, match="over"):
            await world.manager.caller(made.raw)
        look = await world.manager.tenants.look([made.key.id, lasting.key.id, "k_nobody"], ["acme"])
        assert look.dead_keys == {made.key.id, "k_nobody"}

    async def test_an_operator_s_key_is_one_of_its_own(self, world: World) -> None:
        made = await world.manager.tenants.make_key(NewKey.read({"operator": True, "name": "ops"}))
        assert made.raw.startswith("op_")
        assert (await world.manager.caller(made.raw)).kind == "operator"
        assert [one.name for one in await world.manager.tenants.keys() if one.kind == "operator"] == ["ops"]
        await world.manager.tenants.revoke(made.key.id)
        with pytest.raises(Unauthorized):
            await world.manager.caller(made.raw)


async def refused(node: RoomManager, raw: str) -> bool:
    try:
        await node.caller(raw)
    except (Unauthorized, NotAllowed):
        return True
    return False


class TestSuspended:
    async def test_its_keys_are_told_so_and_its_rooms_are_not_there(
        self, world: World, other_node: RoomManager
    ) -> None:
        owner = await tenant(world, "acme")
        made = await world.manager.tenants.make_key(NewKey.read({"tenant": "acme"}))
        room = await room_of(world, owner, listed=True)
        rest = await room_of(world, world.owner, listed=True)
        member = await join(world.manager, room)
        assert isinstance(member, Admitted)
        grant = await world.manager.caller(member.token)
        key = await world.manager.caller(world.manager.owner_token(room))
        await world.manager.tenants.change("acme", TenantPatch.read({"status": "suspended"}))
        for node in (world.manager, other_node):
            node.tenants._tenancy.forget()
            with pytest.raises(NotAllowed, match="suspended"):
                await node.caller(made.raw)
            for caller in (Caller("anonymous"), grant, key):
                for ref in (room.id, room.code):
                    with pytest.raises(RoomNotFound):
                        await node.look(ref, caller, CLIENT)
            assert await code_of(join(node, room)) == "room_not_found"
            assert await node.find(room.id) is None
            assert await node.find(room.id, fresh=False) is None
            assert [one.id for one in await node.lobby()] == [rest.id]
        found, _ = await world.manager.look(room.code, Caller("operator"), CLIENT)
        assert found.id == room.id
        assert (await world.manager.tenants.look([], ["acme", "local"])).suspended == {"acme"}
        await world.manager.tenants.change("acme", TenantPatch.read({"status": "active"}))
        assert (await world.manager.caller(made.raw)).tenant == "acme"
        assert (await world.manager.look(room.id, grant, CLIENT))[1] == "spectator"

    async def test_an_owner_s_link_of_it_opens_nothing(self, world: World) -> None:
        owner = await tenant(world, "acme")
        room = await room_of(world, owner)
        link = await world.manager.claim(room)
        await world.manager.tenants.change("acme", TenantPatch.read({"status": "suspended"}))
        with pytest.raises(Unauthorized):
            await world.manager.redeem_claim(link)
        await world.manager.tenants.change("acme", TenantPatch.read({"status": "active"}))
        assert (await world.manager.redeem_claim(link))[0].id == room.id


async def busy_life(world: World, owner: Caller) -> None:
    """Leave a trace of every kind: rooms, codes, names, people, requests, invitations, events, budgets."""
    manager = world.manager
    log = Log(world.connection, Retention(checkpoint_after=1))
    public = await room_of(world, owner, listed=True, metadata={"a": 1})
    locked = await room_of(world, owner, name="exam", reuse=True, password="s3cret", require_approval=True)
    once = await manager.create(owner, NewRoom.read({"name": "once"}), "an idempotency key")
    await manager.change(public, RoomPatch.read({"custom_code": "NEWCDE"}))
    changed = await manager.find(public.id)
    assert changed is not None
    ann, ben = await join(manager, changed), await join(manager, changed, "Ben")
    assert isinstance(ann, Admitted)
    assert isinstance(ben, Admitted)
    await manager.renew([(public.id, ann.person), (public.id, ben.person)])
    await manager.powers.kick(changed, ben.person, "owner")
    await manager.powers.block(changed, ann.person, "owner")
    await manager.powers.rotate(changed, "code")
    waiting = await manager.join(
        locked.code, Caller("anonymous"), JoinAsk(display_name="Cleo", password="s3cret"), CLIENT
    )
    assert isinstance(waiting, Waiting)
    late = await manager.join(
        locked.code, Caller("anonymous"), JoinAsk(display_name="Dan", password="s3cret"), CLIENT
    )
    assert isinstance(late, Waiting)
    await manager.answer(locked.id, late.request_id, approve=True)
    assert await code_of(join_wrong(manager, locked)) == "wrong_password"
    _, invitation = await manager.invitations.make(locked, NewInvitation.read({"uses": 3}))
    guest = JoinAsk(display_name="Finn", password="s3cret", invitation=invitation)
    assert isinstance(await manager.join(locked.code, Caller("anonymous"), guest, CLIENT), Admitted)
    narrow = await room_of(world, owner, max_spectators=1)
    seated = await join(manager, narrow)
    assert isinstance(seated, Admitted)
    await manager.renew([(narrow.id, seated.person)])
    assert await code_of(join(manager, narrow)) == "room_full"
    await manager.claim(locked)
    for step in range(3):
        body = b'{"type":"training_metrics","data":{"step":%d,"current_reward":1}}' % step
        await log.append(public.id, decode(body, world.clock.now_ms()), producer="p", sequence=step + 1)
    await compact(log, public.id)
    await log.announce(public.id, "node", 2, Wants())
    actor = actor_of(owner)
    manager.audit.note(AuditEntry("create", "done", actor, tenant="acme", room=public.id, client=CLIENT))
    await manager.audit.flush()
    await manager.quotas.spend("acme", events_per_second=3, bytes_per_second=200, requests_per_minute=1)
    await manager.quotas.note_stored("acme", public.id)
    await manager.close_room(once.room)


async def join_wrong(manager: RoomManager, room: Room) -> None:
    await manager.join(room.code, Caller("anonymous"), JoinAsk(display_name="Eve", password="no"), CLIENT)


async def life_of_others(world: World) -> Room:
    """A room of another tenant, in which the same visitors were: what is counted for them is not acme's."""
    room = await room_of(world, world.owner)
    await join(world.manager, room)
    assert await code_of(world.manager.look("ZZZZZZ", Caller("anonymous"), CLIENT)) == "room_not_found"
    return room


class TestDelete:
    async def test_every_key_of_a_tenant_is_removed_and_nothing_else(self, world: World) -> None:
        kept = await life_of_others(world)
        before = await everything(world)
        owner = await tenant(world, "acme")
        await key_of(world, "acme", expires_hours=1)
        await busy_life(world, owner)
        life = await everything(world) - before
        parts = {key.rpartition(b":")[2].decode() for key in life if b"{r_" in key}
        assert parts >= set(keys.PARTS) - {"frames"}, "the life was not busy enough"
        await world.manager.tenants.delete("acme")
        assert await everything(world) == before
        assert await world.manager.find(kept.id) is not None
        assert await world.connection.command("ZCARD", keys.DUE) == 1
        assert await world.connection.command("ZCARD", keys.LISTED) == 0
        assert await world.connection.command("HLEN", keys.KEYS) == 1
        with pytest.raises(TenantNotFound):
            await world.manager.tenants.get("acme")

    @pytest.mark.parametrize("turns", [1, 2, 5, 12, 30, 70, 150])
    async def test_what_was_cut_off_is_done_by_the_next_sweep(self, world: World, turns: int) -> None:
        await life_of_others(world)
        before = await everything(world)
        owner = await tenant(world, "acme")
        await busy_life(world, owner)
        tasks = Tasks("test")
        tasks.start(world.manager.tenants.delete("acme"), "delete")
        for _ in range(turns):
            await asyncio.sleep(0)
        await tasks.stop()
        await world.manager.tenants._store.halt("acme", "deleting")  # unless that was all that was done
        await world.manager.sweep()
        assert await everything(world) == before

    async def test_a_room_that_is_made_meanwhile_does_not_stay(self, world: World) -> None:
        """Rooms are made while their tenant is deleted: whichever is first, nothing is left."""
        before = await everything(world)
        for _ in range(5):
            owner = await tenant(world, "acme")
            made = [room_of(world, owner, name=f"room {number}") for number in range(6)]
            await asyncio.gather(
                *made[:3], world.manager.tenants.delete("acme"), *made[3:], return_exceptions=True
            )
        left = {key for key in await everything(world) - before if not key.startswith(b"sp:budget:")}
        lasting = [key for key in left if await world.connection.command("PTTL", key) == -1]
        assert lasting == []

    async def test_its_identities_are_nobody_where_another_gets_its_id(self, world: World) -> None:
        await tenant(world, "acme")
        identity = await world.manager.mint_identity("acme", "ann", "Ann", 24)
        assert (await world.manager.caller(identity)).user_id == "ann"
        await world.manager.tenants.delete("acme")
        with pytest.raises(Unauthorized):
            await world.manager.caller(identity)
        world.clock.push(SECOND)
        owner = await tenant(world, "acme")
        await room_of(world, owner, access_level="private", allowed_users=["ann"], owner_id="ann")
        with pytest.raises(Unauthorized):
            await world.manager.caller(identity)
        fresh = await world.manager.mint_identity("acme", "ann", "Ann", 24)
        assert (await world.manager.caller(fresh)).user_id == "ann"

    async def test_tenant_local_stays(self, world: World) -> None:
        with pytest.raises(NotAllowed, match="local"):
            await world.manager.tenants.delete("local")
        with pytest.raises(NotAllowed, match="local"):
            await world.manager.tenants.change("local", TenantPatch.read({"status": "suspended"}))
        with pytest.raises(TenantNotFound):
            await world.manager.tenants.delete("nobody")


class TestQuotas:
    async def test_of_many_at_once_as_many_pass_as_there_is_room_for(
        self, world: World, other_node: RoomManager
    ) -> None:
        """300 calls of two nodes at once: the bucket holds a minute's worth, and fills again meanwhile."""
        await tenant(world, "acme", requests_per_minute=120)
        nodes, began = [world.manager, other_node], world.clock.now_ms()
        outcomes = await asyncio.gather(
            *(nodes[number % 2].quotas.spend("acme", requests_per_minute=1) for number in range(300)),
            return_exceptions=True,
        )
        refused = [one for one in outcomes if isinstance(one, QuotaExceeded)]
        assert 120 <= 300 - len(refused) <= 121 + (world.clock.now_ms() - began) / 500
        assert {(one.quota, one.limit) for one in refused} == {("requests_per_minute", 120)}
        assert all(0 < (one.retry_after or 0) <= 60 for one in refused)

    async def test_amounts_are_taken_together_or_not_at_all(self, world: World) -> None:
        await tenant(world, "acme", events_per_second=100, bytes_per_second=1000)
        spend = world.manager.quotas.spend
        await spend("acme", events_per_second=10, bytes_per_second=1999)
        with pytest.raises(QuotaExceeded) as caught:
            await spend("acme", events_per_second=190, bytes_per_second=2000)
        assert caught.value.quota == "bytes_per_second"
        used = (await world.manager.quotas.usage("acme")).quotas["events_per_second"].used
        assert used == 1, "ten events in the last ten seconds"
        await spend("acme", events_per_second=190)

    async def test_a_batch_larger_than_the_bucket_leaves_a_debt(self, world: World) -> None:
        await tenant(world, "acme", events_per_second=10)
        spend = world.manager.quotas.spend
        await spend("acme", events_per_second=1000)
        with pytest.raises(QuotaExceeded) as caught:
            await spend("acme", events_per_second=1)
        assert 97 < (caught.value.retry_after or 0) <= 99
        world.clock.push(98 * SECOND + 500)
        await spend("acme", events_per_second=1)

    async def test_one_tenant_s_use_is_nothing_to_another(self, world: World) -> None:
        await tenant(world, "acme", events_per_second=10, seats=1)
        await tenant(world, "other", events_per_second=10, seats=1)
        await world.manager.quotas.spend("acme", events_per_second=500)
        await world.manager.quotas.spend("other", events_per_second=20)
        with pytest.raises(QuotaExceeded):
            await world.manager.quotas.spend("acme", events_per_second=1)

    async def test_seats_in_all_are_never_more_however_many_come_at_once(
        self, world: World, other_node: RoomManager
    ) -> None:
        owner = await tenant(world, "acme", seats=10)
        rooms = [await room_of(world, owner, max_spectators=10) for _ in range(3)]
        nodes = [world.manager, other_node]
        outcomes = await asyncio.gather(
            *(join(nodes[number % 2], rooms[number % 3], f"P{number}") for number in range(60)),
            return_exceptions=True,
        )
        admitted = [one for one in outcomes if isinstance(one, Admitted)]
        refused = [one for one in outcomes if isinstance(one, QuotaExceeded)]
        assert (len(admitted), len(refused)) == (10, 50)
        assert {(one.quota, one.limit) for one in refused} == {("seats", 10)}
        usage = (await world.manager.quotas.usage("acme")).quotas["seats"]
        assert (usage.used, usage.limit) == (10, 10)
        await world.manager.leave(admitted[0].room.id, admitted[0].person)
        assert isinstance(await join(other_node, rooms[0]), Admitted)

    async def test_no_seat_of_a_tenant_leaks(self, world: World) -> None:
        owner = await tenant(world, "acme", seats=2)
        narrow, wide = await room_of(world, owner, max_spectators=1), await room_of(world, owner)
        first = await join(world.manager, narrow)
        assert isinstance(first, Admitted)
        assert await code_of(join(world.manager, narrow)) == "room_full"
        assert await code_of(join(world.manager, wide)) == "in", "who met a full room took no seat"
        assert await code_of(join(world.manager, wide)) == "quota_exceeded"
        await world.manager.leave(wide.id, (await world.manager.people(wide.id))[0].id)
        await world.manager.leave(narrow.id, first.person)
        outcomes = await asyncio.gather(*(code_of(join(world.manager, narrow)) for _ in range(5)))
        assert outcomes.count("in") == 1, "decided together, and only one found a seat"
        assert "room_full" in outcomes
        assert (await world.manager.quotas.usage("acme")).quotas["seats"].used == 1
        world.clock.push(31 * SECOND)  # nobody renewed
        usage = (await world.manager.quotas.usage("acme")).quotas["seats"]
        assert usage.used == 0
        [second] = await world.manager.people(narrow.id)
        assert await world.manager.renew([(narrow.id, second.id)]) == [True]
        assert (await world.manager.quotas.usage("acme")).quotas["seats"].used == 1
        await world.manager.release(narrow.id, second.id)
        assert (await world.manager.quotas.usage("acme")).quotas["seats"].used == 0

    async def test_who_has_no_seat_of_the_tenant_any_more_loses_that_of_the_room(self, world: World) -> None:
        owner = await tenant(world, "acme", seats=1)
        room = await room_of(world, owner)
        first = await join(world.manager, room)
        assert isinstance(first, Admitted)
        world.clock.push(31 * SECOND)
        second = await join(world.manager, room, "Ben")
        assert isinstance(second, Admitted)
        kept = await world.manager.renew([(room.id, first.person), (room.id, second.person)])
        assert kept == [False, True]
        glance = await world.manager.glance(room.id)
        assert glance is not None
        assert glance.seats == 1

    async def test_an_approval_takes_a_seat_of_the_tenant(self, world: World) -> None:
        owner = await tenant(world, "acme", seats=1)
        room = await room_of(world, owner, require_approval=True)
        waiting = [await join(world.manager, room, name) for name in ("Ann", "Ben")]
        ids = [one.request_id for one in waiting if isinstance(one, Waiting)]
        assert len(await world.manager.answer_all(room.id)) == 1
        with pytest.raises(QuotaExceeded) as caught:
            await world.manager.answer(room.id, ids[1], approve=True)
        assert caught.value.quota == "seats"
        assert (await world.manager.request(room.id, ids[1])).status == "pending_approval"

    async def test_rooms_are_bounded_by_the_tenant_s_own_number(self, world: World) -> None:
        owner = await tenant(world, "acme", rooms=2)
        first = await room_of(world, owner)
        await room_of(world, owner)
        with pytest.raises(QuotaExceeded, match="2 active rooms") as caught:
            await room_of(world, owner)
        assert (caught.value.quota, caught.value.limit) == ("rooms", 2)
        await world.manager.close_room(first)
        await room_of(world, owner)
        await world.manager.tenants.change("acme", TenantPatch.read({"quotas": {"rooms": None}}))
        await room_of(world, owner)
        assert (await world.manager.quotas.usage("acme")).quotas["rooms"].used == 3

    async def test_what_rooms_keep_is_counted_until_it_is_removed(self, world: World) -> None:
        owner = await tenant(world, "acme", stored_bytes=1000)
        room, quotas = await room_of(world, owner), world.manager.quotas
        assert await quotas.check_stored("acme")
        line = b'{"type":"log","level":"info","message":"%s"}' % (b"x" * 2000)
        await Log(world.connection).append(room.id, decode(line, world.clock.now_ms()))
        await quotas.note_stored("acme", room.id)
        assert ((await quotas.usage("acme")).quotas["stored_bytes"].used or 0) > 2000
        quotas._stored.clear()
        with pytest.raises(QuotaExceeded) as caught:
            await quotas.check_stored("acme")
        assert caught.value.quota == "stored_bytes"
        ended = await world.manager.close_room(room)
        assert ((await quotas.usage("acme")).quotas["stored_bytes"].used or 0) > 2000, "ended, and kept"
        await world.manager.close_room(ended, keep=False)
        assert (await quotas.usage("acme")).quotas["stored_bytes"].used == 0
        quotas._stored.clear()
        assert await quotas.check_stored("acme")

    async def test_a_bound_that_is_set_later_counts_what_is_kept_already(self, world: World) -> None:
        owner = await tenant(world, "acme", stored_bytes=None)
        room, quotas = await room_of(world, owner), world.manager.quotas
        line = b'{"type":"log","level":"info","message":"%s"}' % (b"x" * 2000)
        await Log(world.connection).append(room.id, decode(line, world.clock.now_ms()))
        await world.manager.close_room(room)
        await world.manager.tenants.change("acme", TenantPatch.read({"quotas": {"stored_bytes": 1000}}))
        assert ((await quotas.usage("acme")).quotas["stored_bytes"].used or 0) > 2000
        with pytest.raises(QuotaExceeded):
            await quotas.check_stored("acme")

    async def test_the_sweep_counts_what_nobody_counted(self, world: World) -> None:
        """A node that dies between a batch and its measurement leaves the count behind the truth."""
        owner = await tenant(world, "acme", stored_bytes=10**6)
        room, quotas = await room_of(world, owner), world.manager.quotas
        line = b'{"type":"log","level":"info","message":"%s"}' % (b"x" * 2000)
        await Log(world.connection).append(room.id, decode(line, world.clock.now_ms()))
        assert (await quotas.usage("acme")).quotas["stored_bytes"].used == 0
        world.clock.push(HOUR)
        await world.manager.sweep()
        assert ((await quotas.usage("acme")).quotas["stored_bytes"].used or 0) > 2000

    async def test_where_nothing_is_bounded_the_rooms_are_looked_at(self, world: World) -> None:
        owner = await tenant(world, "acme", **dict.fromkeys(QUOTAS))
        room = await room_of(world, owner)
        await join(world.manager, room)
        line = b'{"type":"log","level":"info","message":"hello"}'
        await Log(world.connection).append(room.id, decode(line, world.clock.now_ms()))
        found = (await world.manager.quotas.usage("acme")).quotas
        assert {name: use.limit for name, use in found.items()} == dict.fromkeys(QUOTAS)
        assert (found["rooms"].used, found["seats"].used) == (1, 1)
        assert (found["stored_bytes"].used or 0) > 40
        assert found["events_per_second"].used is None
