"""What each viewer gets, written as dialogues: entries come in, messages come out."""

import json

import pytest

from spectator.hub import packets
from spectator.hub.delivery import acknowledge, deliver, lag, owes, resume, serve, stuck
from spectator.hub.feed import Feed
from spectator.hub.policy import Policy
from spectator.hub.viewer import NOWHERE, Stage, Variant
from spectator.log import Cursor
from spectator.state import State


class Room:
    """A feed and its viewers, brought forward as the reader does it."""

    def __init__(self, feed: Feed, script, clock) -> None:
        self.feed, self.script, self.clock = feed, script, clock
        self.viewers = []

    def add(self, made):
        viewer, sink = made
        self.viewers.append(viewer)
        serve(self.feed, viewer, self.clock())
        return viewer, sink

    def publish(self, *entries) -> list:
        """Returns who is behind."""
        behind = []
        made = self.feed.extend(entries or [self.script.entry()], self.script.epoch, self.clock())
        for place, packet in enumerate(made, self.feed.ring.end - len(made)):
            behind += deliver(self.viewers, place, packet, self.feed.stats)
        return behind

    def turn(self, seconds: float = 0.033) -> list[bool]:
        self.clock.push(seconds)
        return [serve(self.feed, viewer, self.clock()) for viewer in self.viewers]


@pytest.fixture
def room(feed, script, clock) -> Room:
    return Room(feed, script, clock)


def covered(messages: list[dict], start: int = 1) -> int:
    """Follow the messages as a client does: no overlap, no gap. Returns the last event."""
    at = start - 1
    for message in messages:
        if message["type"] == "snapshot":
            assert message["seq"] >= at
            at = message["seq"]
        elif message["type"] in {"tick", "conflated"}:
            assert message["from"] == at + 1, f"{message['from']} after {at}"
            at = message["to"]
    return at


def test_a_newcomer_gets_the_picture_then_every_packet(room, viewers):
    room.publish(room.script.entry(10))
    _, sink = room.add(viewers())
    assert room.publish() == []
    assert room.publish(room.script.entry(3)) == []
    kinds = [message["type"] for message in sink.messages()]
    assert kinds == ["snapshot", "tick", "tick"]
    assert covered(sink.messages()) == 14


def test_all_viewers_of_a_form_get_the_same_bytes(room, viewers):
    made = [room.add(viewers()) for _ in range(5)]
    sizes = {len(sink.taken) for _, sink in made}
    room.publish()
    assert len(sizes) == 1
    assert len({bytes(sink.taken) for _, sink in made}) == 1
    assert {sink.writes for _, sink in made} == {2}


def test_a_short_stall_costs_no_event(room, viewers):
    viewer, sink = room.add(viewers())
    room.publish()
    sink.stalled = True
    room.publish()
    assert room.publish() == [viewer]
    room.publish()
    sink.drain()
    assert room.turn() == [True]
    assert [message["type"] for message in sink.messages()] == ["snapshot", "tick", "tick", "tick", "tick"]
    assert covered(sink.messages()) == 4
    assert room.publish() == []


def test_one_that_missed_a_packet_is_not_given_the_next_before_it(room, viewers):
    viewer, sink = room.add(viewers())
    sink.stalled = True
    room.publish()
    room.publish()
    sink.drain()
    assert room.publish() == [viewer]
    assert covered(sink.messages()) == 1
    room.turn()
    assert covered(sink.messages()) == 3


def test_one_who_never_reads_costs_one_slice_and_delays_nobody(room, viewers):
    _, good = room.add(viewers())
    bad, sink = room.add(viewers())
    sink.stalled = True
    for _ in range(2000):
        room.publish(room.script.entry(5, padding=1000))
        room.turn(0.033)
    assert sink.buffered() <= 64 * 1024 + 10
    assert sum(map(len, bad.rest)) == 0
    assert covered(good.messages()) == 10_000


def test_behind_for_seconds_it_gets_what_stands_for_the_events(room, viewers):
    viewer, sink = room.add(viewers())
    sink.take()
    sink.stalled = True
    for _ in range(120):
        room.publish()
        room.clock.push(0.1)
    sink.drain()
    assert room.turn() == [True]
    messages = sink.messages()
    assert [message["type"] for message in messages] == ["tick", "conflated"]
    assert covered(messages) == 120
    assert viewer.conflated_until is not None


