import asyncio

from rooms import Caller, JoinAsk, NewRoom
from spectator.hub.seats import Seats
from spectator.tasks import Tasks
from tests.harness.waiting import eventually
from tests.spectator.hub.living import OWNER


async def test_those_who_come_together_go_together(rooms, connection):
    room = (await rooms.create(OWNER, NewRoom(max_spectators=100))).room
    people = [
        (await rooms.join(room.code, Caller("anonymous"), JoinAsk(display_name="x"), "test")).person
        for _ in range(50)
    ]
    seats = Seats(rooms, Tasks("test"))
    assert await asyncio.gather(*(seats.take(room.id, person) for person in people)) == [True] * 50
    assert await asyncio.gather(*(seats.take(room.id, people[0]) for _ in range(20))) == [True] * 20
    assert not await seats.take(room.id, "v_nobody")


async def test_what_is_lost_is_told(rooms, connection):
    room = (await rooms.create(OWNER, NewRoom(max_spectators=1))).room
    ann = (await rooms.join(room.code, Caller("anonymous"), JoinAsk(display_name="Ann"), "test")).person
    seats = Seats(rooms, Tasks("test"))
    assert await seats.renew({(room.id, ann): 0}) == []
    await connection.command("DEL", f"sp:{{{room.id}}}:seats")
    await rooms.join(room.code, Caller("anonymous"), JoinAsk(display_name="Ben"), "test")
    assert await seats.renew({(room.id, ann): 0}) == [(room.id, ann)]


async def test_a_seat_given_back_is_free(rooms):
    room = (await rooms.create(OWNER, NewRoom(max_spectators=1))).room
    ann = (await rooms.join(room.code, Caller("anonymous"), JoinAsk(display_name="Ann"), "test")).person
    seats = Seats(rooms, Tasks("test"))
    await seats.take(room.id, ann)
    seats.give_back(room.id, ann)

    async def free() -> bool:
        return (await rooms.glance(room.id)).seats == 0

    await eventually(free)
