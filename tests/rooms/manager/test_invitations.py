import pytest

from rooms import InvitationNotFound, JoinAsk, NewInvitation
from rooms.access import Proof
from rooms.manager.invitations import NO_INVITATION
from rooms.store.invitations_store import Invited
from tests.rooms.made import a_room
from tests.rooms.world import HOUR, World


async def test_what_was_asked_for_is_what_is_listed_the_newest_first(world: World) -> None:
    room = (await world.room()).room
    plain, _ = await world.manager.invitations.make(room, NewInvitation())
    world.clock.push(1000)
    full, token = await world.manager.invitations.make(
        room, NewInvitation.read({"uses": 7, "hours": 2, "user_id": "ann", "note": "for the exam"})
    )
    assert token.startswith("in_")
    assert await world.manager.invitations.list(room) == [full, plain]
    assert (plain.uses, plain.user_id, plain.note, plain.used) == (1, None, None, 0)
    assert plain.expires_at_ms == plain.created_at_ms + 24 * HOUR
    assert (full.uses, full.user_id, full.note) == (7, "ann", "for the exam")
    assert full.expires_at_ms == full.created_at_ms + 2 * HOUR


async def test_withdrawing_twice_is_once_and_one_that_never_was_is_said_to_be_none(world: World) -> None:
    room, there = (await world.room()).room, (await world.room()).room
    made, _ = await world.manager.invitations.make(room, NewInvitation())
    for _ in range(2):
        assert (await world.manager.invitations.withdraw(room, made.id)).withdrawn
    for elsewhere, invitation_id in ((room, "i_none"), (there, made.id)):
        with pytest.raises(InvitationNotFound):
            await world.manager.invitations.withdraw(elsewhere, invitation_id)


async def test_a_status_is_what_it_is_worth_now(world: World) -> None:
    room = (await world.room(access_level="invite_only")).room
    made, token = await world.manager.invitations.make(room, NewInvitation())
    assert made.status(made.expires_at_ms - 1) == "open"
    assert made.status(made.expires_at_ms) == "expired"
    await world.enter(room.code, invitation=token)
    (spent,) = await world.manager.invitations.list(room)
    assert spent.status(made.created_at_ms) == spent.status(made.expires_at_ms) == "spent"
    withdrawn = await world.manager.invitations.withdraw(room, made.id)
    assert withdrawn.status(made.created_at_ms) == "withdrawn"


async def test_a_forged_token_is_looked_for_like_any_other(world: World) -> None:
    invitations = world.manager.invitations
    assert invitations.read(None) is None
    assert invitations.read("") is None
    forged = invitations.read("in_nonsense")
    assert forged is not None
    assert (forged.invitation_id, forged.room_id) == (NO_INVITATION, None)
    assert len(invitations.look("r_1", forged)) == 1
    assert invitations.proof(forged, None, a_room(), None) is Proof.WRONG


async def test_a_token_of_one_room_is_worth_nothing_in_another_whatever_is_found_there(world: World) -> None:
    room = (await world.room()).room
    made, token = await world.manager.invitations.make(room, NewInvitation())
    invitations = world.manager.invitations
    shown, row = invitations.read(token), Invited(made, "{}")
    assert invitations.proof(shown, row, room, None) is Proof.RIGHT
    assert invitations.proof(shown, row, a_room(), None) is Proof.WRONG


async def test_a_member_row_says_what_it_rests_on(world: World) -> None:
    room = (await world.room(access_level="invite_only", allowed_users=["bob"])).room
    _, token = await world.manager.invitations.make(room, NewInvitation())
    ann = await world.enter(room.code, invitation=token)
    bob = await world.enter(room.code, await world.identity("bob"))
    there = (await world.room(password="s3cret", require_approval=True)).room
    waiting = await world.wait(there.code, password="s3cret")
    await world.manager.answer(there.id, waiting.request_id, True)
    people = [await world.manager.glance(one) for one in (room.id, there.id)]
    members = {person: one for glance in people if glance for person, one in glance.members.items()}
    assert members[ann.person].by == "invitation"
    assert members[bob.person].by == "list"
    assert members[waiting.request.person].by == "approval"
    sources = [members[one].source for one in (ann.person, bob.person, waiting.request.person)]
    assert sources[0] == sources[1] != sources[2], "one address, known again in the room and nowhere else"
    assert all(sources)


async def test_bounds_are_those_of_the_contract() -> None:
    for wrong in ({"uses": 0}, {"uses": 1001}, {"hours": 0}, {"hours": 8785}, {"note": "\u202e"}):
        with pytest.raises(Exception, match=next(iter(wrong))):
            NewInvitation.read(wrong)
    assert NewInvitation.read({"uses": 1000, "hours": 8784}).uses == 1000
    assert JoinAsk.read({"invitation": ""}).invitation == ""