def test_a_conflated_viewer_gets_at_most_two_packets_a_second(room, viewers):
    viewer, sink = room.add(viewers())
    viewer.conflate(float("inf"))
    sink.take()
    for _ in range(300):  # ten seconds of beats
        room.publish(room.script.entry(3))
        room.turn()
    messages = sink.messages()
    assert {message["type"] for message in messages} == {"conflated"}
    assert 17 <= len(messages) <= 21
    room.turn(0.6)
    assert covered(sink.messages()) == 900


def test_conflated_viewers_share_their_packets(room, viewers):
    made = [room.add(viewers()) for _ in range(4)]
    for viewer, sink in made:
        sink.take()
        viewer.conflate(float("inf"))
    for _ in range(60):
        room.publish()
        room.turn()
    assert len({bytes(sink.taken) for _, sink in made}) == 1


def test_one_that_recovers_gets_every_packet_again(room, viewers):
    viewer, sink = room.add(viewers())
    viewer.conflate(room.clock() + 3)
    for _ in range(200):
        room.publish()
        room.turn()
    assert viewer.direct
    messages = sink.messages()
    assert messages[-1]["type"] == "tick"
    assert covered(messages) == 200


def test_further_behind_than_the_ring_it_gets_the_picture(room, viewers):
    _, sink = room.add(viewers())
    sink.take()
    sink.stalled = True
    for _ in range(100):
        room.publish(room.script.entry(1, padding=60_000))
    sink.drain()
    room.turn()
    messages = sink.messages()
    assert [message["type"] for message in messages] == ["tick", "snapshot"]
    assert covered(messages) == 100


def test_a_long_packet_goes_slice_by_slice(room, viewers):
    viewer, sink = room.add(viewers())
    sink.take()
    sink.stalled = True
    assert room.publish(room.script.entry(1, padding=200_000)) == [viewer]
    for _ in range(10):
        room.turn()
        assert sink.buffered() <= 64 * 1024 + 10
        sink.drain()
        sink.stalled = True
    assert covered(sink.messages()) == 1


def test_a_hidden_tab_gets_nothing_and_then_what_it_missed(room, viewers):
    viewer, sink = room.add(viewers())
    sink.take()
    viewer.hidden = True
    viewer.settle()
    room.publish()
    room.publish()
    assert room.turn() == [True]
    assert not sink.taken
    viewer.hidden = False
    viewer.settle()
    room.turn()
    assert [message["type"] for message in sink.messages()] == ["tick", "tick"]
    assert covered(sink.messages()) == 2


def test_what_is_said_waits_for_the_message_under_way(room, viewers):
    viewer, sink = room.add(viewers())
    sink.take()
    sink.stalled = True
    room.publish(room.script.entry(1, padding=200_000))
    room.turn()
    viewer.say("crowd", packets.plain({"type": "crowd"}))
    for _ in range(10):
        sink.drain()
        sink.stalled = True
        room.turn()
    sink.drain()
    assert [message["type"] for message in sink.messages()] == ["tick", "crowd"]


def test_one_turn_is_bounded(room, viewers):
    room.publish(room.script.entry(1))
    viewer, sink = viewers()
    resume(room.feed, viewer, room.script.cursors[0])
    for _ in range(7):
        room.publish(room.script.entry(1, padding=60_000))
    viewer.exact_to = room.feed.ring.end
    viewer.place = room.feed.ring.start
    assert not serve(room.feed, viewer, room.clock())
    assert len(sink.taken) < room.feed.policy.turn_bytes + 70_000


class TestFlat:
    def test_each_event_is_a_message(self, room, viewers):
        _, sink = room.add(viewers(Variant.FLAT))
        sink.take()
        room.publish(room.script.entry(2))
        assert [(message["type"], message["seq"]) for message in sink.messages()] == [
            ("training_metrics", 1),
            ("graph_update", 1),
            ("training_metrics", 2),
            ("graph_update", 2),
        ]

    def test_what_is_lost_is_said(self, room, viewers):
        _, sink = room.add(viewers(Variant.FLAT))
        room.publish()
        sink.stalled = True
        room.publish()
        sink.take()
        for _ in range(100):
            room.publish(room.script.entry(1, padding=60_000))
        sink.drain()
        room.turn()
        skip = next(message for message in sink.messages() if message["type"] == "skip")
        assert (skip["from"], skip["to"]) == (3, 102)


