"""A run: what this process does in a room, from ``training_started`` to its end."""

from __future__ import annotations

import time
from typing import Callable, Optional

from spectator.client.delivery import Hooks
from spectator.client.lifetime import watch_over
from spectator.client.logged import measure
from spectator.client.opened import Fields, Opened
from spectator.client.outbox import Outbox
from spectator.client.pending import LIFE, Entry
from spectator.client.stderr import Speaker


def _nothing() -> None:
    """Do nothing."""


class Run:
    """Owns the outbox of a room; begins the run in it and ends it, also when the process ends."""

    def __init__(
        self,
        open_room: Callable[[], Opened],
        speaker: Speaker,
        *,
        data: Callable[[], Fields] = dict,
        opened: Callable[[Opened], None] = lambda _: None,
        ending: Callable[[], None] = _nothing,
        patience: float = 0.0,
        reopen_expired: bool = True,
        renew: Optional[Callable[[Opened], Opened]] = None,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            open_room: opens the room; called in the outbox's thread, again when the room is gone.
            speaker: says what goes wrong.
            data: returns what to tell with ``training_started``.
            opened: is told of each opening.
            ending: is called before the end of the run is queued.
            patience: seconds to say nothing of a server that is not there yet.
            reopen_expired: whether an expired room is opened anew.
            renew: returns the same room with a key that is good now.
        """
        self.watching = 0
        self._speaker = speaker
        self._data = data
        self._ending = ending
        self._ring: Callable[[], None] = _nothing
        self._begun_at = 0.0
        self._ended = False
        hooks = Hooks(open_room, opened, self._begin, self._on_answer, reopen_expired, renew)
        self.outbox = Outbox(hooks, speaker, patience=patience)

    @property
    def opened(self) -> Optional[Opened]:
        """The room, once it is open."""
        return self.outbox.opened

    @property
    def started(self) -> bool:
        """Whether the run has begun."""
        return self._begun_at > 0.0

    def start(self) -> None:
        """Begin the run: from now on it is kept alive, and ended with the process."""
        self._begun_at = time.time()
        self.outbox.start()
        watch_over(self)

    def add(self, kind: int, fields: Fields) -> None:
        """Queue an event of a class of `spectator.client.pending`."""
        self.outbox.add(kind, fields, measure(fields))

    def attend(self, ring: Callable[[], None]) -> None:
        """Have ``ring`` called, from now on within a second, while somebody asks to come in."""
        self._ring = ring
        self.outbox.attend()

    def end_run(self, error: Optional[str]) -> None:
        """Queue the end of the run, failed if ``error`` (an exception's name) is given; do not wait."""
        if self._ended or not self.started:
            return
        self._ending()
        self._ended = True
        if not self.outbox.child:  # a forked child's end is not the run's
            name = "training_failed" if error else "training_finished"
            data = {"error": error} if error else {}
            self.add(LIFE, {"type": "training_event", "event": name, "data": data})
        self.outbox.close()

    def wait_sent(self, seconds: float) -> None:
        """After `end_run`: wait until everything is sent; say what could not be."""
        if self._ended and not self.outbox.wait_sent(seconds) and not self.outbox.over:
            self._speaker.complain("unsent", f"{self.outbox.unsent} events could not be sent")

    def in_child(self) -> None:
        """After a fork, in the child: forget what is the parent's."""
        self.outbox.in_child()

    def _begin(self) -> Entry:
        fields = {"type": "training_event", "event": "training_started", "data": self._data()}
        return Entry(LIFE, self._begun_at, fields, measure(fields))

    def _on_answer(self, answer: Fields) -> None:
        watching = answer.get("watching")
        if isinstance(watching, int):
            self.watching = watching
        if answer.get("requests"):
            self._ring()
