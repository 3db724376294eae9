"""A hub on a real store with viewers that record; the network is the only thing that is missing."""

import json
from typing import Any

from rooms import Admitted, Caller, JoinAsk, NewRoom, Room, RoomManager
from spectator.events import decode
from spectator.hub import Hub, Pass, Policy, Variant, Viewer
from spectator.log import Cursor, Log
from tests.harness.waiting import eventually
from tests.spectator.hub.conftest import Sink

OWNER = Caller("api_key", tenant="local", scopes=frozenset({"publish", "read", "manage"}), key_id="k")

QUICK = Policy(look_s=0.2, poll_s=1.0, return_s=0.3, renew_s=0.5, idle_s=0.5, dead_s=1.0, abort_s=0.2)


def describe(role: str | None, room: Room, head: Any, waiting: int) -> dict[str, Any]:
    return {"id": room.id, "name": room.name, "code": room.code, "waiting": waiting, "shown_to": role}


class Node:
    """One hub, and rooms and people for it."""

    def __init__(self, rooms: RoomManager, log: Log, policy: Policy = QUICK) -> None:
        self.rooms = rooms
        self.log = log
        self.came = 0
        self.hub = Hub(log, rooms, policy=policy)

    async def room(self, **fields: Any) -> Room:
        return (await self.rooms.create(OWNER, NewRoom(**fields))).room

    async def publish(self, room: Room, *events: dict[str, Any], ring: bool = True) -> int:
        body = "\n".join(map(json.dumps, events)).encode()
        appended = await self.log.append(room.id, decode(body, self.log.connection.clock.now_ms()))
        if ring:
            self.hub.ring(room.id)
        return appended.offset

    async def admitted(self, room: Room, name: str = "Ann") -> tuple[Admitted, Pass]:
        self.came += 1  # each from an address of its own
        client = f"10.0.{self.came // 250}.{self.came % 250 + 1}"
        joined = await self.rooms.join(room.code, Caller("anonymous"), JoinAsk(display_name=name), client)
        assert isinstance(joined, Admitted)
        caller = await self.rooms.caller(joined.token)
        right = Pass(
            "spectator",
            person=caller.person,
            grant_id=caller.grant_id,
            expires_at_ms=caller.expires_at_ms,
            seated=True,
        )
        return joined, right

    async def watch(
        self,
        room: Room,
        right: Pass | None = None,
        *,
        variant: Variant = Variant.V1,
        since: Cursor | None = None,
    ) -> tuple[Viewer, Sink]:
        if right is None:
            _, right = await self.admitted(room)
        sink = Sink()
        viewer = Viewer(variant, sink, connection_id="c")
        await self.hub.attach(room.id, viewer, right, describe, since)
        return viewer, sink


def metrics(step: int) -> dict[str, Any]:
    return {"type": "training_metrics", "data": {"step": step, "loss_value": float(step)}}


def kinds(sink: Sink) -> list[str]:
    return [message["type"] for message in sink.messages()]


def steps(sink: Sink) -> list[int]:
    """The steps of all events in ticks, in the order they came."""
    return [
        event["data"]["step"]
        for message in sink.messages()
        if message["type"] == "tick"
        for event in message["events"]
    ]


async def told(sink: Sink, kind: str, count: int = 1) -> dict[str, Any]:
    """Wait for the ``count``-th message of a kind."""

    def found() -> list[dict[str, Any]]:
        these = [message for message in sink.messages() if message["type"] == kind]
        return these[count - 1 : count]

    return (await eventually(found, 60, f"{count} x {kind}"))[0]


async def ended(sink: Sink) -> int:
    """Wait for the close frame; its code."""

    def code() -> int | None:
        closes = [payload for opcode, payload in sink.frames() if opcode == 8]
        return int.from_bytes(closes[0][:2], "big") if closes else None

    return await eventually(code, 60, "the close frame")
