"""Thousands of viewers who come back: ``python -m tests.faults.crowd '{"host":..,"viewers":..}'``.

One epoll in a process of its own. Each viewer joins once, watches by ``spectator.v1``, acknowledges each
second, obeys ``bye`` (within the delay told) and returns with its cursor. Of each it is checked that every
event after its first picture is shown once, in order, or declared; that all are shown the same under the same
number is checked where a message is read, once for all who get the same bytes.

Orders and answers are one JSON object a line: ``connect``, ``reach`` (a number that all are to be shown),
``report``.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from tests.bench.load.wire import CLOSE, FINAL, PING, PONG, TEXT, frame, next_frame, post, upgrade
from tests.bench.machine import allow_files
from tests.faults.history import Verdict
from tests.faults.viewers import mark_of

ASKING, UPGRADING, WATCHING, AWAY = range(4)
CHUNK = 262_144
REMEMBERED = 4096
ACK_EACH_S = 1.0
PATIENCE_S = (0.2, 1.0)  # between two attempts where nothing was told
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Order:
    host: str
    port: int
    room: str  # its code: they are strangers
    room_id: str
    viewers: int
    together: int = 64  # connections being opened at a time, at the beginning


@dataclass(slots=True)
class Said:
    """One message, read once for all who get the same bytes."""

    kind: str
    epoch: int = 0
    first: int = 0
    last: int = 0
    cursor: str = ""
    shown: int = 0
    told: dict[str, Any] = field(default_factory=dict)


class Viewer:
    """A socket, where it stands, and what came of it."""

    __slots__ = ("acked", "away_since", "cursor", "longest_away", "number", "parts", "place", "rest",
                 "socket", "stage", "token", "visits", "wanted")  # fmt: skip

    def __init__(self, number: int) -> None:
        self.number = number
        self.socket: socket.socket | None = None
        self.stage = AWAY
        self.wanted = self.rest = b""
        self.parts = b""  # frames of a message that is not whole
        self.token = self.cursor = ""
        self.place: Place = (0, 0)
        self.acked = self.visits = 0
        self.away_since = 0.0  # monotonic; 0 while it watches
        self.longest_away = 0.0


class Crowd:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.counts: Counter[str] = Counter()
        self.viewers = [Viewer(number) for number in range(order.viewers)]
        self._epoll = select.epoll()
        self._by_file: dict[int, Viewer] = {}
        self._later: list[tuple[float, Viewer]] = []
        self._known: dict[bytes, Said] = {}
        self._marks: dict[Place, Any] = {}
        self._host = f"{order.host}:{order.port}"
        self._next_ack = 0.0

    # ------------------------------------------------------------- orders

    def connect(self, within: float) -> dict[str, Any]:
        """Let all in; returns the report."""
        end, coming = time.monotonic() + within, iter(self.viewers)
        while time.monotonic() < end and self.watching < len(self.viewers):
            while len(self._by_file) - self.watching < self.order.together:
                viewer = next(coming, None)
                if viewer is None:
                    break
                viewer.away_since = time.monotonic()
                self._ask(viewer)
            self.turn(0.05)
        return self.report()

    def reach(self, seq: int, within: float) -> dict[str, Any]:
        """Go on until everybody was shown event ``seq``, or told to miss it; returns the report."""
        end = time.monotonic() + within
        while time.monotonic() < end and not all(viewer.place[1] >= seq for viewer in self.viewers):
            self.turn(0.05)
        return self.report()

    def report(self) -> dict[str, Any]:
        now = time.monotonic()
        return {
            "watching": self.watching,
            "visits": sum(viewer.visits for viewer in self.viewers),
            "behind": min(viewer.place[1] for viewer in self.viewers),
            "longest_away": max(
                max(viewer.longest_away, now - viewer.away_since if viewer.away_since else 0.0)
                for viewer in self.viewers
            ),
            "counts": dict(self.counts),
        }

    @property
    def watching(self) -> int:
        return sum(viewer.stage == WATCHING and not viewer.away_since for viewer in self.viewers)

    # ------------------------------------------------------------- connections

    def turn(self, longest: float) -> None:
        """Take whatever is ready, waiting at most so many seconds for it."""
        for number, _ in self._epoll.poll(longest, 4096):
            viewer = self._by_file.get(number)
            if viewer is not None:
                self._ready(viewer)
        now = time.monotonic()
        if now >= self._next_ack:
            self._next_ack = now + ACK_EACH_S
            self._acknowledge()
        due = [viewer for when, viewer in self._later if when <= now]
        if due:
            self._later = [(when, viewer) for when, viewer in self._later if when > now]
            for viewer in due:
                self._ask(viewer)

    def _ask(self, viewer: Viewer) -> None:
        if viewer.token:
            viewer.stage = UPGRADING
            path = f"/ws/rooms/{self.order.room_id}"
            viewer.wanted = upgrade(self._host, path, deflate=None, subprotocol="spectator.v1")
        else:
            viewer.stage = ASKING
            body = json.dumps({"display_name": f"viewer {viewer.number}"}).encode()
            viewer.wanted = post(self._host, f"/api/v1/rooms/{self.order.room}/join", body)
        viewer.rest = b""
        dialled = viewer.socket = socket.socket()
        dialled.setblocking(False)
        dialled.connect_ex((self.order.host, self.order.port))
        self._by_file[dialled.fileno()] = viewer
        self._epoll.register(dialled.fileno(), select.EPOLLOUT)

    def _ready(self, viewer: Viewer) -> None:
        assert viewer.socket is not None
        try:
            if viewer.wanted:
                viewer.socket.send(viewer.wanted)
                viewer.wanted = b""
                self._epoll.modify(viewer.socket.fileno(), select.EPOLLIN)
                return
            data = viewer.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._gone(viewer, type(error).__name__)
            return
        if not data:
            self._ended(viewer)
        elif viewer.stage == WATCHING:
            self._frames(viewer, viewer.rest + data)
        else:
            viewer.rest += data
            if viewer.stage == UPGRADING:
                self._upgraded(viewer)

    def _ended(self, viewer: Viewer) -> None:
        """The other side closed: the answer to a join is whole now; a connection is over."""
        if viewer.stage != ASKING:
            self._gone(viewer, "closed")
            return
        head, _, body = viewer.rest.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            self._gone(viewer, f"join answered {head[9:12].decode() or 'nothing'}")
            return
        viewer.token = json.loads(body)["token"]
        self._hang_up(viewer)
        self._ask(viewer)

    def _upgraded(self, viewer: Viewer) -> None:
        head, separator, data = viewer.rest.partition(b"\r\n\r\n")
        if not separator:
            return
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            self._gone(viewer, f"upgrade answered {head[9:12].decode()}")
            return
        viewer.stage, viewer.rest, viewer.parts = WATCHING, b"", b""
        hello = {"type": "hello", "token": viewer.token}
        self._send(viewer, json.dumps(hello | ({"since": viewer.cursor} if viewer.cursor else {})).encode())
        self._frames(viewer, data)

    def _send(self, viewer: Viewer, payload: bytes, opcode: int = TEXT) -> None:
        assert viewer.socket is not None
        with contextlib.suppress(OSError):  # a broken connection shows where it is read
            viewer.socket.send(frame(payload, opcode))

    def _gone(self, viewer: Viewer, why: str, after: tuple[float, float] = PATIENCE_S) -> None:
        self.counts[f"gone: {why}"] += 1
        self._hang_up(viewer)
        viewer.stage = AWAY
        viewer.away_since = viewer.away_since or time.monotonic()
        self._later.append((time.monotonic() + random.uniform(*after), viewer))

    def _hang_up(self, viewer: Viewer) -> None:
        assert viewer.socket is not None
        self._by_file.pop(viewer.socket.fileno(), None)
        viewer.socket.close()  # which also takes it out of the epoll

    def _acknowledge(self) -> None:
        for viewer in self.viewers:
            if viewer.stage == WATCHING and viewer.place[1] != viewer.acked:
                viewer.acked = viewer.place[1]
                self._send(viewer, b'{"type":"ack","seq":%d}' % viewer.acked)

    # ------------------------------------------------------------- messages

    def _frames(self, viewer: Viewer, data: bytes) -> None:
        position = 0
        while found := next_frame(data, position):
            whole = data[position : found.end]
            position = found.end
            if found.first & 0x0F < CLOSE:  # a long message comes in slices
                viewer.parts += whole
                if not found.first & FINAL:
                    continue
                whole, viewer.parts = viewer.parts, b""
            said = self._known.get(whole)
            if said is None:
                said = self._learn(whole)
            if not self._take(viewer, said):
                return
        viewer.rest = data[position:]

    def _learn(self, whole: bytes) -> Said:
        opcode, payload = payload_of(whole)
        if opcode == CLOSE:
            return Said("close")
        if opcode == PING:
            return Said("ping", told={"payload": payload.decode("latin-1")})
        if opcode != TEXT:
            return Said("other")
        said = self._read(json.loads(payload))
        if said.kind in {"tick", "conflated", "snapshot"}:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[whole] = said
        return said

    def _read(self, told: dict[str, Any]) -> Said:
        kind = told["type"]
        if kind not in {"tick", "conflated", "snapshot"}:
            return Said(kind, told=told)
        cursor = told["cursor"]
        epoch = int(cursor.split(".")[0])
        if kind == "snapshot":
            return Said(kind, epoch, 0, told["seq"], cursor)
        events, first, last = told["events"], told["from"], told["to"]
        if kind == "tick":
            if len(events) != last - first + 1:
                self.counts["silent gap: a tick without all of its events"] += 1
            for seq, event in enumerate(events, first):
                mark = mark_of(event)
                if self._marks.setdefault((epoch, seq), mark) != mark:
                    self.counts["silent gap: a number with two meanings"] += 1
        return Said(kind, epoch, first, last, cursor, len(events))

    def _take(self, viewer: Viewer, said: Said) -> bool:
        """What one message is to one viewer; False when its connection is over by it."""
        match said.kind:
            case "tick" | "conflated":
                self._show(viewer, said)
            case "snapshot":
                self._picture(viewer, said)
            case "welcome":
                viewer.visits += 1
                self.counts[f"resume {said.told['resume']}"] += 1
                self._back(viewer)
            case "ping":
                self._send(viewer, said.told["payload"].encode("latin-1"), PONG)
            case "bye":
                low, high = said.told["after_ms"]
                self._gone(viewer, f"bye {said.told['code']}", (low / 1000, high / 1000))
                return False
            case "close":
                self._gone(viewer, "closed without bye")
                return False
        return True

    def _show(self, viewer: Viewer, said: Said) -> None:
        epoch, seq = viewer.place
        begun = viewer.place == (0, 0) and said.first == 1  # a log has no epoch before its first event
        if said.epoch != epoch and not begun:
            self.counts["silent gap: another epoch without the whole"] += 1
        elif said.first > seq + 1:
            self.counts["silent gap: events never came"] += 1
        elif said.first <= seq:
            self.counts["duplicated"] += 1
        self.counts["delivered"] += said.shown
        self.counts["declared: conflated"] += (
            said.kind == "conflated" and said.shown < said.last - said.first + 1
        )
        viewer.place, viewer.cursor = (said.epoch, said.last), said.cursor

    def _picture(self, viewer: Viewer, said: Said) -> None:
        if viewer.cursor and (said.epoch, said.last) != viewer.place:
            back = (said.epoch, said.last) < viewer.place
            self.counts["out of order: taken back" if back else "declared: the whole again"] += 1
        viewer.place, viewer.cursor = (said.epoch, said.last), said.cursor

    def _back(self, viewer: Viewer) -> None:
        if viewer.away_since:
            if viewer.visits > 1:
                viewer.longest_away = max(viewer.longest_away, time.monotonic() - viewer.away_since)
            viewer.away_since = 0.0

    def obey(self, line: str) -> dict[str, Any]:
        order = json.loads(line)
        return {"connect": self.connect, "reach": self.reach, "report": self.report}[order.pop("do")](**order)


def together(verdict: Verdict, counts: dict[str, int]) -> Verdict:
    """A verdict on the few who were watched closely, with what was counted of the thousands.

    Raises AssertionError where the thousands were not shown everything once and in order.
    """

    def of(kind: str) -> int:
        return sum(count for name, count in counts.items() if name.startswith(kind))

    assert of("silent gap") == of("duplicated") == of("out of order") == 0, counts
    return replace(
        verdict,
        delivered=verdict.delivered + of("delivered"),
        declared_gaps=verdict.declared_gaps + of("declared"),
    )


def payload_of(whole: bytes) -> tuple[int, bytes]:
    """Opcode and payload of one whole message, in however many frames, that was not deflated."""
    payload, position = b"", 0
    while found := next_frame(whole, position):
        payload += whole[found.start : found.end]
        position = found.end
    return whole[0] & 0x0F, payload


def main() -> None:
    crowd = Crowd(Order(**json.loads(sys.argv[1])))
    allow_files(crowd.order.viewers + 200)
    orders = select.poll()
    orders.register(0, select.POLLIN)
    pending = b""
    while True:
        crowd.turn(0.02)
        if not orders.poll(0):
            continue
        read = os.read(0, 65_536)
        if not read:
            return
        *lines, pending = (pending + read).split(b"\n")
        for line in lines:
            print(json.dumps(crowd.obey(line.decode())), flush=True)


if __name__ == "__main__":
    main()
