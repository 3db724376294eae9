"""Seats and ties: who is here, on which nodes, and what a release may free. Two nodes share each store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rooms import OWNER_PERSON, Present
from rooms.manager.context import nonce
from rooms.presence import HERE_MS, SEAT_MS
from rooms.store import Held, PeopleStore, PresenceStore, Record, RoomStore, keys
from tests.rooms.made import a_member, a_request
from tests.rooms.world import SECOND, World


class Two:
    """Two nodes, and a room whose members come and go."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people = PeopleStore(world.connection)
        self.nodes = [PresenceStore(world.connection, name) for name in ("n_a", "n_b")]
        self.held: dict[tuple[int, str], Held] = {}

    async def open(self, **fields: object) -> Record:
        found = await RoomStore(self.world.connection).read((await self.world.room(**fields)).room.id)
        assert found is not None
        self.record = found
        self.room_id = found.room.id
        return found

    async def enter(self, person: str, role: str = "spectator") -> str:
        lease = None if role == "moderator" else self.world.clock.now_ms() + SEAT_MS
        word, _ = await self.people.admit(
            self.record, a_member(person, role=role), as_member=False, lease_end_ms=lease, nonce=nonce()
        )
        return word

    async def renew(self, node: int, person: str, lag_ms: int = 0) -> bool:
        [answer] = await self.nodes[node].renew([(self.room_id, person, lag_ms)])
        assert isinstance(answer, tuple)
        if answer[0]:
            self.held[node, person] = answer[1]
        return answer[0]

    async def release(self, node: int, person: str) -> bool:
        return await self.nodes[node].release(self.room_id, person, self.held.pop((node, person)))

    async def present(self, named: int = 50) -> Present:
        return (await self.nodes[0].present([self.room_id], named))[self.room_id]

    async def seated(self) -> set[str]:
        return (await self.people.members(self.room_id))[1]


@pytest.fixture
def two(world: World) -> Two:
    return Two(world)


async def test_who_joined_and_never_came_holds_a_seat_and_is_not_here(two: Two) -> None:
    await two.open()
    await two.enter("v_1")
    assert await two.seated() == {"v_1"}
    assert await two.present() == Present(0, ())


async def test_a_person_on_two_nodes_counts_once_and_stays_until_both_have_left(two: Two) -> None:
    await two.open()
    await two.enter("v_1")
    assert await two.renew(0, "v_1")
    two.world.clock.push(SECOND)
    assert await two.renew(1, "v_1")
    assert await two.present() == Present(1, ("v_1",))
    assert not await two.release(1, "v_1"), "the node that renewed last left; the other has the person"
    assert (await two.present(), await two.seated()) == (Present(1, ("v_1",)), {"v_1"})
    assert await two.release(0, "v_1")
    assert (await two.present(), await two.seated()) == (Present(0, ()), set())


async def test_a_node_that_leaves_takes_what_it_renewed_with_it(two: Two) -> None:
    await two.open(max_spectators=1)
    await two.enter("v_1")
    await two.renew(0, "v_1")
    two.world.clock.push(10 * SECOND)
    await two.renew(1, "v_1")
    await two.release(1, "v_1")
    two.world.clock.push(HERE_MS - 10 * SECOND)  # and the other node was killed after its first renewal
    assert await two.present() == Present(0, ())
    two.world.clock.push(SEAT_MS - HERE_MS)
    assert await two.enter("v_2") == "in"


async def test_a_release_frees_nothing_that_was_renewed_since(two: Two) -> None:
    await two.open()
    await two.enter("v_1")
    await two.renew(0, "v_1")
    old = two.held[0, "v_1"]
    two.world.clock.push(SECOND)
    await two.renew(0, "v_1")
    assert not await two.nodes[0].release(two.room_id, "v_1", old)
    assert (await two.present(), await two.seated()) == (Present(1, ("v_1",)), {"v_1"})


async def test_a_release_spares_the_seat_of_who_joined_anew(two: Two) -> None:
    await two.open()
    await two.enter("v_1")
    await two.renew(0, "v_1")
    two.world.clock.push(SECOND)
    await two.enter("v_1")  # the page was loaded again: the new socket is not there yet
    assert await two.release(0, "v_1")
    assert (await two.present(), await two.seated()) == (Present(0, ()), {"v_1"})


async def test_a_reservation_becomes_a_lease_when_its_person_comes(two: Two) -> None:
    record = await two.open(max_spectators=1)
    request = a_request(
        id="q_1", room_id=two.room_id, person="v_1", expires_at_ms=two.world.clock.now_ms() + 60_000
    )
    await two.people.ask(record, request, most=100, most_from_source=100)
    await two.people.approve(request, a_member("v_1"), replace(request, status="approved"), nonce())
    two.world.clock.push(SECOND)
    await two.renew(0, "v_1")
    two.world.clock.push(SECOND)
    assert await two.release(0, "v_1")
    assert await two.seated() == set(), "who came and left again holds nothing, reservation or not"
    assert await two.enter("v_2") == "in"


