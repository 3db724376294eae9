"""Edges made by hand: a connection that records, a clock one can push, entries as the log would give them."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from spectator.hub import Policy, Variant, Viewer
from spectator.hub.feed import Feed
from spectator.log import Cursor, Entry, Log
from spectator.state import State
from tests.spectator.hub.decoder import Decoder


class Sink:
    """Takes everything at once until it is told to stall."""

    def __init__(self) -> None:
        self.taken = bytearray()
        self.waiting = bytearray()
        self.writes = 0
        self.stalled = False
        self.finished = False
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.writes += 1
        (self.waiting if self.stalled else self.taken).extend(data)

    def buffered(self) -> int:
        return len(self.waiting)

    def closed(self) -> bool:
        return self.finished or self.aborted

    def finish(self) -> None:
        self.finished = True

    def abort(self) -> None:
        self.aborted = True

    def drain(self) -> None:
        """The peer reads again."""
        self.stalled = False
        self.taken += self.waiting
        self.waiting.clear()

    def frames(self) -> list[Any]:
        """All frames so far, decoded."""
        return Decoder().feed(bytes(self.taken))

    def messages(self) -> list[dict[str, Any]]:
        """All text messages so far."""
        return [json.loads(payload) for opcode, payload in self.frames() if opcode == 1]

    def take(self) -> list[dict[str, Any]]:
        """The text messages since the last call."""
        found = self.messages()
        self.taken.clear()
        return found


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def push(self, seconds: float) -> None:
        self.now += seconds


class Script:
    """Makes the entries of one room, each event a metric with its own number as value."""

    def __init__(self, epoch: int = 7) -> None:
        self.epoch = epoch
        self.last = 0
        self.tag = b""
        self.cursors = [Cursor(epoch, 0, b"")]

    def entry(self, count: int = 1, padding: int = 0, kind: str = "training_metrics") -> Entry:
        events = []
        for seq in range(self.last + 1, self.last + count + 1):
            event = {
                "type": kind,
                "data": {"step": seq, "loss": float(seq)},
                "timestamp": "2026-01-01T00:00:00Z",
            }
            if padding:
                event["metadata"] = {"padding": f"{seq}" * (padding // len(str(seq)))}
            events.append(json.dumps(event).encode())
        return self.of(events)

    def of(self, events: list[bytes]) -> Entry:
        previous, self.tag = self.tag, b"%08x" % (self.last + len(events))
        entry = Entry(
            first=self.last + 1,
            last=self.last + len(events),
            tag=self.tag,
            previous=previous,
            time_ms=1_700_000_000_000 + self.last,
            events=events,
            size=sum(map(len, events)),
        )
        self.last = entry.last
        self.cursors.append(Cursor(self.epoch, entry.last, entry.tag))
        return entry


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def policy() -> Policy:
    return Policy()


@pytest.fixture
def feed(policy: Policy, clock: Clock) -> Feed:
    return Feed(State(), policy, clock())


def make_viewer(variant: Variant = Variant.V1, sink: Sink | None = None) -> tuple[Viewer, Sink]:
    """A live viewer that has nothing yet, and what it gets."""
    sink = sink or Sink()
    viewer = Viewer(variant, sink)
    viewer.go_live()
    return viewer, sink


@pytest.fixture
def viewers() -> Iterator[Any]:
    return make_viewer


@pytest_asyncio.fixture
async def node(connection, rooms) -> AsyncIterator[Any]:
    """A running hub on an empty store, with short times."""
    from tests.spectator.hub.living import Node

    made = Node(rooms, Log(connection))
    await made.hub.start()
    yield made
    for viewer in list(made.hub._connections):
        made.hub.detach(viewer)
    await made.hub.stop()
