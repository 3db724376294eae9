import json

import pytest

from spectator.hub import packets
from spectator.hub.codes import Close
from spectator.hub.packets import Message, Packet
from spectator.hub.viewer import Variant
from spectator.overlay import Completed
from tests.spectator.hub.decoder import Decoder

RAW = b'{"type":"metric","name":"loss","value":0.5}'
TOLD = b'{"type":"metric","name":"loss","value":0.5,"derived":{"loss_value":0.5}}'


def completed(seq: int, raw: bytes = RAW, told: bytes = TOLD) -> Completed:
    return Completed(seq, json.loads(raw), json.loads(told).get("derived", {}), raw, told)


def points(event: Completed) -> bytes | None:
    return b'{"seq":%d,"type":"graph_update"}' % event.seq if event.derived else None


def packet(first: int = 4, count: int = 3, marks: tuple[int, ...] = (4, 6)) -> Packet:
    events = [completed(seq) for seq in range(first, first + count)]
    return Packet(events, tuple((mark, b"t%d" % mark) for mark in marks), "7.6.t6", 5.0, points)


def read(pieces: tuple[bytes, ...]) -> list[dict]:
    return [json.loads(frame.payload) for frame in Decoder().feed(b"".join(pieces))]


@pytest.mark.parametrize("variant", [Variant.V1, Variant.V1_DEFLATED])
def test_a_packet_is_a_tick_of_its_events_in_order(variant: Variant):
    (tick,) = read(packet().pieces(variant))
    assert tick == {
        "type": "tick",
        "cursor": "7.6.t6",
        "from": 4,
        "to": 6,
        "events": [json.loads(TOLD)] * 3,
    }


def test_a_form_is_made_once():
    made = packet()
    for variant in Variant:
        assert made.pieces(variant) is made.pieces(variant)


def test_flat_viewers_get_what_was_published_with_its_number_and_its_points():
    assert read(packet(count=2, marks=(5,)).pieces(Variant.FLAT)) == [
        {"seq": 4, **json.loads(RAW)},
        {"seq": 4, "type": "graph_update"},
        {"seq": 5, **json.loads(RAW)},
        {"seq": 5, "type": "graph_update"},
    ]


@pytest.mark.parametrize(("plain", "deflated"), [("V1", "V1_DEFLATED"), ("FLAT", "FLAT_DEFLATED")])
def test_the_deflated_form_says_the_same_in_fewer_bytes(plain: str, deflated: str):
    raw = b'{"type":"metric","name":"loss","values":[%b]}' % b",".join([b"0.25"] * 100)
    made = Packet([completed(1, raw, raw)], ((1, b"t"),), "c", 0.0, points)
    short, long = made.pieces(Variant[deflated]), made.pieces(Variant[plain])
    assert read(short) == read(long)
    assert len(b"".join(short)) < len(b"".join(long)) / 2


@pytest.mark.parametrize("size", [300, 3_000, 30_000, 300_000])
def test_a_message_of_any_length_is_deflated_for_who_agreed_to_it(size: int):
    message = packets.plain({"type": "welcome", "padding": "ab" * (size // 2)})
    assert read(message.pieces(Variant.V1_DEFLATED)) == read(message.pieces(Variant.V1))
    assert len(b"".join(message.pieces(Variant.V1_DEFLATED))) < size / 2


def test_an_event_stream_carries_the_cursor():
    text = b"".join(packet().pieces(Variant.SSE)).decode()
    assert "id: 7.6.t6\ndata: {" in text


def test_the_part_after_a_mark():
    (tick,) = read(packet().after(4).pieces(Variant.V1))
    assert (tick["from"], tick["to"], len(tick["events"])) == (5, 6, 2)
    assert packet().after(4).marks == ((6, b"t6"),)


def test_events_come_out_of_a_packet_as_they_went_in():
    plain = Completed(9, json.loads(RAW), {}, RAW, RAW)
    assert Packet([completed(8), plain], ((9, b"t"),), "c", 0.0, points).completed() == [completed(8), plain]


def test_an_event_whose_forms_have_little_in_common_keeps_both():
    spaced = completed(5, RAW + b" ", TOLD)
    assert Packet([spaced], ((5, b"t"),), "c", 0.0, points).completed() == [spaced]


def test_a_conflated_packet_numbers_what_is_left():
    message = packets.conflated(4, 9, "7.9.t", {"sample": 4, "frame": 0, "episode": 0}, [(5, RAW), (9, RAW)])
    (told,) = read(message.pieces(Variant.V1))
    assert told["type"] == "conflated"
    assert (told["from"], told["to"], told["cursor"]) == (4, 9, "7.9.t")
    assert told["lost"] == {"sample": 4, "frame": 0, "episode": 0}
    assert [event["seq"] for event in told["events"]] == [5, 9]


@pytest.mark.parametrize(
    "event", [b'{"type":"log"}', b'  {"type":"log"}', b'{ "type":"log"}', b'{\n"type":"log"}']
)
def test_numbering_an_event_however_it_was_spaced(event: bytes):
    assert json.loads(packets.numbered(3, event)) == {"seq": 3, "type": "log"}


def test_many_flat_messages_share_pieces_of_a_slice():
    pieces = packets.joined([b'{"n":%d}' % number for number in range(20_000)])
    assert len(pieces) < 10
    assert max(map(len, pieces)) <= 64 * 1024
    assert [message["n"] for message in read(pieces)] == list(range(20_000))


def test_a_flat_message_longer_than_a_slice_is_read_back():
    long = b'{"x":"%b"}' % (b"y" * 200_000)
    assert [frame.payload for frame in Decoder().feed(b"".join(packets.joined([RAW, long, RAW])))] == [
        RAW,
        long,
        RAW,
    ]


def test_bye_says_whether_and_when_to_come_back():
    told, closed = Decoder().feed(packets.farewell(Variant.V1_DEFLATED, Close.TOO_SLOW, "slow", (1, 2)))
    assert json.loads(told.payload) == {
        "type": "bye",
        "code": 4001,
        "reason": "slow",
        "reconnect": True,
        "after_ms": [1, 2],
    }
    assert closed.payload[:2] == (4001).to_bytes(2, "big")


def test_a_flat_viewer_gets_the_close_frame_alone():
    (closed,) = Decoder().feed(packets.farewell(Variant.FLAT, Close.ROOM_CLOSED, "over", (0, 0)))
    assert closed == (8, (4510).to_bytes(2, "big") + b"over")


def test_an_event_stream_ends_as_http_says():
    assert packets.farewell(Variant.SSE, Close.ROOM_CLOSED, "over", (0, 0)).endswith(b"\r\n0\r\n\r\n")


def test_a_message_without_cursor_has_no_id():
    assert b"id:" not in b"".join(Message(b"{}").pieces(Variant.SSE))


def test_what_keeps_a_silent_connection_open():
    assert Decoder().feed(packets.pulse(Variant.V1)) == [(9, b"")]
    assert packets.pulse(Variant.SSE) == b"3\r\n:\n\n\r\n"