async def test_the_people_of_a_killed_node_are_gone_before_their_seats(two: Two) -> None:
    await two.open(max_spectators=2)
    for person in ("v_1", "v_2"):
        await two.enter(person)
    await two.renew(0, "v_1")
    await two.renew(1, "v_2")
    two.world.clock.push(HERE_MS - SECOND)
    assert (await two.present()).count == 2
    await two.renew(1, "v_2")
    two.world.clock.push(SECOND)
    assert await two.present() == Present(1, ("v_2",))
    assert await two.seated() == {"v_1", "v_2"}
    two.world.clock.push(SEAT_MS - HERE_MS)
    assert await two.seated() == {"v_2"}
    assert await two.enter("v_3") == "in"


async def test_what_lapsed_is_forgotten_by_whoever_looks(two: Two) -> None:
    await two.open()
    await two.enter("v_1")
    await two.renew(0, "v_1")
    two.world.clock.push(HERE_MS)
    assert await two.present() == Present(0, ())
    for part in ("here", "arrived", "ties"):
        assert await two.world.connection.command("EXISTS", *keys.of_room(two.room_id, part)) == 0


async def test_a_lapsed_seat_is_taken_again_only_if_there_is_one(two: Two) -> None:
    await two.open(max_spectators=1)
    await two.enter("v_1")
    await two.renew(0, "v_1")
    two.world.clock.push(SEAT_MS)
    assert await two.enter("v_2") == "in"
    assert not await two.renew(0, "v_1")
    assert await two.present() == Present(0, ()), "who lost the seat is not here"
    await two.people.leave(two.room_id, "v_2", nonce())
    assert await two.renew(0, "v_1")


async def test_moderators_and_owners_are_here_without_a_seat(two: Two) -> None:
    await two.open(max_spectators=1)
    await two.enter("v_mod", role="moderator")
    assert await two.renew(0, "v_mod")
    two.world.clock.push(10)
    assert await two.renew(1, OWNER_PERSON)
    assert (await two.present(), await two.seated()) == (Present(2, ("v_mod", OWNER_PERSON)), set())
    assert await two.enter("v_1") == "in"
    assert await two.release(1, OWNER_PERSON)
    assert (await two.present()).first == ("v_mod",)


async def test_who_is_no_member_any_more_is_not_here(two: Two) -> None:
    await two.open()
    for person in ("v_1", "v_2"):
        await two.enter(person)
        await two.renew(0, person)
    await two.people.leave(two.room_id, "v_1", nonce())
    assert (await two.present()).first == ("v_2",)
    await two.world.connection.command("HDEL", *keys.of_room(two.room_id, "members"), "v_2")
    assert not await two.renew(0, "v_2")
    assert await two.present() == Present(0, ())


async def test_nobody_is_here_when_the_room_is_over(two: Two) -> None:
    record = await two.open()
    await two.enter("v_1")
    await two.world.manager.close_room(record.room)
    assert not await two.renew(0, "v_1")
    assert not await two.renew(0, OWNER_PERSON)


async def test_of_many_those_who_came_first_are_named(two: Two) -> None:
    await two.open(max_spectators=20)
    for number in range(9):
        await two.enter(f"v_{9 - number}")
        await two.renew(number % 2, f"v_{9 - number}")
        two.world.clock.push(10)
    assert await two.present(3) == Present(9, ("v_9", "v_8", "v_7"))
    await two.renew(0, "v_9")
    await two.release(1, "v_8")
    assert await two.present(3) == Present(8, ("v_9", "v_7", "v_6"))


async def test_lags_are_those_of_the_best_node_and_of_nobody_who_is_gone(two: Two) -> None:
    await two.open()
    for person in ("v_1", "v_2"):
        await two.enter(person)
    await two.renew(0, "v_1", lag_ms=900)
    await two.renew(1, "v_1", lag_ms=40)
    await two.renew(1, "v_2", lag_ms=-5)
    assert await two.nodes[0].lags(two.room_id) == {"v_1": 40, "v_2": 0}
    two.world.clock.push(HERE_MS - SECOND)
    await two.renew(0, "v_1", lag_ms=70)
    two.world.clock.push(SECOND)
    assert await two.nodes[0].lags(two.room_id) == {"v_1": 70}


async def test_a_room_that_cannot_be_read_is_missing(two: Two) -> None:
    await two.open()
    await two.world.connection.command("SET", *keys.of_room(two.room_id, "here"), "no sorted set")
    assert await two.nodes[0].present([two.room_id], 50) == {}
