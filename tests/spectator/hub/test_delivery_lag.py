"""How far behind a viewer is, by what it acknowledges, and who is held back or sent away for it."""

import pytest

from spectator.hub.delivery import acknowledge, lag, owes, stuck
from spectator.hub.policy import Policy
from spectator.hub.viewer import Variant
from tests.spectator.hub.dialogues import Room, covered


@pytest.fixture
def room(feed, script, clock) -> Room:
    return Room(feed, script, clock)


class TestAcks:
    """A proxy that swallows megabytes: the sink never fills, the acks tell."""

    def run(self, room: Room, viewer, beats: int, ack_every: int | None, lag: int = 0) -> None:
        for beat in range(beats):
            room.publish()
            room.turn()
            if ack_every and beat % ack_every == 0:
                viewer.acked = max(0, room.feed.cursor.seq - lag)
                acknowledge(room.feed, viewer, room.clock())

    def test_a_healthy_viewer_gets_every_packet(self, room, viewers):
        viewer, sink = room.add(viewers())
        self.run(room, viewer, 600, 30)
        assert viewer.direct
        assert covered(sink.messages()) == 600

    def test_acks_that_stop_hold_it_back(self, room, viewers):
        viewer, _ = room.add(viewers())
        self.run(room, viewer, 60, 30)
        for _ in range(4):
            self.run(room, viewer, 33, None)
            acknowledge(room.feed, viewer, room.clock())  # as the look each second does
        assert viewer.held
        assert viewer.idle
        written = viewer.place
        self.run(room, viewer, 100, None)
        assert viewer.place == written

    def test_an_ack_of_all_lets_it_go(self, room, viewers):
        viewer, sink = room.add(viewers())
        self.hold(room, viewer)
        viewer.acked = covered(sink.messages())
        acknowledge(room.feed, viewer, room.clock())
        assert not viewer.held
        room.turn(1)
        assert covered(sink.messages()) == room.feed.cursor.seq

    def hold(self, room: Room, viewer) -> None:
        viewer.acked = 0
        acknowledge(room.feed, viewer, room.clock())
        self.run(room, viewer, 10, None)
        acknowledge(room.feed, viewer, room.clock())
        room.clock.push(3.1)
        acknowledge(room.feed, viewer, room.clock())
        assert viewer.held

    def test_many_bytes_count_sooner(self, room, viewers):
        viewer, _ = room.add(viewers())
        viewer.acked = 0
        for _ in range(6):
            room.publish(room.script.entry(1, padding=60_000))
            room.turn(0.01)
        acknowledge(room.feed, viewer, room.clock())
        room.clock.push(1.4)
        acknowledge(room.feed, viewer, room.clock())
        assert not viewer.held
        room.clock.push(0.2)
        acknowledge(room.feed, viewer, room.clock())
        assert viewer.held

    def test_who_never_acks_is_not_judged_by_acks(self, room, viewers):
        viewer, _ = room.add(viewers())
        self.run(room, viewer, 300, None)
        acknowledge(room.feed, viewer, room.clock())
        assert viewer.direct


class TestLag:
    """What the owner is told of how far behind somebody watches."""

    def ack(self, room: Room, viewer, seq: int) -> None:
        viewer.acked = seq
        viewer.late = owes(room.feed, seq, room.clock())
        acknowledge(room.feed, viewer, room.clock())

    def test_a_healthy_viewer_is_not_behind_between_two_acks(self, room, viewers):
        viewer, _ = room.add(viewers())
        for beat in range(100):
            room.publish()
            room.turn()
            if beat % 30 == 0:
                self.ack(room, viewer, room.feed.cursor.seq)
            assert lag(room.feed, viewer, room.clock()) <= 0.05

    def test_a_proxy_that_takes_everything_and_passes_it_on_late_is_seen_through(self, room, viewers):
        viewer, _ = room.add(viewers())
        told = []
        for beat in range(300):  # its acks are two seconds old
            room.publish()
            room.turn()
            if beat % 30 == 0:
                self.ack(room, viewer, max(0, room.feed.cursor.seq - 60))
            told.append(lag(room.feed, viewer, room.clock()))
        assert viewer.place == room.feed.ring.end, "all was written: the socket shows nothing"
        assert all(1.9 <= seconds <= 2.1 for seconds in told[90:])

    def test_when_acks_stop_the_lag_grows(self, room, viewers):
        viewer, _ = room.add(viewers())
        room.publish()
        self.ack(room, viewer, 1)
        room.publish()
        room.clock.push(0.9)
        assert lag(room.feed, viewer, room.clock()) == 0
        room.clock.push(4)
        assert 3.8 <= lag(room.feed, viewer, room.clock()) <= 4
        self.ack(room, viewer, 2)
        assert lag(room.feed, viewer, room.clock()) == 0

    def test_who_never_acks_is_judged_by_what_was_written(self, room, viewers):
        viewer, sink = room.add(viewers(Variant.FLAT))
        room.publish()
        assert lag(room.feed, viewer, room.clock()) == 0
        sink.stalled = True
        room.publish()
        room.publish()
        room.clock.push(5)
        assert lag(room.feed, viewer, room.clock()) == 5

    def test_where_nobody_looks_nobody_is_behind(self, room, viewers):
        viewer, _ = room.add(viewers())
        room.publish()
        self.ack(room, viewer, 1)
        viewer.hidden = True
        viewer.settle()
        room.publish()
        room.clock.push(60)
        assert lag(room.feed, viewer, room.clock()) == 0


class TestStuck:
    def test_ten_seconds_without_a_byte(self, room, viewers):
        viewer, sink = room.add(viewers())
        sink.stalled = True
        room.publish()
        now = room.clock()
        assert stuck([viewer], now, Policy()) == []
        assert stuck([viewer], now + 9.9, Policy()) == []
        assert stuck([viewer], now + 10.0, Policy()) == [viewer]

    def test_one_that_takes_little_by_little_stays(self, room, viewers):
        viewer, sink = room.add(viewers())
        sink.stalled = True
        room.publish(room.script.entry(1, padding=50_000))
        room.turn()
        for second in range(60):
            assert stuck([viewer], room.clock() + second, Policy()) == []
            del sink.waiting[:10]

    def test_one_that_reads_is_never_stuck(self, room, viewers):
        viewer, _ = room.add(viewers())
        for second in range(60):
            assert stuck([viewer], room.clock() + second, Policy()) == []

    def test_held_and_no_ack_is_stuck_too(self, room, viewers):
        viewer, _ = room.add(viewers())
        viewer.held, viewer.acked = True, 0
        assert stuck([viewer], 0.0, Policy()) == []
        viewer.acked = 5
        assert stuck([viewer], 9.0, Policy()) == []
        assert stuck([viewer], 18.9, Policy()) == []
        assert stuck([viewer], 19.0, Policy()) == [viewer]
