"""What a hub sends, made once and shared: packets of events, and the messages beside them. Pure.

A message is JSON in four forms (plain and deflated WebSocket frames, Server-Sent Events, and the flat
messages of the seeds); each form is encoded when the first viewer needs it and then kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from spectator.events import parse
from spectator.hub import frames
from spectator.hub.codes import Close
from spectator.hub.viewer import Variant
from spectator.overlay import Completed

Pieces = tuple[bytes, ...]
"""Bytes to be written in order; between two of them control frames may stand, but no other message."""

Derive = Callable[[Completed], "bytes | None"]
"""Makes the flat message that is derived from an event (``graph_update``), or None where there is none."""

SSE_PULSE = frames.chunk(b":\n\n")
SSE_END = b"0\r\n\r\n"
WS_PULSE = frames.ping()
PACKET_OVERHEAD = 200

encode = msgspec.json.Encoder().encode


class Message:
    """One JSON message in every form a viewer may want it in.

    Args:
        payload: the JSON.
        cursor: where a viewer that has it stands; becomes the ``id`` of a Server-Sent Event.
        encodes: where each form that is made counts.
    """

    __slots__ = ("_deflated", "_encodes", "_plain", "_sse", "cursor", "payload")

    def __init__(
        self,
        payload: bytes,
        cursor: str | None = None,
        *,
        encodes: Counter[str] | None = None,
    ) -> None:
        self.payload = payload
        self.cursor = cursor
        self._encodes = encodes
        self._plain: Pieces | None = None
        self._deflated: Pieces | None = None
        self._sse: Pieces | None = None

    def pieces(self, variant: Variant) -> Pieces:
        """The bytes for viewers of this form."""
        if variant.deflated:
            if self._deflated is None:
                self._deflated = frames.message(self.payload, deflated=True)
                self._count("v1_deflated")
            return self._deflated
        if variant is Variant.SSE:
            if self._sse is None:
                self._sse = frames.server_sent_event(self.payload, self.cursor)
                self._count("sse")
            return self._sse
        if self._plain is None:
            self._plain = frames.message(self.payload)
            self._count("v1")
        return self._plain

    def _count(self, form: str) -> None:
        if self._encodes is not None:
            self._encodes[form] += 1


class Several:
    """Messages for flat viewers, sent one after the other, in every flat form.

    Args:
        payloads: the JSON of each, in order.
    """

    __slots__ = ("_deflated", "_payloads", "_plain")

    def __init__(self, payloads: Sequence[bytes]) -> None:
        self._payloads = payloads
        self._plain: Pieces | None = None
        self._deflated: Pieces | None = None

    def pieces(self, variant: Variant) -> Pieces:
        """The bytes for viewers of this form."""
        if variant.deflated:
            if self._deflated is None:
                self._deflated = joined(self._payloads, deflated=True)
            return self._deflated
        if self._plain is None:
            self._plain = joined(self._payloads)
        return self._plain


class Packet:
    """The events ``first`` to ``last``, none missing: what a beat sends.

    It keeps bytes only. What needs an event's content again (flat viewers, conflation) parses it again: that
    is rare, and parsed events would take five times the memory of the ring.

    Args:
        events: in order, without a gap.
        marks: (number of the last event, tag) of each entry in it; a viewer can come back at any of them.
        cursor: text of the cursor at its end.
        made_at: seconds of the hub's clock.
        derive: makes the flat messages that are not events.
        encodes: where each form that is made counts.
    """

    __slots__ = (
        "_derive",
        "_encodes",
        "_flat",
        "_flat_deflated",
        "_raw",
        "_tick",
        "cursor",
        "events",
        "first",
        "last",
        "made_at",
        "marks",
        "size",
    )

    def __init__(
        self,
        events: Sequence[Completed],
        marks: tuple[tuple[int, bytes], ...],
        cursor: str,
        made_at: float,
        derive: Derive,
        encodes: Counter[str] | None = None,
    ) -> None:
        self.first = events[0].seq
        self.last = events[-1].seq
        self.events = tuple(event.completed for event in events)
        self._raw = tuple(_kept(event) for event in events)
        self.marks = marks
        self.cursor = cursor
        self.made_at = made_at
        self.size = sum(map(len, self.events)) + PACKET_OVERHEAD
        self._derive = derive
        self._encodes = encodes
        self._tick: Message | None = None
        self._flat: Pieces | None = None
        self._flat_deflated: Pieces | None = None

    def pieces(self, variant: Variant) -> Pieces:
        """The bytes for viewers of this form."""
        if variant is Variant.FLAT:
            if self._flat is None:
                self._flat = self._make_flat(variant)
            return self._flat
        if variant is Variant.FLAT_DEFLATED:
            if self._flat_deflated is None:
                self._flat_deflated = self._make_flat(variant)
            return self._flat_deflated
        if self._tick is None:
            self._tick = tick(self.first, self.events, self.cursor, self._encodes)
        return self._tick.pieces(variant)

    def _make_flat(self, variant: Variant) -> Pieces:
        if self._encodes is not None:
            self._encodes[variant.value] += 1
        return joined(flat_messages(self.completed(), self._derive), deflated=variant.deflated)

    def completed(self) -> list[Completed]:
        """The events as the overlay sees them, parsed anew."""
        found = []
        for seq, kept, completed in zip(
            range(self.first, self.last + 1), self._raw, self.events, strict=True
        ):
            event = parse(completed)
            if kept is None:
                found.append(Completed(seq, event, {}, completed, completed))
            else:
                raw = kept if isinstance(kept, bytes) else completed[:kept] + b"}"
                found.append(Completed(seq, event, event.pop("derived", {}), raw, completed))
        return found

    def after(self, seq: int) -> Packet:
        """The part of it that a viewer misses who has everything up to ``seq``, one of its marks."""
        kept = [event for event in self.completed() if event.seq > seq]
        marks = tuple(mark for mark in self.marks if mark[0] > seq)
        return Packet(kept, marks, self.cursor, self.made_at, self._derive, self._encodes)


def _kept(event: Completed) -> bytes | int | None:
    """What tells the published form from the completed one.

    None where they are the same, the length of what they share where only ``derived`` follows, else the form
    itself.
    """
    if event.raw is event.completed:
        return None
    shared = len(event.raw) - 1
    return shared if event.completed.startswith(event.raw[:-1]) and event.raw.endswith(b"}") else event.raw


def tick(first: int, events: Sequence[bytes], cursor: str, encodes: Counter[str] | None = None) -> Message:
    """Events ``first`` and on, none missing, as one message of ``spectator.v1``."""
    head = b'{"type":"tick","cursor":"%b","from":%d,"to":%d,"events":[' % (
        cursor.encode(),
        first,
        first + len(events) - 1,
    )
    return Message(b"%b%b]}" % (head, b",".join(events)), cursor, encodes=encodes)


def conflated(
    first: int, last: int, cursor: str, lost: dict[str, int], events: Iterable[tuple[int, bytes]]
) -> Message:
    """What stands for the events ``first`` to ``last``: those that remain, each with its ``seq``."""
    body = b",".join(numbered(seq, event) for seq, event in events)
    head = b'{"type":"conflated","cursor":"%b","from":%d,"to":%d,"lost":%b,"events":[' % (
        cursor.encode(),
        first,
        last,
        encode(lost),
    )
    return Message(b"%b%b]}" % (head, body), cursor)


def plain(content: dict[str, Any], cursor: str | None = None) -> Message:
    """Any other message, from its fields."""
    return Message(encode(content), cursor)


def numbered(seq: int, event: bytes) -> bytes:
    """An event's JSON object with ``seq`` as its first field; publishers cannot send a field of that name."""
    return b'{"seq":%d,%b' % (seq, event.lstrip()[1:])


