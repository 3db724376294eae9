"""What the scripts of people compare before they write: whatever a decision rested on."""

from dataclasses import replace

import pytest

from rooms import JoinRequest, RoomPatch
from rooms.manager.context import nonce
from rooms.presence import SEAT_MS
from rooms.store import PeopleStore, Record, RoomStore
from tests.rooms.made import a_member, a_request
from tests.rooms.world import World


@pytest.fixture
def people(world: World) -> PeopleStore:
    return PeopleStore(world.connection)


async def record_of(world: World, **fields: object) -> Record:
    found = await RoomStore(world.connection).read((await world.room(**fields)).room.id)
    assert found is not None
    return found


async def admit(
    world: World, people: PeopleStore, record: Record, person: str, as_member: bool = False
) -> str:
    lease = world.clock.now_ms() + SEAT_MS
    word, _ = await people.admit(
        record, a_member(person), as_member=as_member, lease_end_ms=lease, nonce=nonce()
    )
    return word


def a_wait(world: World, record: Record, request_id: str, person: str = "v_1") -> JoinRequest:
    ends = world.clock.now_ms() + 60_000
    return a_request(id=request_id, room_id=record.room.id, person=person, expires_at_ms=ends)


async def test_a_decision_about_a_room_that_changed_since_is_not_carried_out(
    world: World, people: PeopleStore
) -> None:
    record = await record_of(world, password="old")
    await world.manager.change(record.room, RoomPatch.read({"password": "new"}))
    assert await admit(world, people, record, "v_1") == "changed"
    assert (await people.ask(record, a_wait(world, record, "q_1"), 100))[0] == "changed"
    assert await people.members(record.room.id) == ({}, set())


async def test_a_decision_that_took_somebody_for_a_member_needs_the_row(
    world: World, people: PeopleStore
) -> None:
    record = await record_of(world)
    assert await admit(world, people, record, "v_1", as_member=True) == "changed"
    assert await admit(world, people, record, "v_1") == "in"
    assert await admit(world, people, record, "v_1", as_member=True) == "in"
    await people.leave(record.room.id, "v_1", nonce())
    assert await admit(world, people, record, "v_1", as_member=True) == "changed"


async def test_who_was_denied_since_is_not_let_in(world: World, people: PeopleStore) -> None:
    record = await record_of(world)
    request = a_wait(world, record, "q_1")
    assert (await people.ask(record, request, 100))[0] == "waits"
    assert (await people.deny(request, replace(request, status="denied")))[0] == "ok"
    assert await admit(world, people, record, "v_1") == "changed"
    assert (await people.ask(record, a_wait(world, record, "q_2"), 100))[0] == "changed"
    assert await admit(world, people, record, "v_2") == "in"


async def test_a_room_that_ended_since_lets_nobody_in(world: World, people: PeopleStore) -> None:
    record = await record_of(world, session_duration_hours=1)
    world.clock.push(3_600_000)
    assert await admit(world, people, record, "v_1") == "over"
    assert (await people.ask(record, a_wait(world, record, "q_1"), 100))[0] == "over"


async def test_a_repeat_of_a_write_changes_nothing_more(world: World, people: PeopleStore) -> None:
    record = await record_of(world, max_spectators=1)
    first = await people.admit(
        record, a_member("v_1"), as_member=False, lease_end_ms=world.clock.now_ms() + SEAT_MS, nonce="n"
    )
    again = await people.admit(
        record,
        a_member("v_1", grant_id="g_2"),
        as_member=False,
        lease_end_ms=world.clock.now_ms() + SEAT_MS,
        nonce="n",
    )
    assert again == first
    for _ in range(3):
        assert await admit(world, people, record, "v_2") == "full"
    found = await world.manager.find(record.room.id)
    assert found is not None
    assert (found.seats, found.turned_away) == (1, 1)
    await people.turn_away(record.room.id, "v_3")
    await people.turn_away(record.room.id, "v_3")
    found = await world.manager.find(record.room.id)
    assert found is not None
    assert found.turned_away == 2


async def test_turning_away_from_a_room_that_is_gone_makes_none(world: World, people: PeopleStore) -> None:
    await people.turn_away("r_0000000000000000", "v_1")
    assert await world.connection.command("KEYS", "*r_0000000000000000*") == []


async def test_the_quota_of_waits_forgets_what_is_over(world: World, people: PeopleStore) -> None:
    now = world.clock.now_ms()
    assert await people.wait_for_person("v_1", "r_1", now + 1000, 2)
    assert await people.wait_for_person("v_1", "r_1", now + 1000, 2)
    assert await people.wait_for_person("v_1", "r_2", now + 60_000, 2)
    assert not await people.wait_for_person("v_1", "r_3", now + 60_000, 2)
    world.clock.push(2000)
    assert await people.wait_for_person("v_1", "r_3", now + 60_000, 2)
    assert not await people.wait_for_person("v_1", "r_4", now + 60_000, 2)
    await people.waited_for_person("v_1", "r_3")
    assert await people.wait_for_person("v_1", "r_4", now + 60_000, 2)


async def test_a_decision_to_seat_somebody_who_is_moderator_by_now_is_made_anew(
    world: World, people: PeopleStore
) -> None:
    record = await record_of(world, max_spectators=1)
    room = record.room
    assert await admit(world, people, record, "v_1") == "in"
    await world.manager.powers.promote(room, "v_1")
    for as_member in (True, False):  # another tab may have come in since, and been promoted
        assert await admit(world, people, record, "v_1", as_member=as_member) == "changed"
    assert (await people.members(room.id))[1] == set()
    await world.manager.powers.demote(room, "v_1")
    assert await admit(world, people, record, "v_1", as_member=True) == "in"
