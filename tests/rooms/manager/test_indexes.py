import logging

import pytest

from rooms import Busy, Limits
from rooms.store import keys
from spectator.embedded import EmbeddedStore
from tests.rooms.world import World, world_on


async def test_codes_that_run_out_are_said(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world_on(store.url, Limits(code_length=6)) as world:
        monkeypatch.setattr("secrets.token_bytes", bytes)  # zeros, so each code drawn is the same
        await world.connection.command("SET", keys.code("AAAAAA"), "r_another_room")
        with pytest.raises(Busy, match="code"):
            await world.room()


async def test_a_code_that_leads_elsewhere_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    room = (await world.room()).room
    await world.connection.command("SET", keys.code(room.code), "r_another_room")
    world.clock.push(60_000)
    with caplog.at_level(logging.ERROR):
        await world.manager.sweep()
    assert room.id in caplog.text


async def test_a_name_key_ends_with_its_room(world: World) -> None:
    room = (await world.room(name="n", reuse=True)).room
    [key] = await world.connection.command("KEYS", "sp:name:*")
    assert await world.connection.command("PTTL", key) == -1
    await world.manager.close_room(room)
    assert await world.connection.command("PTTL", key) > 0
