import pytest

from rooms import (
    Bucket,
    Created,
    InvalidRequest,
    JoinAsk,
    Limits,
    NewInvitation,
    RoomManager,
    RoomNotFound,
    RoomsError,
    Secrets,
)
from rooms.limits import Guess
from rooms.manager.admission import NOWHERE
from rooms.manager.standing import NAMELESS
from rooms.passwords import Passwords
from rooms.presence import CODE_KEPT_MS
from rooms.store import keys
from spectator.embedded import EmbeddedStore
from tests.rooms.world import CLIENT, KEY, SECRET, World, world_on


async def sees(world: World, ref: str, bearer: str | None = None) -> str | None:
    """What a caller is to a room it may look at; ``hidden`` when it may not."""
    try:
        _, role = await world.manager.look(ref, await world.manager.caller(bearer), CLIENT)
    except RoomNotFound:
        return "hidden"
    return role


class TestLook:
    async def test_strangers_may_look_at_what_admits_that_it_exists(self, world: World) -> None:
        for fields in ({}, {"password": "x"}, {"access_level": "invite_only"}):
            assert await sees(world, (await world.room(**fields)).room.code) is None

    async def test_a_private_room_is_shown_to_who_belongs_to_it(self, world: World) -> None:
        created = await world.room(access_level="private", allowed_users=["ann"])
        code = created.room.code
        assert await sees(world, code) == "hidden"
        assert await sees(world, code, await world.identity("bob")) == "hidden"
        assert await sees(world, code, await world.identity("ann")) is None
        assert await sees(world, code, created.owner_token) == "owner"
        assert await sees(world, code, KEY) == "owner"
        member = await world.enter(code, await world.identity("ann"))
        assert await sees(world, code, member.token) == "spectator"

    async def test_a_miss_costs(self, world: World) -> None:
        codes = []
        for _ in range(31):
            with pytest.raises(RoomsError) as caught:
                await world.manager.look("ABC234", await world.manager.caller(None), CLIENT)
            codes.append(caught.value.code)
        assert codes == ["room_not_found"] * 30 + ["too_many_attempts"]

    async def test_an_id_is_worth_something_to_who_holds_a_credential_for_the_room(
        self, world: World
    ) -> None:
        created = await world.room(allowed_users=["ann"])
        room_id = created.room.id
        member = await world.enter(created.room.code)
        for stranger in (None, await world.identity("bob", "other"), (await world.room()).owner_token):
            assert await sees(world, room_id, stranger) == "hidden"
        assert await sees(world, room_id, created.owner_token) == "owner"
        assert await sees(world, room_id, member.token) == "spectator"
        assert await sees(world, room_id, await world.identity("ann")) is None
        assert await sees(world, room_id, KEY) == "owner"
        await world.manager.leave(room_id, member.person)
        assert await sees(world, room_id, member.token) is None, "a dead grant is told that it is dead"
        assert await sees(world, room_id, member.visitor) == "hidden"

    async def test_a_credential_of_the_room_is_never_over_the_budget(self, world: World) -> None:
        created = await world.room(password="x")
        member = await world.enter(created.room.code, password="x")
        for n in range(16):
            with pytest.raises(RoomsError):
                await world.ask(created.room.code, password=f"guess {n}")
        with pytest.raises(RoomsError) as caught:
            await world.manager.look(created.room.code, await world.manager.caller(None), CLIENT)
        assert caught.value.code == "too_many_attempts"
        assert await sees(world, created.room.code, member.token) == "spectator"
        assert await sees(world, created.room.code, created.owner_token) == "owner"

    async def test_an_ended_room_can_be_looked_at_while_it_is_kept(self, world: World) -> None:
        room = (await world.room()).room
        await world.manager.close_room(room)
        assert await sees(world, room.id, await world.identity("ann")) is None
        assert await sees(world, room.code) is None
        assert await world.connection.command("PTTL", keys.code(room.code)) <= CODE_KEPT_MS


class TestNames:
    async def test_a_person_is_called_what_they_say(self, world: World) -> None:
        code = (await world.room()).room.code
        assert (await world.enter(code, display_name=" Ann ")).name == "Ann"
        assert (await world.enter(code)).name == NAMELESS

    async def test_a_vouched_name_cannot_be_changed(self, world: World) -> None:
        code = (await world.room()).room.code
        assert (await world.enter(code, await world.identity("ann"), display_name="root")).name == "Ann"

    async def test_a_name_stays_while_the_membership_does(self, world: World) -> None:
        code = (await world.room()).room.code
        first = await world.enter(code, display_name="Ann")
        assert (await world.enter(code, first.visitor, display_name="Bob")).name == "Ann"

    async def test_a_name_that_deceives_is_refused(self) -> None:
        with pytest.raises(InvalidRequest):
            JoinAsk.read({"display_name": "\u202ereenwo"})


