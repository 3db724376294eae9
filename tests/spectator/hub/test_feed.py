import json

import pytest

from spectator.hub.feed import Feed
from spectator.hub.policy import Policy
from spectator.hub.viewer import Variant
from spectator.overlay import DEFAULT_GRAPHS
from spectator.state import State, advance
from tests.spectator.hub.decoder import Decoder


def read(pieces) -> list[dict]:
    return [json.loads(frame.payload) for frame in Decoder().feed(b"".join(pieces))]


def test_entries_of_a_beat_are_one_packet(feed, script, clock):
    (packet,) = feed.extend([script.entry(2), script.entry(3)], script.epoch, clock())
    assert (packet.first, packet.last) == (1, 5)
    assert packet.cursor == feed.cursor.text == script.cursors[-1].text
    assert [mark[0] for mark in packet.marks] == [2, 5]


def test_a_long_tail_is_several_packets(feed, script, clock):
    packets = feed.extend([script.entry(1, padding=30_000) for _ in range(10)], script.epoch, clock())
    assert len(packets) == 5
    assert [event for packet in packets for event in range(packet.first, packet.last + 1)] == list(
        range(1, 11)
    )


def test_the_state_stands_where_the_ring_ends(feed, script, clock):
    feed.extend([script.entry(3), script.entry(2)], script.epoch, clock())
    message, place = feed.picture(clock())
    assert json.loads(message.payload)["seq"] == 5
    assert json.loads(message.payload)["cursor"] == script.cursors[-1].text
    assert place == feed.ring.end


def test_a_picture_is_shared_while_it_is_fresh(feed, script, clock):
    feed.extend([script.entry()], script.epoch, clock())
    first, place = feed.picture(clock())
    feed.extend([script.entry()], script.epoch, clock())
    assert feed.picture(clock()) == (first, place)
    assert place == feed.ring.end - 1
    clock.push(2.1)
    again, place = feed.picture(clock())
    assert again is not first
    assert place == feed.ring.end


def test_a_picture_of_a_room_at_rest_is_made_once(feed, script, clock):
    feed.extend([script.entry()], script.epoch, clock())
    first = feed.picture(clock())
    clock.push(3600)
    assert feed.picture(clock()) == first


def test_a_picture_too_far_back_is_made_anew(feed, script, clock):
    first, _ = feed.picture(clock())
    feed.extend([script.entry(1, padding=70_000)], script.epoch, clock())
    assert feed.picture(clock())[0] is not first


def test_what_led_to_the_state_fills_the_ring(script, clock, policy):
    state, passed = State(), []
    for count in (2, 3, 1):
        entry = script.entry(count)
        passed.append((entry, advance(state, entry, script.epoch)))
    feed = Feed(state, policy, clock(), passed=passed)
    assert feed.ring.base == (0, b"")
    assert feed.ring[0].first == 1
    assert feed.ring[feed.ring.end - 1].last == 6
    assert feed.ring.locate((2, script.cursors[1].tag)) is not None


def test_the_base_is_where_the_state_began(clock, policy, script):
    state = State()
    for _ in range(3):
        advance(state, script.entry(), script.epoch)
    feed = Feed(state, policy, clock())
    assert feed.ring.base == (3, script.cursors[-1].tag)


def test_older_entries_extend_the_ring_backwards(script, clock, policy):
    state, entries = State(), [script.entry(2) for _ in range(4)]
    for entry in entries:
        advance(state, entry, script.epoch)
    feed = Feed(state, policy, clock())
    feed.extend_back(entries[1:], (2, entries[0].tag), clock())
    assert feed.ring.locate((2, entries[0].tag)) == (feed.ring.start, True)
    events = [
        e.seq for packet in feed.ring.between(feed.ring.start, feed.ring.end) for e in packet.completed()
    ]
    assert events == [3, 4, 5, 6, 7, 8]


def test_older_entries_that_leave_a_gap_are_not_taken(script, clock, policy):
    state, entries = State(), [script.entry(2) for _ in range(4)]
    for entry in entries:
        advance(state, entry, script.epoch)
    feed = Feed(state, policy, clock())
    feed.extend_back(entries[1:3], (2, entries[0].tag), clock())
    assert len(feed.ring) == 0


