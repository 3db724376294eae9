import pytest

from rooms import InvalidRequest, Limits, NewRoom, NotAllowed, QuotaExceeded
from rooms.manager.founding import TWINS
from rooms.store import keys
from spectator.embedded import EmbeddedStore
from tests.rooms.world import HOUR, OTHER_KEY, World, world_on


async def test_rooms_are_made_with_a_key_that_may(world: World) -> None:
    await world.manager.ensure_key(OTHER_KEY, "other", frozenset({"read"}), "x")
    created = await world.room()
    for bearer in (None, OTHER_KEY, created.owner_token, await world.identity("ann")):
        with pytest.raises(NotAllowed):
            await world.manager.create(await world.manager.caller(bearer), NewRoom())
    await world.manager.ensure_key(OTHER_KEY, "other", frozenset({"publish"}), "x")


async def test_a_room_without_a_name_is_called_after_its_session_or_its_code(world: World) -> None:
    named = await world.manager.create(world.owner, NewRoom.read({"training_session_id": "run 7"}))
    assert named.room.name == "run 7"
    nameless = await world.manager.create(world.owner, NewRoom())
    assert nameless.room.name == nameless.room.code


async def test_a_generated_password_is_told_and_a_given_one_is_not(world: World) -> None:
    generated = await world.room(password_protected=True)
    assert generated.password is not None
    assert generated.room.has_password
    assert (await world.room(password="s3cret")).password is None
    assert (await world.room()).password is None


async def test_contradictions_take_nothing(world: World) -> None:
    for fields in (
        {"password": "x", "access_level": "public", "custom_code": "ABCDEF"},
        {"allowed_users": ["a"], "blocked_users": ["a"], "custom_code": "ABCDEF"},
        {"name": None, "reuse": True, "custom_code": "ABCDEF"},
    ):
        with pytest.raises(InvalidRequest):
            await world.room(**fields)
    assert (await world.room(custom_code="ABCDEF")).room.code == "ABCDEF"


async def test_a_tenant_has_so_many_active_rooms(store: EmbeddedStore) -> None:
    async with world_on(store.url, Limits(rooms_of_tenant=2)) as world:
        first, _ = await world.room(), await world.room()
        with pytest.raises(QuotaExceeded, match="2 active rooms"):
            await world.room()
        await world.manager.close_room(first.room)
        await world.room()


async def test_codes_may_be_longer(store: EmbeddedStore) -> None:
    async with world_on(store.url, Limits(code_length=9)) as world:
        assert len((await world.room()).room.code) == 9


async def test_a_name_has_so_many_twins(store: EmbeddedStore) -> None:
    async with world_on(store.url, Limits(rooms_of_tenant=TWINS + 1)) as world:
        for _ in range(TWINS):
            made = (await world.room(name="twin", reuse=True)).room
            # Its publisher stays alive, however slow the machine is that makes the others.
            await world.connection.command(
                "HSET", *keys.of_room(made.id, "room"), "publisher_until", made.created_at_ms + HOUR
            )
        with pytest.raises(QuotaExceeded):
            await world.room(name="twin", reuse=True)
