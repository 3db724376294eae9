"""What each viewer gets, written as dialogues: entries come in, messages come out."""

import json

import pytest

from spectator.hub import packets
from spectator.hub.delivery import resume, serve
from spectator.hub.feed import Feed
from spectator.hub.viewer import NOWHERE, Stage, Variant
from spectator.log import Cursor
from spectator.state import State
from tests.spectator.hub.dialogues import Room, covered


@pytest.fixture
def room(feed, script, clock) -> Room:
    return Room(feed, script, clock)


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