def test_a_conflated_packet_covers_all_and_is_made_once(feed, script, clock):
    feed.extend([script.entry(50)], script.epoch, clock())
    feed.extend([script.entry(50)], script.epoch, clock())
    pieces = feed.conflated(0, 2, Variant.V1)
    (told,) = read(pieces)
    assert (told["type"], told["from"], told["to"]) == ("conflated", 1, 100)
    assert told["cursor"] == feed.cursor.text
    assert told["lost"]["sample"] > 0
    assert 100 in [event["seq"] for event in told["events"]], "the newest survives"
    assert len(told["events"]) < 10
    assert feed.conflated(0, 2, Variant.V1) is pieces


def test_a_flat_viewer_is_told_what_is_skipped(feed, script, clock):
    feed.extend([script.entry(50)], script.epoch, clock())
    skip, *events = read(feed.conflated(0, 1, Variant.FLAT))
    assert skip["type"] == "skip"
    assert (skip["from"], skip["to"]) == (1, 50)
    assert all("derived" not in event for event in events)


def test_too_much_to_go_through_is_not_conflated(script, clock):
    feed = Feed(State(), Policy(conflate_bytes=10_000), clock())
    feed.extend([script.entry(1, padding=20_000)], script.epoch, clock())
    assert feed.conflated(0, 1, Variant.V1) is None


def test_conflations_of_one_window_are_bounded(script, clock):
    feed = Feed(State(), Policy(conflations=3, packet_bytes=1), clock())
    feed.extend([script.entry() for _ in range(10)], script.epoch, clock())
    made = [feed.conflated(start, 10, Variant.V1) for start in range(10)]
    assert sum(pieces is not None for pieces in made) == 3
    clock.push(0.6)
    feed.window(clock())
    assert feed.conflated(8, 10, Variant.V1) is not None


def test_the_window_moves_twice_a_second(feed, script, clock):
    start = feed.window(clock())
    feed.extend([script.entry()], script.epoch, clock())
    clock.push(0.4)
    assert feed.window(clock()) == start
    clock.push(0.2)
    assert feed.window(clock()) == feed.ring.end


def test_other_graphs_make_another_picture(feed, script, clock):
    feed.extend([script.entry()], script.epoch, clock())
    before, _ = feed.picture(clock())
    assert not feed.configure(DEFAULT_GRAPHS)
    assert feed.configure(DEFAULT_GRAPHS[:1])
    assert json.loads(feed.picture(clock())[0].payload)["graphs"] != json.loads(before.payload)["graphs"]


def test_a_flat_stream_begins_with_graphs_and_the_newest_of_each_kind(feed, script, clock):
    feed.extend([script.entry(), script.entry(kind="data")], script.epoch, clock())
    opening, place = feed.opening()
    kinds = [message["type"] for message in read(opening.pieces(Variant.FLAT))]
    assert kinds[0] == "graph_config"
    assert "training_metrics" in kinds
    assert place == feed.ring.end
    assert feed.opening()[0] is opening
    assert read(opening.pieces(Variant.FLAT_DEFLATED)) == read(opening.pieces(Variant.FLAT))


def test_points_follow_their_event(feed, script, clock):
    (packet,) = feed.extend([script.entry()], script.epoch, clock())
    kinds = [(message["type"], message["seq"]) for message in read(packet.pieces(Variant.FLAT))]
    assert kinds == [("training_metrics", 1), ("graph_update", 1)]


@pytest.mark.parametrize("count", [1, 7])
def test_ticks_join_to_the_log(feed, script, clock, count: int):
    told = []
    for _ in range(5):
        for packet in feed.extend([script.entry(count)], script.epoch, clock()):
            (tick,) = read(packet.pieces(Variant.V1))
            assert tick["from"] == (told[-1] + 1 if told else 1)
            told += range(tick["from"], tick["to"] + 1)
            assert [event["data"]["step"] for event in tick["events"]] == list(
                range(tick["from"], tick["to"] + 1)
            )
    assert told == list(range(1, 5 * count + 1))
