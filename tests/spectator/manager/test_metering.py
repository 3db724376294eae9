"""What publishing costs a tenant: charged before anything is stored, measured a little after."""

import asyncio
import json

import pytest
import pytest_asyncio

from rooms import (
    NewKey,
    NewRoom,
    NewTenant,
    QuotaExceeded,
    Room,
    RoomManager,
    SequenceGap,
    StoreUnavailable,
)
from rooms.store.keys import tenant_spent
from spectator.manager import Manager, metering
from tests.harness.waiting import eventually

LINE = json.dumps({"type": "log", "level": "info", "message": "x" * 1000}).encode()


async def room_of(rooms: RoomManager, tenant: str, **quotas: int | None) -> Room:
    await rooms.tenants.create(NewTenant.read({"id": tenant, "quotas": quotas}))
    made = await rooms.tenants.make_key(NewKey.read({"tenant": tenant}))
    return (await rooms.create(await rooms.caller(made.raw), NewRoom.read({}))).room


@pytest_asyncio.fixture
async def two(manager: Manager) -> tuple[Room, Room]:
    """A tenant's room that may take a little, and one of a tenant beside it."""
    mine = await room_of(manager.rooms, "acme", bytes_per_second=1500)
    return mine, await room_of(manager.rooms, "other")


async def test_what_is_refused_is_not_stored_and_has_used_no_number(
    manager: Manager, two: tuple[Room, Room]
) -> None:
    mine, theirs = two
    body = b"\n".join([LINE] * 3)
    await manager.publish(mine, body, producer="p", sequence=1)
    with pytest.raises(QuotaExceeded) as caught:
        await manager.publish(mine, body, producer="p", sequence=2)
    assert caught.value.quota == "bytes_per_second"
    head = (await manager.log.heads([mine.id]))[mine.id]
    assert head.seq == 3
    await manager.publish(theirs, body)
    assert (await manager.log.heads([theirs.id]))[theirs.id].seq == 3

    async def taken() -> bool:
        try:
            await manager.publish(mine, LINE, producer="p", sequence=2)
        except QuotaExceeded:
            return False
        return True

    await eventually(taken, deadline=60, what="the debt is paid off")
    assert (await manager.log.heads([mine.id]))[mine.id].seq == 4


async def test_many_publishers_at_once_pass_no_more_than_the_bucket_holds(manager: Manager) -> None:
    mine = await room_of(manager.rooms, "acme", events_per_second=20)
    began = manager.now_ms()
    outcomes = await asyncio.gather(
        *(manager.publish(mine, LINE) for _ in range(200)), return_exceptions=True
    )
    refused = sum(isinstance(one, QuotaExceeded) for one in outcomes)
    most = 40 + 20 * (manager.now_ms() - began) / 1000 + 1
    assert 40 <= 200 - refused <= most
    assert (await manager.log.heads([mine.id]))[mine.id].seq == 200 - refused


async def spent(manager: Manager, name: str = "events_per_second") -> float:
    """What the tenant's bucket is short of."""
    row = await manager.connection.command("HGETALL", tenant_spent("acme"))
    return float(row[f"{name}:now".encode()]) if row else 0.0


async def test_a_batch_whose_answer_was_lost_is_charged_once(manager: Manager) -> None:
    mine = await room_of(manager.rooms, "acme", events_per_second=1000)
    body = b"\n".join([LINE] * 5)
    first = await manager.publish(mine, body, producer="p", sequence=1)
    assert await spent(manager) == 5
    assert await manager.publish(mine, body, producer="p", sequence=1) == first
    assert await spent(manager) == 5
    await manager.publish(mine, body, producer="p", sequence=2)
    assert await spent(manager) == 10
    await manager.publish(mine, body, producer="p", sequence=1)
    with pytest.raises(SequenceGap):
        await manager.publish(mine, body, producer="p", sequence=4)
    assert await spent(manager) == 10, "neither what is old nor what comes after a hole is stored"
    await manager.publish(mine, body)
    await manager.publish(mine, body)
    assert await spent(manager) == 20, "without a number nobody knows that it is the same"