class TestOwners:
    async def test_whoever_manages_the_tenant_or_is_the_owner_enters_as_one(self, world: World) -> None:
        created = await world.room(
            access_level="private", owner_id="root", max_spectators=1, require_approval=True
        )
        for bearer in (KEY, created.owner_token, await world.identity("root")):
            entered = await world.enter(created.room.code, bearer)
            assert (entered.role, entered.token) == ("owner", created.owner_token)
        assert await world.manager.people(created.room.id) == []


async def test_a_full_room_counts_who_it_turned_away(world: World) -> None:
    room = (await world.room(max_spectators=1)).room
    await world.enter(room.code)
    for _ in range(3):
        with pytest.raises(RoomsError):
            await world.ask(room.code)
    known = await world.enter((await world.room()).room.code)
    for _ in range(3):
        with pytest.raises(RoomsError):
            await world.ask(room.code, known.visitor)
    glance = await world.manager.glance(room.id)
    assert glance is not None
    assert glance.turned_away == 4


async def test_no_room_is_nowhere(world: World) -> None:
    assert await world.manager.find(NOWHERE) is None


class CountedPasswords(Passwords):
    """Counts what is checked."""

    checked = 0

    async def verify(
        self, password_hash: str | None, password: str, whose: str = "", guess: Guess | None = None
    ) -> bool:
        self.checked += 1
        return await super().verify(password_hash, password, whose, guess)


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("who", ["anonymous", "visitor", "identity", "foreign", "grant", "room_key"])
async def test_what_is_hidden_and_what_is_not_there_take_the_same_work(
    store: EmbeddedStore, who: str, limited: bool
) -> None:
    """The commands of the store and the hashes of one call are counted, for each proof that may come."""
    plenty = Bucket(burst=10_000, per_minute=10_000)
    limits = Limits(limited, client_in_room=plenty, client=plenty, server=plenty, newcomers=plenty)
    async with world_on(store.url, limits) as world:
        private = (await world.room(access_level="private", blocked_users=["eve"])).room
        elsewhere = await world.room(max_spectators=1)
        _, invited = await world.manager.invitations.make(elsewhere.room, NewInvitation.read({"uses": 9}))
        caller = await world.manager.caller((await bearers(world, elsewhere))[who])
        if who in {"visitor", "grant", "room_key"}:
            invited = "in_nonsense"  # they are let in elsewhere by what they are
        hasher = CountedPasswords()
        manager = RoomManager(world.connection, Secrets([SECRET]), limits=limits, hasher=hasher)

        async def work(ref: str, ask: JoinAsk | None) -> tuple[str, dict[str, int], int]:
            hasher.checked = 0
            await world.connection.command("CONFIG", "RESETSTAT")
            with pytest.raises(RoomsError) as caught:
                await (manager.join(ref, caller, ask, CLIENT) if ask else manager.look(ref, caller, CLIENT))
            told = await world.connection.command("INFO", "commandstats")
            return caught.value.code, {name: about["calls"] for name, about in told.items()}, hasher.checked

        for ask in (
            None,
            JoinAsk(),
            JoinAsk(password="guess"),
            JoinAsk(invitation="in_nonsense"),
            JoinAsk(password="guess", invitation=invited),
        ):
            for hidden, absent in ((private.code, "ZZZZZZ"), (private.id, "r_aaaaaaaaaaaaaaaa")):
                for ref in (hidden, absent):
                    await work(ref, ask)  # what is done once, such as loading a script, is done
                assert await work(hidden, ask) == await work(absent, ask), ask
        await manager.close()


async def bearers(world: World, elsewhere: Created) -> dict[str, str | None]:
    """Credentials of every kind, none of them for the room in question."""
    ann = await world.enter(elsewhere.room.code)
    return {
        "anonymous": None,
        "visitor": ann.visitor,
        "identity": await world.identity("eve"),
        "foreign": await world.identity("eve", "other"),
        "grant": ann.token,
        "room_key": elsewhere.owner_token,
    }
