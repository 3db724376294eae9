import pytest

from rooms import InvalidRequest, RoomsError, Unauthorized
from rooms.manager.raw_keys import key_id
from rooms.presence import GRANT_MS
from tests.rooms.world import ALL_SCOPES, HOUR, KEY, OTHER_KEY, World


async def test_an_api_key_is_known_by_its_row(world: World) -> None:
    await world.manager.ensure_key(OTHER_KEY, "other", frozenset({"read"}), "a reader")
    caller = await world.manager.caller(OTHER_KEY)
    assert (caller.kind, caller.tenant, caller.scopes, caller.name) == (
        "api_key",
        "other",
        frozenset({"read"}),
        "a reader",
    )
    assert caller.key_id == key_id(OTHER_KEY)
    assert OTHER_KEY not in repr(caller)


@pytest.mark.parametrize(
    ("raw", "tenant", "scopes", "field"),
    [
        ("sk_local_short", "local", ALL_SCOPES, "key"),
        ("sk_Local_aaaaaaaaaaaaaaaaaaaa", "Local", ALL_SCOPES, "key"),
        ("sk_other_aaaaaaaaaaaaaaaaaaaa", "local", ALL_SCOPES, "key"),
        ("op_aaaaaaaaaaaaaaaaaaaaaaaaaa", "local", ALL_SCOPES, "key"),
        (KEY, "local", frozenset({"all"}), "scopes"),
        (KEY, "local", frozenset[str](), "scopes"),
    ],
)
async def test_a_key_has_a_shape(
    world: World, raw: str, tenant: str, scopes: frozenset[str], field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await world.manager.ensure_key(raw, tenant, scopes, "x")
    assert caught.value.field == field
    assert raw not in caught.value.message


@pytest.mark.parametrize(
    "bearer",
    ["", "x", "sk_local_bbbbbbbbbbbbbbbbbbbbbbbb", "op_bbbbbbbbbbbbbbbbbbbbbbbbb", "gr_x.y", "é" * 5000],
)
async def test_what_is_no_credential(world: World, bearer: str) -> None:
    with pytest.raises(Unauthorized):
        await world.manager.caller(bearer)


async def test_nobody_is_anonymous(world: World) -> None:
    assert (await world.manager.caller(None)).kind == "anonymous"


async def test_a_grant_past_its_hour_still_says_who_somebody_is(world: World) -> None:
    room = (await world.room(password="s3cret", session_duration_hours=48)).room
    member = await world.enter(room.code, password="s3cret")
    assert member.expires_at_ms - world.clock.now_ms() <= GRANT_MS
    world.clock.push(GRANT_MS + 1000)
    caller = await world.manager.caller(member.token)
    assert caller.expired
    assert await world.manager.role(caller, room) is None
    again = await world.enter(room.code, member.token)
    assert (again.person, again.visitor) == (member.person, None)
    assert await world.manager.role(await world.manager.caller(again.token), room) == "spectator"


async def test_a_grant_of_one_room_is_nothing_in_another(world: World) -> None:
    here, there = (await world.room()).room, (await world.room()).room
    member = await world.enter(here.code)
    caller = await world.manager.caller(member.token)
    assert await world.manager.role(caller, here) == "spectator"
    assert await world.manager.role(caller, there) is None


async def test_a_room_key_can_be_minted_again_and_is_never_stored(world: World) -> None:
    created = await world.room()
    assert world.manager.owner_token(created.room) == created.owner_token
    caller = await world.manager.caller(created.owner_token)
    assert await world.manager.role(caller, created.room) == "owner"
    assert world.manager.may_publish(caller, created.room)
    for key in await world.connection.command("KEYS", "*"):
        if (await world.connection.command("TYPE", key)) == b"hash":
            stored = await world.connection.command("HGETALL", key)
            assert created.owner_token.encode() not in b"".join([*stored.keys(), *stored.values()])


async def test_an_identity_ends_with_its_hours(world: World) -> None:
    token = await world.identity("ann")
    caller = await world.manager.caller(token)
    assert (caller.person, caller.user_id, caller.name) == ("u:local:ann", "ann", "Ann")
    world.clock.push(HOUR)
    with pytest.raises(Unauthorized):
        await world.manager.caller(token)
    with pytest.raises(InvalidRequest):
        await world.manager.mint_identity("local", "", None, 1)


async def test_a_visitor_is_the_same_person_in_two_rooms(world: World) -> None:
    first = await world.enter((await world.room()).room.code)
    second = await world.enter((await world.room()).room.code, first.visitor)
    assert (second.person, second.visitor) == (first.person, None)


async def test_a_lobby_token_is_no_grant(world: World) -> None:
    room = (await world.room(require_approval=True)).room
    waiting = await world.wait(room.code)
    lobby = await world.manager.caller(waiting.token)
    assert lobby.kind == "lobby"
    assert await world.manager.role(lobby, room) is None
    with pytest.raises(RoomsError) as caught:
        await world.manager.redeem_request(await world.manager.caller(waiting.visitor))
    assert caught.value.code == "unauthorized"
