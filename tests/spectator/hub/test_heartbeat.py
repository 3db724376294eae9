import asyncio

import pytest

from spectator.hub import Policy, Stage, Variant
from spectator.hub.heartbeat import Heartbeat


class World:
    def __init__(self, clock) -> None:
        self.clock, self.lost = clock, []
        self.heartbeat = Heartbeat(Policy(), clock, self.lost.append)

    def run(self, seconds: float, *, each=None) -> None:
        """Let time pass, notch by notch, calling what is due."""
        for _ in range(int(seconds / 0.1)):
            self.clock.push(0.1)
            for call, subject in self.heartbeat._wheel.turn(self.clock()):
                call(subject)
            if each is not None:
                each()


@pytest.fixture
def world(clock) -> World:
    return World(clock)


def test_one_that_answers_is_pinged_about_each_25_seconds(world, viewers):
    viewer, sink = viewers()
    world.heartbeat.watch(viewer)

    def answer() -> None:
        if sink.taken:
            viewer.heard_at = world.clock()

    world.run(260, each=answer)
    assert 9 <= sink.taken.count(b"\x89\x00") <= 11
    assert not world.lost


def test_one_that_does_not_is_lost_within_30_seconds(world, viewers):
    viewer, _ = viewers()
    world.heartbeat.watch(viewer)
    world.run(31)
    assert world.lost == [viewer]


def test_any_byte_counts_as_an_answer(world, viewers):
    viewer, sink = viewers()
    world.heartbeat.watch(viewer)
    while not sink.taken:
        world.run(0.1)
    world.run(1)
    viewer.heard_at = world.clock()
    world.run(5)
    assert not world.lost


def test_a_ping_behind_data_waits_for_that(world, viewers):
    viewer, sink = viewers()
    sink.stalled = True
    sink.write(b"data")
    world.heartbeat.watch(viewer)
    while b"\x89\x00" not in sink.waiting:
        world.run(0.1)
    world.run(15)
    assert not world.lost
    world.run(15)
    assert world.lost == [viewer], "but not for ever"


def test_who_has_ended_is_left_alone(world, viewers):
    viewer, sink = viewers()
    world.heartbeat.watch(viewer)
    viewer.stage = Stage.ENDED
    world.run(60)
    assert not sink.taken
    assert not world.lost


def test_those_who_came_together_are_not_pinged_together(world, viewers):
    made = [viewers() for _ in range(200)]
    for viewer, _ in made:
        world.heartbeat.watch(viewer)
    most = 0

    def count() -> None:
        nonlocal most
        fresh = sum(bool(sink.taken) for _, sink in made)
        for viewer, sink in made:
            if sink.taken:
                viewer.heard_at = world.clock()
            sink.taken.clear()
        most = max(most, fresh)

    world.run(26, each=count)
    assert 1 <= most < 20


def test_a_stream_gets_a_comment_and_never_within_an_event(world, viewers):
    viewer, sink = viewers(Variant.SSE)
    world.heartbeat.watch(viewer)
    world.run(26)
    assert bytes(sink.taken) == b"3\r\n:\n\n\r\n"
    viewer.rest = (b"half an event",)
    world.run(26)
    assert bytes(sink.taken) == b"3\r\n:\n\n\r\n"
    assert not world.lost


def test_the_buried_are_gone_in_two_seconds(world, sink):
    world.heartbeat.bury(sink)
    world.run(1.9)
    assert not sink.aborted
    world.run(0.3)
    assert sink.aborted


async def test_a_round_does_what_is_due(world, clock):
    called: list[str] = []
    world.heartbeat.later(0.05, called.append, "now")
    clock.push(1)
    await asyncio.wait_for(world.heartbeat.round(), 2)
    assert called == ["now"]
