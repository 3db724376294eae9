import zlib

import pytest

from spectator.hub import frames
from tests.spectator.hub.decoder import Decoder

LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 65537, 200_000]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("deflated", [False, True])
def test_a_message_of_any_length_is_read_back(length: int, deflated: bool):
    payload = bytes(index % 251 for index in range(length))
    decoder = Decoder()
    read = decoder.feed(b"".join(frames.message(payload, opcode=frames.BINARY, deflated=deflated)))
    assert read == [(frames.BINARY, payload)]


@pytest.mark.parametrize("keeps", [True, False])
def test_shared_deflated_messages_suit_windows_that_are_kept_and_windows_that_are_not(keeps: bool):
    # The same words again and again: an encoder that kept its window would refer back to earlier messages.
    payloads = [(b'{"type":"tick","loss":%d}' % number) * 40 for number in range(20)]
    sent = [b"".join(frames.message(payload, deflated=True)) for payload in payloads]
    decoder = Decoder(keeps=keeps)
    read = [frame.payload for data in sent for frame in decoder.feed(data)]
    assert read == payloads
    assert all(bits & 0x40 for bits in decoder.bits)


def test_a_viewer_who_missed_earlier_messages_reads_the_next():
    frames.message(b"earlier " * 100, deflated=True)
    later = b"".join(frames.message(b"earlier " * 100, deflated=True))
    assert Decoder().feed(later) == [(frames.TEXT, b"earlier " * 100)]


def test_deflating_pays_and_short_ones_stay_plain():
    long, short = b'{"a":1}' * 1000, b'{"a":1}'
    assert len(frames.message(long, deflated=True)[0]) < len(long) / 10
    assert frames.message(short, deflated=True) == frames.message(short)


def test_long_messages_come_in_fragments_with_room_for_control_frames_between():
    payload = bytes(200_000)
    pieces = frames.message(payload)
    assert len(pieces) == 4
    assert max(map(len, pieces)) <= frames.SLICE + 10
    mixed = frames.ping(b"?").join(pieces)
    assert Decoder().feed(mixed) == [
        (frames.PING, b"?"),
        (frames.PING, b"?"),
        (frames.PING, b"?"),
        (frames.TEXT, payload),
    ]


def test_control_frames():
    read = Decoder().feed(frames.ping(b"a") + frames.pong(b"b") + frames.close(4001, "slow"))
    assert read == [(frames.PING, b"a"), (frames.PONG, b"b"), (frames.CLOSE, b"\x0f\xa1slow")]


def test_a_reason_too_long_is_cut_between_characters():
    (read,) = Decoder().feed(frames.close(4500, "ü" * 100))
    assert read.payload[2:].decode() == "ü" * 61


def test_server_sent_events_are_chunks_of_one_line():
    pieces = frames.server_sent_event(b'{"a":\n1,\r\n"b":"x"}', "7.1.ab")
    assert _unchunked(b"".join(pieces)) == b'id: 7.1.ab\ndata: {"a": 1,  "b":"x"}\n\n'
    assert _unchunked(b"".join(frames.server_sent_event(b"{}"))) == b"data: {}\n\n"


def test_long_server_sent_events_are_several_chunks():
    payload = b'{"x":"%b"}' % (b"y" * 150_000)
    pieces = frames.server_sent_event(payload, "c")
    assert len(pieces) == 3
    assert _unchunked(b"".join(pieces)) == b"id: c\ndata: " + payload + b"\n\n"


def test_what_is_left_out_of_a_deflated_message_is_what_the_standard_leaves_out():
    packed = frames.deflate(b"hello " * 100)
    assert zlib.decompressobj(-15).decompress(packed + b"\x00\x00\xff\xff") == b"hello " * 100
    assert not packed.endswith(b"\x00\x00\xff\xff")


def _unchunked(data: bytes) -> bytes:
    body = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        length = int(size, 16)
        body += rest[:length]
        assert rest[length : length + 2] == b"\r\n"
        data = rest[length + 2 :]
    return body
