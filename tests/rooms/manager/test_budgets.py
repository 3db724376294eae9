import asyncio

import pytest

from rooms import Bucket, Limits, RoomsError, StoreUnavailable, TooManyAttempts, WrongPassword
from rooms.manager.budgets import source_of
from spectator.embedded import EmbeddedStore
from tests.rooms.world import World, world_on


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::1", True),
        ("unix", "unix", True),
    ],
)
def test_one_client_is_an_address_or_a_household(one: str, other: str, same: bool) -> None:
    assert (source_of(one) == source_of(other)) is same


async def misses(world: World, refs: list[str], client: str = "192.0.2.1") -> list[str]:
    codes = []
    for ref in refs:
        try:
            await world.ask(ref, client=client)
        except RoomsError as error:
            codes.append(error.code)
    return codes


async def test_a_room_is_one_by_whatever_name_it_is_guessed_at(world: World) -> None:
    room = (await world.room(password="s3cret", owner_id="ann")).room
    code = room.code
    bob = await world.identity("bob")  # vouched for, so that the id counts
    typed = [code.lower(), f"{code[:3]}-{code[3:]}", " ".join(code), room.id] * 4
    answers = []
    for ref in typed:
        with pytest.raises(RoomsError) as caught:
            await world.ask(ref, bob, password="guess")
        answers.append(caught.value.code)
    assert answers == ["wrong_password"] * 15 + ["too_many_attempts"]
    other = (await world.room(password="s3cret")).room
    with pytest.raises(RoomsError) as caught:
        await world.ask(other.code, password="guess")
    assert caught.value.code == "wrong_password"


async def test_wrong_passwords_use_up_no_budget_of_the_whole_server(store: EmbeddedStore) -> None:
    limits = Limits(server=Bucket(burst=4, per_minute=1))
    async with world_on(store.url, limits) as world:
        room = (await world.room(password="s3cret")).room
        for number in range(10):
            with pytest.raises(WrongPassword):
                await world.ask(room.code, password="guess", client=f"192.0.2.{number}")
        assert await misses(world, ["ABC234"], "192.0.2.99") == ["room_not_found"]


async def test_what_is_left_is_told(world: World) -> None:
    await misses(world, ["ABC234"] * 30)
    with pytest.raises(TooManyAttempts) as caught:
        await world.manager.look("ABC234", await world.manager.caller(None), "192.0.2.1")
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 12


async def test_the_whole_server_has_a_budget_too(store: EmbeddedStore) -> None:
    limits = Limits(server=Bucket(burst=4, per_minute=1))
    async with world_on(store.url, limits) as world:
        codes = [code for n in range(6) for code in await misses(world, [f"ABC23{n + 2}"], f"192.0.2.{n}")]
        assert codes == ["room_not_found"] * 4 + ["too_many_attempts"] * 2


async def test_limits_can_be_lifted_for_measuring(store: EmbeddedStore) -> None:
    async with world_on(store.url, Limits(enabled=False)) as world:
        assert set(await misses(world, ["ABC234"] * 40)) == {"room_not_found"}


async def test_a_budget_that_cannot_be_read_lets_nobody_in(world: World) -> None:
    room = (await world.room()).room
    for key in await world.connection.command("KEYS", "sp:budget:*"):
        await world.connection.command("DEL", key)
    await misses(world, ["ABC234"])
    for key in await world.connection.command("KEYS", "sp:budget:*"):
        await world.connection.command("SET", key, "no hash")
    with pytest.raises(StoreUnavailable):
        await world.ask(room.code)


@pytest.mark.parametrize("left", [15, 4])
async def test_many_wrong_passwords_at_once_try_no_more_than_one_after_the_other(
    store: EmbeddedStore, left: int
) -> None:
    """All find the budget as it was before any; what the threads have begun by then is all that is more."""
    async with world_on(store.url, Limits(client_in_room=Bucket(burst=left, per_minute=1))) as world:
        room = (await world.room(password="s3cret")).room

        async def guess(number: int) -> str:
            try:
                await world.ask(room.code, password=f"guess {number}", client="192.0.2.1")
            except RoomsError as error:
                return error.code
            return "in"

        answers = await asyncio.gather(*(guess(number) for number in range(20)))
        tried = answers.count("wrong_password")
        assert left <= tried <= left + 1
        assert answers.count("too_many_attempts") == 20 - tried


async def test_a_class_that_knows_the_password_is_not_bounded_by_what_it_could_get_wrong(
    store: EmbeddedStore,
) -> None:
    async with world_on(store.url, Limits(client_in_room=Bucket(burst=2, per_minute=1))) as world:
        room = (await world.room(password="s3cret", max_spectators=20)).room
        asked = (world.ask(room.code, password="s3cret", client="192.0.2.1") for _ in range(15))
        assert [one.status for one in await asyncio.gather(*asked)] == ["approved"] * 15
