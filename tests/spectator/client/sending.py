"""A delivery to a fake server, and trouble for it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional

from spectator.client.address import Address
from spectator.client.delivery import (
    Delivery,
    Hooks,
)
from spectator.client.errors import SpectatorError
from spectator.client.opened import Opened
from spectator.client.pending import LIFE, SAMPLE, Entry, Pending
from spectator.client.stderr import Speaker
from tests.spectator.client.fake_server import Call, FakeServer, Reply, Trouble


class Words:
    """What would stand on stderr."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, words: str) -> None:
        self.text += words

    def flush(self) -> None:
        pass


class Sender:
    """A delivery to a fake server, with a hand on everything around it."""

    def __init__(self, server: FakeServer, **hooks: Any) -> None:
        self.server = server
        self.pending = Pending()
        self.words = Words()
        self.answers: List[Dict[str, Any]] = []
        self.opened: List[Opened] = []
        self.rooms = 0
        self.error: Optional[SpectatorError] = None
        told = {
            "open": self.open,
            "opened": self.opened.append,
            "begin": self.begin,
            "answered": self.answers.append,
        }
        speaker = Speaker(stream=lambda: self.words)  # type: ignore[arg-type,return-value]  # all it needs of one
        self.delivery = Delivery(self.pending, Hooks(**{**told, **hooks}), speaker)

    def open(self) -> Opened:
        if self.error is not None:
            raise self.error
        self.rooms += 1
        return Opened(
            Address.parse(self.server.url), {"id": f"r_{self.rooms}", "code": "ABC234"}, f"rk_{self.rooms}"
        )

    def begin(self) -> Entry:
        return Entry(
            LIFE, time.time(), {"type": "training_event", "event": "training_started", "data": {}}, 3
        )

    def add(self, *values: float) -> None:
        for value in values:
            self.pending.add(SAMPLE, time.time(), {"type": "training_metrics", "data": {"loss": value}}, 1)

    def until_idle(self, most: int = 30) -> None:
        for _ in range(most):
            self.delivery.step()
            if self.delivery.idle and self.delivery.failed is None:
                return
        raise AssertionError(f"still not idle: {self.delivery.failed!r}\n{self.words.text}")


@contextmanager
def senders(fake: FakeServer) -> Iterator[Callable[..., Sender]]:
    """Makes them; closes what was made when the block ends."""
    made: List[Sender] = []

    def makes(**hooks: Any) -> Sender:
        made.append(Sender(fake, **hooks))
        return made[-1]

    yield makes
    for sender in made:
        sender.delivery.close()


def events_only(call: Call) -> bool:
    return call.path.endswith("/events") and bool(call.body)


def once(reply: Reply) -> Trouble:
    """Trouble with one batch, after the run has begun."""
    left = [reply]

    def trouble(call: Call) -> Optional[Reply]:
        if not events_only(call) or b"training_started" in call.body or not left:
            return None
        return left.pop()

    return trouble
