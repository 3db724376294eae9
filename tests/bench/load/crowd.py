"""A crowd of viewers on one epoll: connects them, counts what they get, measures for a window.

How a viewer comes in is done here; who is live is read by the compiled hot path, which must keep up with a
server on a core of its own.
"""

import contextlib
import json
import select
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.bench.figures import percentile
from tests.bench.load.dialects import DIALECTS, Message, control
from tests.bench.load.hot import Hot
from tests.bench.load.order import Order
from tests.bench.load.viewer import ASKING, CLOSED, CONNECTING, LIVE, OPENING, UPGRADING, Viewer
from tests.bench.load.wire import CLOSE, FINAL, Reader, next_frame, post, upgrade
from tests.bench.machine import cpu_seconds, rss

CHUNK = 262_144
REMEMBERED = 4_096
ACK_EVERY = 1.0
BUSY = 4005
GLANCE = 0.05  # seconds between looks at the memory of who is measured
TURNS = 20  # the acks of a second are spread over so many turns, as those of real viewers are


class Crowd:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.dialect = DIALECTS[order.dialect]
        self.epoll = select.epoll()
        self.viewers: list[Viewer] = []
        self.failed: Counter[str] = Counter()
        self.turned_back = 0  # joins answered "busy" and tried again
        self._by_file: dict[int, Viewer] = {}
        self._later: list[tuple[float, Viewer]] = []
        self._reader = Reader()
        self._known: dict[bytes, Message] = {}  # what everyone gets while coming in, or has to answer
        self._hot = Hot(self.epoll.fileno(), order.viewers, self._learn, self._heed_frame)
        self._opening = 0
        self._next_turn, self._turn = 0.0, 0
        self._host = f"{order.host}:{order.port}"

    # ------------------------------------------------------------- orders

    def connect(self, within: float, upto: int | None = None) -> dict[str, Any]:
        """Open viewers, all or up to a number; return how many are live and how long each took (seconds)."""
        wanted = self.order.viewers if upto is None else min(upto, self.order.viewers)
        end = time.monotonic() + within
        began = time.monotonic()
        while time.monotonic() < end:
            while self._opening < self.order.together and len(self.viewers) < wanted:
                self._begin(Viewer(len(self.viewers)))
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

    def begin(self) -> dict[str, Any]:
        """Begin a window: what comes from now on is counted."""
        self._hot.begin()
        return {}

    def measure(
        self, seconds: float, pids: list[int], expect: int = 0, grace: float = 0.0, *, begin: bool = True
    ) -> dict[str, Any]:
        """Count for ``seconds``, or until all have ``expect`` events, for which ``grace`` more is given.

        CPU times of ``pids`` are read at the two ends; ``in_time`` is what had come when ``seconds`` were
        over. Without ``begin`` the window is the one that began before.
        """
        if begin:
            self.begin()
        window, wanted = self._hot.window, expect * len(self.viewers)
        began, own = time.monotonic(), time.process_time()
        cpu = [cpu_seconds(pid) for pid in pids]
        memory, look_at = 0, began
        in_time: int | None = None
        while (now := time.monotonic()) < began + seconds + grace and not 0 < wanted <= window.events:
            left = began + seconds - now
            if left <= 0 and in_time is None:
                in_time = window.events
            self.turn(min(0.05, left) if left > 0 else 0.02)
            if pids and now >= look_at:
                memory, look_at = max(memory, rss(pids[0])), now + GLANCE
        spent = [cpu_seconds(pid) - before for pid, before in zip(pids, cpu, strict=True)]
        counts = self._hot.counts()
        p50, p95, p99 = self._hot.percentiles(0.5, 0.95, 0.99)
        return {
            "seconds": time.monotonic() - began,
            "cpu": spent,
            "own_cpu": time.process_time() - own,
            "events": window.events,
            "in_time": window.events if in_time is None else in_time,
            "fewest": min(counts, default=0),
            "most": max(counts, default=0),
            "messages": window.messages,
            "bytes": window.bytes,
            "conflated": window.conflated,
            "misordered": window.misordered,
            "live": sum(viewer.stage == LIVE for viewer in self.viewers),
            "codes": Counter(str(viewer.code) for viewer in self.viewers if viewer.code),
            "p50": p50,
            "p95": p95,
            "p99": p99,
            "rss": memory,
        }

    # ------------------------------------------------------------- one turn

    def turn(self, longest: float) -> None:
        """Wait for whatever is ready, at most ``longest`` seconds, and take it."""
        for number, happened in self._hot.turn(longest):
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
        offer = self.dialect.offer if self.order.deflate else None
        return upgrade(self._host, self.order.path, deflate=offer, subprotocol=self.dialect.subprotocol)

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
            data = viewer.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(viewer, type(error).__name__)
            return
        if not data:
            self._ended(viewer)
            return
        if viewer.stage == LIVE:
            self._lost(viewer, "sent a frame that was too long")
            return
        data = viewer.rest + data
        if viewer.stage == OPENING:
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
            self._live(viewer, data)
        else:
            self._frames(viewer, data)

    def _live(self, viewer: Viewer, data: bytes) -> None:
        """The viewer is in; ``data`` has arrived behind what brought it in."""
        viewer.stage = LIVE
        viewer.live_at = time.monotonic()
        self._opening -= 1
        if self.order.reads:
            self._hot.adopt(viewer.number, viewer.socket.fileno(), viewer.seq, data)
        else:
            self.epoll.unregister(viewer.socket.fileno())

    def _frames(self, viewer: Viewer, data: bytes) -> None:
        """Frames of a viewer who is coming in: the last of them makes it live."""
        position = 0
        while found := next_frame(data, position):
            whole, position = data[position : found.end], found.end
            if found.first & 0x0F < CLOSE:
                viewer.parts += whole
                if not found.first & FINAL:
                    continue
                whole, viewer.parts = viewer.parts, b""
            message = self._known.get(whole) or self._learn(whole)
            viewer.seq = message.seq or viewer.seq
            if message.live:
                self._live(viewer, data[position:])
                return
            self._heed(viewer, message)
        viewer.rest = data[position:]

    def _learn(self, whole: bytes) -> Message:
        opcode, payload = self._reader.open(whole)
        message = control(opcode, payload) or self.dialect.read(payload)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[whole] = message
        return message

    def _heed_frame(self, number: int, whole: bytes) -> None:
        """A frame of a live viewer asks for something: a control frame, or one that was learnt as special."""
        self._heed(self.viewers[number], self._known.get(whole) or self._learn(whole))

    def _heed(self, viewer: Viewer, message: Message) -> None:
        viewer.code = message.code or viewer.code
        if message.reply is not None:
            self._send(viewer, message.reply)

    def _acknowledge(self) -> None:
        now = time.monotonic()
        if now < self._next_turn:
            return
        self._next_turn = now + ACK_EVERY / TURNS
        self._turn = (self._turn + 1) % TURNS
        self._hot.acknowledge(self._turn, TURNS)

    # ------------------------------------------------------------- ends

    def _forget(self, viewer: Viewer) -> None:
        self._hot.release(viewer.number)
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
        verbs: dict[str, Callable[..., dict[str, Any]]] = {
            "connect": self.connect,
            "begin": self.begin,
            "measure": self.measure,
        }
        return verbs[order.pop("do")](**order)