class TestReturning:
    def test_exactly_what_is_missing(self, room, viewers):
        for _ in range(10):
            room.publish(room.script.entry(2))
        viewer, sink = viewers()
        assert resume(room.feed, viewer, room.script.cursors[4])[0] == "exact"
        serve(room.feed, viewer, room.clock())
        assert covered(sink.messages(), start=9) == 20
        assert {message["type"] for message in sink.messages()} == {"tick"}

    def test_from_the_middle_of_what_is_one_packet_here(self, room, viewers):
        room.publish(*[room.script.entry(2) for _ in range(5)])
        room.publish(room.script.entry(2))
        for number in range(7):
            viewer, sink = viewers()
            label, viewer.rest = resume(room.feed, viewer, room.script.cursors[number])
            assert label == "exact"
            serve(room.feed, viewer, room.clock())
            assert covered(sink.messages(), start=2 * number + 1) == 12
            assert all(message["type"] == "tick" for message in sink.messages())

    def test_nothing_is_missing(self, room, viewers):
        room.publish()
        viewer, sink = viewers()
        assert resume(room.feed, viewer, room.feed.cursor) == ("exact", ())
        assert serve(room.feed, viewer, room.clock())
        assert not sink.taken

    def test_exact_means_every_event_however_old(self, room, viewers):
        for _ in range(30):
            room.publish(room.script.entry(1, padding=10_000))
        room.clock.push(3600)
        viewer, sink = viewers()
        assert resume(room.feed, viewer, room.script.cursors[0])[0] == "exact"
        while not serve(room.feed, viewer, room.clock()):
            room.clock.push(1)
        assert {message["type"] for message in sink.messages()} == {"tick"}
        assert covered(sink.messages()) == 30

    def test_too_much_is_conflated(self, room, viewers):
        for _ in range(15):
            room.publish(room.script.entry(1, padding=60_000))
        viewer, sink = viewers()
        assert resume(room.feed, viewer, room.script.cursors[0])[0] == "conflated"
        room.clock.push(1)
        serve(room.feed, viewer, room.clock())
        assert [message["type"] for message in sink.messages()] == ["conflated"]
        assert covered(sink.messages()) == 15

    def test_much_too_much_is_the_picture(self, room, viewers):
        for _ in range(60):
            room.publish(room.script.entry(1, padding=60_000))
        viewer, sink = viewers()
        assert resume(room.feed, viewer, room.script.cursors[0])[0] == "full"
        serve(room.feed, viewer, room.clock())
        assert covered(sink.messages()) == 60

    @pytest.mark.parametrize(
        "since",
        [
            Cursor(6, 2, b"%08x" % 2),  # another epoch: the store lost events since
            Cursor(7, 2, b"ffffffff"),  # the same number, another history
            Cursor(7, 999, b"00000000"),  # from the future
            Cursor(0, 0, b"unknown"),
        ],
    )
    def test_a_place_of_another_log_is_the_picture(self, room, viewers, since: Cursor):
        room.publish(room.script.entry(2))
        room.publish(room.script.entry(2))
        viewer, sink = viewers()
        assert resume(room.feed, viewer, since) == ("full", ())
        serve(room.feed, viewer, room.clock())
        assert [message["type"] for message in sink.messages()] == ["snapshot"]

    def test_the_beginning_is_good_in_any_epoch(self, room, viewers):
        room.publish()
        viewer, _ = viewers()
        assert resume(room.feed, viewer, Cursor.START)[0] == "exact"

    def test_a_first_visit(self, room, viewers):
        viewer, _ = viewers()
        assert resume(room.feed, viewer, None) == ("none", ())
        assert viewer.place == NOWHERE


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


def test_who_has_ended_gets_nothing(room, viewers):
    viewer, sink = room.add(viewers())
    sink.take()
    viewer.stage = Stage.ENDED
    viewer.settle()
    room.publish()
    assert room.turn() == [True]
    assert not sink.taken


def test_a_new_log_gives_everyone_the_picture(room, viewers, policy, clock):
    viewer, sink = room.add(viewers())
    room.publish()
    room.feed = Feed(State(), policy, clock())
    viewer.place = viewer.exact_to = NOWHERE
    sink.take()
    room.turn()
    assert [message["type"] for message in sink.messages()] == ["snapshot"]


def test_a_deflated_viewer_reads_the_same(room, viewers):
    _, plain = room.add(viewers())
    _, packed = room.add(viewers(Variant.V1_DEFLATED))
    for _ in range(50):
        room.publish(room.script.entry(10))
    assert json.dumps(plain.messages()) == json.dumps(packed.messages())
    assert len(packed.taken) * 3 < len(plain.taken)
