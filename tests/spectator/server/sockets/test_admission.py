"""By what right somebody watches, over a real store."""

import pytest

from rooms import Caller, NotAllowed, RoomClosed, RoomFull, RoomNotFound, Unauthorized
from spectator.hub import Close, Ended
from spectator.log import Head
from spectator.server.sockets.admission import admit, open_to_all, visit


async def case(site, **fields):
    made = await site.create(**fields)
    return made, made["room"]["id"]


async def caller(site, token: str | None) -> Caller:
    return await site.manager.rooms.caller(token)


async def test_a_grant_sits_and_a_key_does_not(site):
    made, room = await case(site)
    joined = await site.join(made["room"]["code"])
    right = (await admit(site.manager, room, await caller(site, joined["token"]), "here")).right
    assert (right.role, right.seated) == ("spectator", True)
    assert right.person == joined["spectator_id"]
    assert right.grant_id
    assert right.expires_at_ms
    owner = (await admit(site.manager, room, await caller(site, made["owner_token"]), "here")).right
    assert (owner.role, owner.seated, owner.grant_id) == ("owner", False, None)
    assert owner.generation is not None
    manage = (await admit(site.manager, room, await caller(site, site.key), "here")).right
    assert (manage.role, manage.seated) == ("owner", False)
    key = "sk_local_" + "r" * 32
    await site.manager.rooms.ensure_key(key, "local", frozenset({"read"}), "reader")
    reader = (await admit(site.manager, room, await caller(site, key), "here")).right
    assert (reader.role, reader.person, reader.seated) == ("reader", None, False)


async def test_an_asker_waits(site):
    made, room = await case(site, require_approval=True)
    asked = await site.join(made["room"]["code"])
    admission = await admit(site.manager, room, await caller(site, asked["token"]), "here")
    assert admission.right.request_id == asked["request_id"]
    shown = admission.describe(admission.right.role, admission.room, Head(), 0)
    assert "config" not in shown


@pytest.mark.parametrize("kind", ["anonymous", "visitor", "identity"])
async def test_who_has_not_joined_does_not_watch(site, kind: str):
    made, _ = await case(site)
    joined = await site.join(made["room"]["code"])
    identity = await site.manager.rooms.mint_identity("local", "u1", "U", 1)
    token = {"anonymous": None, "visitor": joined["visitor"], "identity": identity}[kind]
    with pytest.raises(NotAllowed if kind == "identity" else Unauthorized):
        await admit(site.manager, made["room"]["code"], await caller(site, token), "here")


async def test_a_key_of_another_tenant_is_worth_nothing_here(site):
    made, _ = await case(site)
    key = "sk_other_" + "o" * 32
    await site.manager.rooms.ensure_key(key, "other", frozenset({"manage", "read", "publish"}), "other")
    with pytest.raises(RoomNotFound):
        await admit(site.manager, made["room"]["code"], await caller(site, key), "here")


async def test_a_membership_that_is_gone_means_join_again(site):
    made, room = await case(site)
    joined = await site.join(made["room"]["code"])
    who = await caller(site, joined["token"])
    await site.manager.rooms.leave(room, who.person)
    with pytest.raises(Ended) as refused:
        await admit(site.manager, room, who, "here")
    assert refused.value.code is Close.GRANT_ENDED


async def test_a_room_that_is_over_or_never_was(site):
    made, room = await case(site)
    owner = await caller(site, made["owner_token"])
    await site.call("DELETE", f"/rooms/{room}", token="key")
    with pytest.raises(RoomClosed):
        await admit(site.manager, room, owner, "here")
    with pytest.raises(RoomNotFound):
        await admit(site.manager, "ZZZZZZ", owner, "here")


async def test_which_rooms_are_open_to_all(site):
    for fields, is_open in (
        ({}, True),
        ({"require_approval": True}, False),
        ({"password": "s3cret-word"}, False),
        ({"access_level": "invite_only"}, False),
    ):
        _, room = await case(site, **fields)
        assert open_to_all(await site.manager.rooms.find(room)) is is_open


async def test_a_visit_takes_a_seat(site):
    _, room = await case(site, max_spectators=1)
    found = await site.manager.rooms.find(room)
    assert (await visit(site.manager, found, "here")).right.seated
    with pytest.raises(RoomFull):
        await visit(site.manager, found, "here")


async def test_a_visit_does_not_get_round_the_owner(site):
    """The room asked for approval between the look and the join."""
    made, room = await case(site)
    found = await site.manager.rooms.find(room)
    await site.call("PATCH", f"/rooms/{room}", {"require_approval": True}, token="key")
    with pytest.raises(Unauthorized):
        await visit(site.manager, found, "here")
    assert made["room"]["require_approval"] is False