async def test_a_batch_that_the_store_did_not_take_is_charged_once(manager: Manager) -> None:
    """Charged, then refused by the store: what comes again under its number has been paid for."""
    mine = await room_of(manager.rooms, "acme", events_per_second=1000)
    body = b"\n".join([LINE] * 5)
    await manager.publish(mine, LINE)
    await manager.connection.command("HSET", f"sp:{{{mine.id}}}:head", "bytes", "no number")
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await manager.publish(mine, body, producer="p", sequence=1)
    assert await spent(manager) == 6
    with pytest.raises(StoreUnavailable):
        await manager.publish(mine, body + b"\n" + LINE, producer="p", sequence=1)
    assert await spent(manager) == 12, "another batch under the same number is not what was paid for"
    await manager.connection.command("HSET", f"sp:{{{mine.id}}}:head", "bytes", 0)
    await manager.publish(mine, body + b"\n" + LINE, producer="p", sequence=1)
    assert await spent(manager) == 12


async def test_a_repeat_is_answered_although_the_quota_is_used_up(manager: Manager) -> None:
    mine = await room_of(manager.rooms, "acme", events_per_second=5, stored_bytes=12_000)
    body = b"\n".join([LINE] * 10)
    first = await manager.publish(mine, body, producer="p", sequence=1)
    with pytest.raises(QuotaExceeded):
        await manager.publish(mine, body, producer="p", sequence=2)
    assert await manager.publish(mine, body, producer="p", sequence=1) == first


async def test_what_this_node_stored_counts_before_it_is_measured(manager: Manager) -> None:
    mine = await room_of(manager.rooms, "acme", stored_bytes=20_000)
    body = b"\n".join([LINE] * 5)
    for _ in range(4):  # 5 KB each
        await manager.publish(mine, body)
    with pytest.raises(QuotaExceeded) as caught:
        await manager.publish(mine, body)
    assert caught.value.quota == "stored_bytes"
    used = (await manager.rooms.quotas.usage("acme")).quotas["stored_bytes"].used
    assert used is not None
    assert used > 20_000, "who is refused is counted first"


async def test_what_was_trimmed_since_counts_no_more(manager: Manager) -> None:
    """At its limit a tenant is measured before it is refused: here the log was emptied meanwhile."""
    mine = await room_of(manager.rooms, "acme", stored_bytes=20_000)
    body = b"\n".join([LINE] * 5)
    for _ in range(4):
        await manager.publish(mine, body)
    await manager.connection.command("HSET", f"sp:{{{mine.id}}}:head", "kept", 0)
    await manager.publish(mine, body)


async def test_a_heartbeat_costs_nothing(manager: Manager) -> None:
    mine = await room_of(manager.rooms, "acme", events_per_second=0, bytes_per_second=0, stored_bytes=0)
    await manager.publish(mine, b"")
    with pytest.raises(QuotaExceeded):
        await manager.publish(mine, LINE)
    await manager.publish(mine, b"")


async def test_what_a_room_keeps_is_counted_once_for_all_that_came_meanwhile(manager: Manager) -> None:
    mine = await room_of(manager.rooms, "acme", stored_bytes=10**9)
    for _ in range(5):
        await manager.publish(mine, LINE)
    assert len(manager.publisher._meter._measuring) == 1

    async def counted() -> bool:
        used = (await manager.rooms.quotas.usage("acme")).quotas["stored_bytes"].used
        return used is not None and used > 5_000

    await eventually(counted, deadline=metering.MEASURED_S + 10, what="the bytes are counted")
    assert len(manager.publisher._meter._measuring) == 0


async def test_what_is_measured_after_its_tenant_is_gone_leaves_nothing(manager: Manager) -> None:
    mine = await room_of(manager.rooms, "acme", stored_bytes=10**9)
    await manager.publish(mine, LINE)
    await manager.rooms.quotas._store.note_stored("acme", mine.id, 1000)
    await manager.rooms.tenants.delete("acme")
    await manager.rooms.quotas._store.note_stored("acme", "r_another", 1000)  # read before, written after
    await manager.rooms.quotas.note_stored("acme", mine.id)
    await eventually(
        lambda: not manager.publisher._meter._measuring,
        deadline=metering.MEASURED_S + 10,
        what="the measurement",
    )
    assert await manager.connection.command("KEYS", "sp:tenant:acme:*") == []
