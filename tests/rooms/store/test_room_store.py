import json

import pytest

from rooms import StoreUnavailable
from rooms.manager.context import nonce
from rooms.store import Record, RoomStore, keys
from tests.rooms.world import HOUR, SECOND, World


async def record_of(world: World, store: RoomStore) -> Record:
    found = await store.read((await world.room(config={"lr": 1})).room.id)
    assert found is not None
    return found


async def test_a_document_is_sent_once_and_then_only_when_it_changed(world: World) -> None:
    store = RoomStore(world.connection)
    record = await record_of(world, store)
    again = store.reading(record.room.id)
    reply = await world.connection.run(*again.call)
    assert reply[1] is None
    facts = store.facts(again, None, reply)
    assert facts is not None
    assert facts.record == record
    document = {**record.document, "name": "b"}
    assert await store.change(record, {"doc": json.dumps(document)}, nonce()) == "ok"
    changed = await store.read(record.room.id)
    assert changed is not None
    assert changed.room.name == "b"


async def test_members_are_sent_once_and_then_only_when_they_changed(world: World) -> None:
    store = RoomStore(world.connection)
    room = (await world.room()).room
    await world.enter(room.code)
    first = (await store.glances([room.id]))[room.id]
    second = (await store.glances([room.id]))[room.id]
    assert first is not None
    assert second is not None
    assert first.members is second.members
    await world.enter(room.code)
    third = (await store.glances([room.id]))[room.id]
    assert third is not None
    assert len(third.members) == 2


async def test_a_room_that_cannot_be_read_is_missing_and_one_that_is_gone_is_none(world: World) -> None:
    store = RoomStore(world.connection)
    good, broken = (await world.room()).room, (await world.room()).room
    await world.connection.command("DEL", *keys.of_room(broken.id, "seats"))
    await world.connection.command("SET", *keys.of_room(broken.id, "seats"), "no sorted set")
    found = await store.glances([good.id, broken.id, "r_0000000000000000"])
    assert found[good.id] is not None
    assert found["r_0000000000000000"] is None
    assert broken.id not in found


async def test_a_failed_call_is_raised_when_its_answer_is_read(world: World) -> None:
    store = RoomStore(world.connection)
    with pytest.raises(StoreUnavailable):
        store.facts(store.reading("r_1"), None, StoreUnavailable())


async def test_a_change_of_what_is_no_longer_so_is_refused(world: World) -> None:
    store = RoomStore(world.connection)
    record = await record_of(world, store)
    mark = nonce()
    assert await store.change(record, {"max": 3}, mark) == "ok"
    assert await store.change(record, {"max": 3}, mark) == "ok"  # a repeat of the same
    assert await store.change(record, {"max": 4}, nonce()) == "changed"
    await store.end(record.room.id, "closed", nonce())
    assert await store.change(record, {"max": 4}, nonce()) == "over"
    missing = await store.change(Record(record.room, {}, "", ""), {"max": 4}, nonce())
    assert missing == "over"


async def test_extending_twice_by_the_same_call_is_extending_once(world: World) -> None:
    store = RoomStore(world.connection)
    room, mark = (await world.room()).room, nonce()
    latest = room.expires_at_ms + 10 * HOUR
    for _ in range(2):
        assert await store.extend(room.id, HOUR, latest, mark) == "ok"
    found = await store.read(room.id)
    assert found is not None
    assert found.room.expires_at_ms == room.expires_at_ms + HOUR
    await store.extend(room.id, 100 * HOUR, latest, nonce())
    found = await store.read(room.id)
    assert found is not None
    assert found.room.expires_at_ms == latest
    assert await store.extend("r_0000000000000000", HOUR, latest, nonce()) == "gone"


async def test_a_publisher_claims_a_room_once(world: World) -> None:
    store = RoomStore(world.connection)
    room = (await world.room()).room
    assert await store.claim_publisher(room.id, "a") == "yours"
    assert await store.claim_publisher(room.id, "a") == "yours"
    assert await store.claim_publisher(room.id, "b") == "live"
    world.clock.push(15 * SECOND)
    assert await store.claim_publisher(room.id, "b") == "yours"
    await store.end(room.id, "closed", nonce())
    assert await store.claim_publisher(room.id, "b") == "over"
    assert await store.claim_publisher("r_0000000000000000", "b") == "gone"


async def test_a_room_expires_only_when_its_time_is_over(world: World) -> None:
    store = RoomStore(world.connection)
    room = (await world.room(session_duration_hours=1)).room
    assert await store.end(room.id, "expired", nonce()) == "active"
    world.clock.push(HOUR)
    assert await store.end(room.id, "closed", nonce()) == "ended"
    found = await store.read(room.id)
    assert found is not None
    assert found.room.end_reason == "expired"
    assert await store.end("r_0000000000000000", "closed", nonce()) == "gone"


async def test_a_new_room_vanishes_unless_it_is_confirmed(world: World) -> None:
    store = RoomStore(world.connection)
    assert await store.create("r_1111111111111111", {"status": "active"}, "a")
    assert await store.create("r_1111111111111111", {"status": "active"}, "a")
    assert not await store.create("r_1111111111111111", {"status": "active"}, "b")
    key = keys.of_room("r_1111111111111111", "room")[0]
    assert 0 < await world.connection.command("PTTL", key) <= 60_000
    await store.confirm("r_1111111111111111")
    assert await world.connection.command("PTTL", key) == -1
