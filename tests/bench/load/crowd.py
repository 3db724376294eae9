"""A crowd of viewers on one epoll: connects them, counts what they get, measures for a window.

Lean, because it must keep up with a server on a core of its own: a frame that was seen before (the same bytes
go to everybody) is looked up, not parsed again.
"""

import contextlib
import json
import select
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.bench.figures import percentile
from tests.bench.load.dialects import DIALECTS, Message, control
from tests.bench.load.order import Order
from tests.bench.load.viewer import ASKING, CLOSED, CONNECTING, LIVE, OPENING, UPGRADING, Viewer
from tests.bench.load.wire import frame, next_frame, payload_of, post, upgrade
from tests.bench.machine import cpu_seconds, rss

SAMPLED = 50  # viewers whose latencies are noted
CHUNK = 262_144
REMEMBERED = 4_096
# Woken for each single message the crowd would need more CPU than the server, and its waking would cost the
# server too; so it waits a moment for more. It adds at most a millisecond to the latencies of all.
FEW, NAP = 50, 0.001
ACK_EVERY = 1.0
BUSY = 4005
TURNS = 20  # the acks of a second are spread over so many turns, as those of real viewers are


@dataclass(slots=True)
class Window:
    """What is gathered between two moments."""

    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    messages: int = 0
    size: int = 0


