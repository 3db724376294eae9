import asyncio

import pytest

from spectator.hub import Stage
from spectator.hub.pump import Pump
from spectator.hub.room import RoomHub


@pytest.fixture
def room(feed) -> RoomHub:
    room = RoomHub("r", 0.0)
    room.feed = feed
    return room


async def test_one_that_needs_turns_gets_them_until_it_has_everything(policy, clock, room, script, viewers):
    pump, (viewer, sink) = Pump(policy, clock), viewers()
    room.feed.extend([script.entry()], script.epoch, clock())
    sink.stalled = True
    pump.serve(room, viewer)
    assert len(pump) == 1
    await pump.round()
    assert len(pump) == 1, "it takes nothing yet"
    sink.drain()
    await pump.round()
    assert len(pump) == 0
    assert [message["type"] for message in sink.messages()] == ["snapshot"]


async def test_nobody_waits_it_sleeps(policy, clock, room, viewers):
    pump, (viewer, _) = Pump(policy, clock), viewers()
    sleeping = asyncio.get_running_loop().create_task(pump.round())
    await asyncio.sleep(0)
    assert not sleeping.done()
    pump.attend(room, [viewer])
    await asyncio.wait_for(sleeping, 2)


async def test_the_hidden_and_the_gone_need_no_turn(policy, clock, room, viewers):
    pump = Pump(policy, clock)
    hidden, _ = viewers()
    hidden.hidden = True
    gone, _ = viewers()
    gone.stage = Stage.ENDED
    pump.attend(room, [hidden, gone])
    assert len(pump) == 0


async def test_who_is_held_back_is_watched_until_its_acks_move(policy, clock, room, script, viewers):
    pump, (viewer, sink) = Pump(policy, clock), viewers()
    pump.serve(room, viewer)
    viewer.held = True
    viewer.settle()
    pump.attend(room, [viewer])
    await pump.round()
    assert len(pump) == 1
    viewer.acked = 0
    assert pump.stuck() == []
    viewer.held = True
    clock.push(5)
    viewer.mark = (10**6, clock() - 100)
    room.feed.extend([script.entry()], script.epoch, clock())
    pump.stuck()
    clock.push(10)
    assert pump.stuck() == [viewer]
    assert sink.messages()


async def test_the_lobby_of_a_room_nobody_watches(policy, clock, viewers):
    from spectator.hub import packets

    pump, room, (viewer, sink) = Pump(policy, clock), RoomHub("r", 0.0), viewers()
    viewer.stage = Stage.LOBBY
    viewer.settle()
    sink.stalled = True
    viewer.say("welcome", packets.plain({"type": "welcome"}))
    viewer.say("access", packets.plain({"type": "access"}))
    pump.attend(room, [viewer])
    await pump.round()
    sink.drain()
    await pump.round()
    assert len(pump) == 0
    assert [message["type"] for message in sink.messages()] == ["welcome", "access"]
