"""How each server is spoken to, and what its messages mean: events, their moments, a reply."""

import json
from dataclasses import dataclass
from typing import Any

from tests.bench.load.wire import CLOSE, CONTEXT, FRESH, PING, PONG, frame
from tests.bench.payload import MADE_AT, NUMBER


@dataclass(frozen=True, slots=True)
class Message:
    """What one message holds: each event's moment and number; ``seq`` is what a viewer acknowledges."""

    made: tuple[float, ...] = ()
    numbers: tuple[int, ...] = ()
    seq: int = 0
    live: bool = False
    conflated: bool = False
    reply: bytes | None = None
    code: int = 0  # of a close frame or a bye

    @property
    def special(self) -> bool:
        """Whether more is to be done than to count."""
        return self.live or self.reply is not None or self.code != 0


def control(opcode: int, payload: bytes) -> Message | None:
    """Return what a control frame means; None for a message."""
    if opcode == CLOSE:
        return Message(code=int.from_bytes(payload[:2], "big") or 1005, reply=frame(payload[:2], CLOSE))
    if opcode == PING:
        return Message(reply=frame(payload, PONG))
    return Message() if opcode == PONG else None


def events(payload: bytes, *, seq: int = 0, conflated: bool = False) -> Message:
    """Return what a message full of events holds."""
    made = tuple(float(found) for found in MADE_AT.findall(payload))
    numbers = tuple(int(found) for found in NUMBER.findall(payload))
    return Message(made, numbers, seq=seq, conflated=conflated)


class Plain:
    """A server that sends the events and nothing else."""

    subprotocol: str | None = None
    joins = False
    live_at_once = True
    offer = CONTEXT  # of those who take permessage-deflate

    def opening(self, token: str) -> bytes | None:
        """Return what a viewer says first; None if it only listens."""
        return None

    def read(self, payload: bytes) -> Message:
        return events(payload)


class SocketIO(Plain):
    """Socket.IO 5 over Engine.IO 4, WebSocket only.

    Each viewer is greeted with an id of its own, so a context kept would make everybody's bytes differ.
    """

    live_at_once = False
    offer = FRESH

    def read(self, payload: bytes) -> Message:
        if payload.startswith(b"0{"):
            return Message(reply=frame(b"40"))
        if payload.startswith(b"40"):
            return Message(live=True)
        if payload == b"2":
            return Message(reply=frame(b"3"))
        return events(payload)


class Flat(Plain):
    """Ours, one message an event."""

    live_at_once = False

    def read(self, payload: bytes) -> Message:
        if b'"type":"graph_config"' in payload[:60]:
            return Message(live=True)
        return events(payload)


class V1(Plain):
    """Ours, ``spectator.v1``: a grant first, then ticks; acknowledges each second as the page does."""

    subprotocol = "spectator.v1"
    joins = True
    live_at_once = False

    def opening(self, token: str) -> bytes:
        return frame(json.dumps({"type": "hello", "token": token}).encode())

    def read(self, payload: bytes) -> Message:
        told: dict[str, Any] = json.loads(payload)
        kind = told["type"]
        if kind in {"tick", "conflated"}:
            return events(payload, seq=told["to"], conflated=kind == "conflated")
        if kind == "snapshot":
            return Message(live=True, seq=told["seq"])
        return Message(code=told["code"]) if kind == "bye" else Message()


DIALECTS: dict[str, Plain] = {"plain": Plain(), "socketio": SocketIO(), "flat": Flat(), "v1": V1()}