class Crowd:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.dialect = DIALECTS[order.dialect]
        self.epoll = select.epoll()
        self.viewers: list[Viewer] = []
        self.failed: Counter[str] = Counter()
        self.turned_back = 0  # joins answered "busy" and tried again
        self.window = Window()
        self._by_file: dict[int, Viewer] = {}
        self._later: list[tuple[float, Viewer]] = []
        self._known: dict[bytes, Message] = {}
        # One buffer for all: recv(n) would allocate n bytes a call, which costs more than the call itself.
        self._buffer = bytearray(CHUNK)
        self._view = memoryview(self._buffer)
        self._naps = order.viewers >= FEW
        self._opening = 0
        self._next_turn, self._turn = 0.0, 0
        self._host = f"{order.host}:{order.port}"

    # ------------------------------------------------------------- orders

    def connect(self, within: float, upto: int | None = None) -> dict[str, Any]:
        """Open viewers, all or up to a number; return how many are live and how long each took (seconds)."""
        wanted = self.order.viewers if upto is None else min(upto, self.order.viewers)
        end = time.monotonic() + within
        step = max(1, self.order.viewers // SAMPLED)
        began = time.monotonic()
        while time.monotonic() < end:
            while self._opening < self.order.together and len(self.viewers) < wanted:
                self._begin(Viewer(len(self.viewers), sampled=len(self.viewers) % step == 0))
            if len(self.viewers) == wanted and self._opening == 0:
                break
            self.turn(0.05)
        took = [viewer.live_at - viewer.began for viewer in self.viewers if viewer.live_at]
        return {
            "live": sum(viewer.stage == LIVE for viewer in self.viewers),
            "failed": {**self.failed, **({"not live in time": self._opening} if self._opening else {})},
            "turned_back": self.turned_back,
            "seconds": time.monotonic() - began,
            "p50": percentile(took, 0.5),
            "p99": percentile(took, 0.99),
            "max": max(took, default=float("nan")),
        }

    def measure(self, seconds: float, pids: list[int]) -> dict[str, Any]:
        """Count for ``seconds``; CPU times of ``pids`` are read at the same two moments."""
        self.window = Window()
        for viewer in self.viewers:
            viewer.events = viewer.conflated = 0
        began, own = time.monotonic(), time.process_time()
        cpu = [cpu_seconds(pid) for pid in pids]
        memory = 0
        while (now := time.monotonic()) < began + seconds:
            self.turn(min(0.05, began + seconds - now))
            memory = max(memory, rss(pids[0])) if pids else 0
        spent = [cpu_seconds(pid) - before for pid, before in zip(pids, cpu, strict=True)]
        counts = [viewer.events for viewer in self.viewers]
        latencies = self.window.latencies
        return {
            "seconds": time.monotonic() - began,
            "cpu": spent,
            "own_cpu": time.process_time() - own,
            "events": sum(counts),
            "fewest": min(counts, default=0),
            "most": max(counts, default=0),
            "messages": self.window.messages,
            "bytes": self.window.size,
            "conflated": sum(viewer.conflated for viewer in self.viewers),
            "live": sum(viewer.stage == LIVE for viewer in self.viewers),
            "codes": Counter(str(viewer.code) for viewer in self.viewers if viewer.code),
            "p50": percentile(latencies, 0.5),
            "p99": percentile(latencies, 0.99),
            "latencies": len(latencies),
            "rss": memory,
        }

    # ------------------------------------------------------------- one turn

    def turn(self, longest: float) -> None:
        """Wait for whatever is ready, at most ``longest`` seconds, and take it."""
        ready = self.epoll.poll(max(0.0, longest), 4096)
        if self._naps and ready and len(ready) < FEW:
            time.sleep(NAP)
            ready = self.epoll.poll(0, 4096)
        for number, happened in ready:
            viewer = self._by_file.get(number)
            if viewer is None:
                continue
            if viewer.stage == CONNECTING:
                self._connected(viewer, happened)
            else:
                self._receive(viewer)
        self._acknowledge()
        if self._later:
            now = time.monotonic()
            due = [viewer for when, viewer in self._later if when <= now]
            self._later = [(when, viewer) for when, viewer in self._later if when > now]
            for viewer in due:
                self._ask(viewer)

    def _begin(self, viewer: Viewer) -> None:
        self.viewers.append(viewer)
        self._opening += 1
        self._ask(viewer)

    def _ask(self, viewer: Viewer) -> None:
        if self.dialect.joins and not viewer.token:
            body = json.dumps({"display_name": f"viewer {viewer.number}"}).encode()
            self._dial(viewer, post(self._host, f"/api/v1/rooms/{self.order.room}/join", body))
        else:
            self._dial(viewer, self._upgrade())

    def _upgrade(self) -> bytes:
        return upgrade(
            self._host, self.order.path, deflate=self.order.deflate, subprotocol=self.dialect.subprotocol
        )

    def _dial(self, viewer: Viewer, request: bytes) -> None:
        viewer.stage = CONNECTING
        number = viewer.connect((self.order.host, self.order.port), request)
        self._by_file[number] = viewer
        self.epoll.register(number, select.EPOLLOUT)

    def _connected(self, viewer: Viewer, happened: int) -> None:
        if happened & (select.EPOLLERR | select.EPOLLHUP):
            self._lost(viewer, "not connected")
            return
        self.epoll.modify(viewer.socket.fileno(), select.EPOLLIN)
        viewer.stage = ASKING if viewer.wanted.startswith(b"POST") else UPGRADING
        self._send(viewer, viewer.wanted)

    def _send(self, viewer: Viewer, data: bytes) -> None:
        with contextlib.suppress(OSError):  # a closed socket shows at the next read
            viewer.socket.send(data)

    # ------------------------------------------------------------- bytes in

    def _receive(self, viewer: Viewer) -> None:
        try:
            size = viewer.socket.recv_into(self._buffer)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(viewer, type(error).__name__)
            return
        if not size:
            self._ended(viewer)
            return
        data = viewer.rest + self._view[:size] if viewer.rest else bytes(self._view[:size])
        if viewer.stage >= OPENING:
            self._frames(viewer, data)
        else:
            viewer.rest = data
            if viewer.stage == UPGRADING:
                self._upgraded(viewer)

    def _ended(self, viewer: Viewer) -> None:
        """The server closed: a join is answered so, anything else is lost."""
        if viewer.stage == OPENING and viewer.code == BUSY:
            viewer.code = 0
            self._come_back(viewer, 1.0)
            return
        if viewer.stage != ASKING:
            self._lost(viewer, f"closed {viewer.code}" if viewer.code else "closed")
            return
        head, _, body = viewer.rest.partition(b"\r\n\r\n")
        status = head.split(b" ", 2)[1:2]
        if status == [b"503"]:
            self._try_again(viewer, head)
        elif status != [b"200"]:
            self._lost(viewer, f"join {status} {body[:200]!r}")
        else:
            viewer.token = json.loads(body)["token"]
            self._forget(viewer)
            self._dial(viewer, self._upgrade())

    def _try_again(self, viewer: Viewer, head: bytes) -> None:
        """The server is busy: come back when it says, as the page does."""
        told = head.lower().partition(b"\r\nretry-after:")[2].partition(b"\r\n")[0].strip()
        self._come_back(viewer, float(told or 1))

    def _come_back(self, viewer: Viewer, pause: float) -> None:
        self.turned_back += 1
        self._forget(viewer)
        self._later.append((time.monotonic() + pause, viewer))

    def _upgraded(self, viewer: Viewer) -> None:
        head, separator, data = viewer.rest.partition(b"\r\n\r\n")
        if not separator:
            return
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            self._lost(viewer, f"upgrade {head[:100]!r} {data[:200]!r}")
            return
        viewer.rest = b""
        viewer.stage = OPENING
        opening = self.dialect.opening(viewer.token)
        if opening:
            self._send(viewer, opening)
        if self.dialect.live_at_once:
            self._live(viewer)
        if data:
            self._frames(viewer, data)

    def _live(self, viewer: Viewer) -> None:
        viewer.stage = LIVE
        viewer.live_at = time.monotonic()
        self._opening -= 1
        if not self.order.reads:
            self.epoll.unregister(viewer.socket.fileno())

    def _frames(self, viewer: Viewer, data: bytes) -> None:
        known = self._known.get(data)
        if known is not None:  # exactly one frame that others had before
            viewer.rest = b""
            self._take(viewer, known, len(data))
            return
        position = 0
        while found := next_frame(data, position):
            whole = data[position : found.end]
            position = found.end
            self._take(viewer, self._known.get(whole) or self._learn(whole), len(whole))
        viewer.rest = data[position:]

    def _take(self, viewer: Viewer, message: Message, size: int) -> None:
        window = self.window
        window.messages += 1
        window.size += size
        if message.made:
            viewer.events += len(message.made)
            viewer.conflated += message.conflated
            if viewer.sampled:
                now = time.monotonic()
                window.latencies.extend([now - made for made in message.made])
        if message.seq:
            viewer.seq = message.seq
        if message.special:
            self._heed(viewer, message)

    def _heed(self, viewer: Viewer, message: Message) -> None:
        viewer.code = message.code or viewer.code
        if message.reply is not None:
            self._send(viewer, message.reply)
        if message.live and viewer.stage == OPENING:
            self._live(viewer)

    def _learn(self, whole: bytes) -> Message:
        opcode, payload = payload_of(whole)
        message = control(opcode, payload) or self.dialect.read(payload)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[whole] = message
        return message

    def _acknowledge(self) -> None:
        now = time.monotonic()
        if now < self._next_turn:
            return
        self._next_turn = now + ACK_EVERY / TURNS
        self._turn = (self._turn + 1) % TURNS
        for viewer in self.viewers[self._turn :: TURNS]:
            if viewer.stage == LIVE and viewer.seq != viewer.acked:
                viewer.acked = viewer.seq
                self._send(viewer, frame(b'{"type":"ack","seq":%d}' % viewer.seq))

    # ------------------------------------------------------------- ends

    def _forget(self, viewer: Viewer) -> None:
        self._by_file.pop(viewer.socket.fileno(), None)
        viewer.socket.close()  # which also takes it out of the epoll

    def _lost(self, viewer: Viewer, why: str) -> None:
        if viewer.stage < LIVE:
            self._opening -= 1
        self.failed[why] += 1
        viewer.stage = CLOSED
        self._forget(viewer)

    def obey(self, line: str) -> dict[str, Any]:
        """Carry out one order of the bench."""
        order = json.loads(line)
        verbs: dict[str, Callable[..., dict[str, Any]]] = {"connect": self.connect, "measure": self.measure}
        return verbs[order.pop("do")](**order)