def flat_messages(events: Iterable[Completed], derive: Derive) -> list[bytes]:
    """Each event as a message of its own, followed by what is derived from it."""
    messages = []
    for event in events:
        messages.append(numbered(event.seq, event.raw))
        derived = derive(event)
        if derived is not None:
            messages.append(derived)
    return messages


def joined(messages: Iterable[bytes], *, deflated: bool = False) -> Pieces:
    """Text messages as frames, packed into as few pieces as fit the length of a slice."""
    pieces: list[bytes] = []
    buffer = bytearray()
    for payload in messages:
        for frame in frames.message(payload, deflated=deflated):
            if buffer and len(buffer) + len(frame) > frames.SLICE:
                pieces.append(bytes(buffer))
                buffer.clear()
            buffer += frame
    if buffer:
        pieces.append(bytes(buffer))
    return tuple(pieces)


def pulse(variant: Variant) -> bytes:
    """What keeps a silent connection open: a ping, or a comment in an event stream."""
    return SSE_PULSE if variant is Variant.SSE else WS_PULSE


def farewell(variant: Variant, code: Close, reason: str, after_ms: tuple[int, int]) -> bytes:
    """``bye`` and the end of the connection, ready to be written as the last bytes."""
    if variant.flat:  # its messages are the events' and nothing else
        return frames.close(code, reason)
    bye = plain(
        {
            "type": "bye",
            "code": int(code),
            "reason": reason,
            "reconnect": code.reconnect,
            "after_ms": after_ms,
        }
    )
    said = b"".join(bye.pieces(Variant.SSE if variant is Variant.SSE else Variant.V1))
    return said + (SSE_END if variant is Variant.SSE else frames.close(code, reason))
