"""Housekeeping: one node sweeps at a time, and a store that forgets is told the key again."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

import rooms as access
from rooms import Connection, NewRoom, RoomManager, RoomPatch
from spectator.embedded import EmbeddedStore
from spectator.manager.housekeeping import KEEP_KEY_ROUNDS, LEASE_KEY, Housekeeping
from tests.harness.waiting import eventually

KEY = "sk_local_a-key-of-the-tests-long-enough"


def keep(rooms: RoomManager) -> Callable[[], Awaitable[None]]:
    async def again() -> None:
        await rooms.ensure_key(KEY, "local", frozenset({"manage"}), "tests")

    return again


async def test_a_room_whose_time_is_over_is_ended(connection: Connection, rooms: RoomManager) -> None:
    await keep(rooms)()
    caller = await rooms.caller(KEY)
    created = await rooms.create(caller, NewRoom.read({}))
    await rooms.change(created.room, RoomPatch.read({"session_duration_hours": 0.0001}))
    housekeeping = Housekeeping(connection, rooms, keep(rooms), every_s=0.05)
    housekeeping.start()
    try:

        async def ended() -> bool:
            found = await rooms.find(created.room.id)
            return found is not None and found.status == "ended" and found.end_reason == "expired"

        await eventually(ended, what="the sweep")
    finally:
        await housekeeping.stop()


async def test_one_of_two_nodes_has_the_turn(connection: Connection, rooms: RoomManager) -> None:
    one = Housekeeping(connection, rooms, keep(rooms), every_s=10)
    two = Housekeeping(connection, rooms, keep(rooms), every_s=10)
    assert [await one._is_my_turn(), await two._is_my_turn()] == [True, False]
    assert 8000 < int(await connection.command("PTTL", LEASE_KEY)) <= 9000


async def test_a_key_that_the_store_forgot_is_told_again(connection: Connection, rooms: RoomManager) -> None:
    housekeeping = Housekeeping(connection, rooms, keep(rooms), every_s=0.02)
    with pytest.raises(access.Unauthorized):
        await rooms.caller(KEY)
    housekeeping.start()

    async def known() -> bool:
        try:
            return (await rooms.caller(KEY)).kind == "api_key"
        except access.Unauthorized:
            return False

    try:
        await eventually(known, what=f"{KEEP_KEY_ROUNDS} rounds")
    finally:
        await housekeeping.stop()


async def test_without_a_store_it_goes_on_quietly(
    store: EmbeddedStore, caplog: pytest.LogCaptureFixture
) -> None:
    connection = await access.connect(store.url)
    rooms = RoomManager(connection, access.Secrets([b"a secret of the tests, long enough"]))
    asked = asyncio.Event()

    async def refuse() -> None:
        asked.set()
        raise access.StoreUnavailable

    housekeeping = Housekeeping(connection, rooms, refuse, every_s=0.01)
    caplog.set_level("INFO", "spectator.manager")
    housekeeping.start()
    async with asyncio.timeout(10):
        await asked.wait()
        asked.clear()
        await asked.wait()
    await housekeeping.stop()
    await rooms.close()
    await connection.close()
    assert "store_unavailable" in caplog.text
    assert "Traceback" not in caplog.text


async def test_what_is_noted_is_written_by_itself(connection: Connection, rooms: RoomManager) -> None:
    housekeeping = Housekeeping(connection, rooms, keep(rooms), every_s=10)
    housekeeping.start()
    rooms.audit.note(access.AuditEntry("kick", "ok", access.Actor("room_key"), "local"))
    try:

        async def written() -> bool:
            entries, _ = await rooms.audit.entries("local")
            return [one.what for one in entries] == ["kick"]

        await eventually(written, what="the entry")
    finally:
        await housekeeping.stop()
