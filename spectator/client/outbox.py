"""The outbox: what training threads drop their events into, and the one thread that carries them away."""

from __future__ import annotations

import math
import threading
import time as clock
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional

from spectator.client.delivery import ATTENTIVE_HEARTBEAT, Delivery, Hooks
from spectator.client.errors import NoServer, Refused, SpectatorError, Unreachable
from spectator.client.lifetime import flush_child_at_exit
from spectator.client.opened import Opened
from spectator.client.pending import Pending
from spectator.client.stderr import Speaker

_now = clock.time  # one look-up less on the way of each logged value

KEEP_TRYING = 60.0  # seconds the thread goes on after the outbox was closed with events unsent


class Outbox:
    """A bounded queue and its daemon thread. Adding never blocks and never raises because of the network."""

    def __init__(self, hooks: Hooks, speaker: Speaker, *, patience: float = 0.0) -> None:
        """Prepare; `start` begins. ``patience``: seconds to say nothing of a server that is not there yet."""
        self.pending = Pending()
        self._speaker = speaker
        self._delivery = Delivery(self.pending, hooks, speaker, patience=patience)
        self._thread: Optional[threading.Thread] = None
        self._closed = False
        self._give_up_at = math.inf
        self._child = False
        self._rung = False  # whether the bell has rung: as quick to look at as can be
        self._make_signals()

    @property
    def opened(self) -> Optional[Opened]:
        """The room, once it is open."""
        return self._delivery.opened

    @property
    def over(self) -> bool:
        """Whether nothing more can be sent: the room has ended."""
        return self._delivery.over

    @property
    def unsent(self) -> int:
        """The number of events not acknowledged by the server."""
        return self._delivery.unsent

    @property
    def non_finite(self) -> int:
        """The number of NaN and infinite values that travelled as null."""
        return self._delivery.non_finite

    def start(self) -> None:
        """Start the thread, if it does not run."""
        with self._starting:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="spectator-outbox", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is shutting down: there is nobody to send it
                return
            self._thread = thread

    def add(self, kind: int, fields: Dict[str, Any], cells: int) -> None:
        """Queue one event of a class of `spectator.client.pending`, ``cells`` large, stamped now."""
        if self._closed or self._delivery.over:
            self._add_too_late()
            return
        self.pending.add(kind, _now(), fields, cells)
        if not self._rung:
            self._rung = True
            self._bell.set()
        if self._thread is None:  # after a fork
            self._start_in_child()

    def change(self, fields: Dict[str, Any]) -> None:
        """Have the room changed as soon as it can be reached."""
        self._delivery.change(fields)
        self._bell.set()

    def take(self, opened: Opened) -> None:
        """Go on in the same room under another key, code or password."""
        self._delivery.take(opened)

    @contextmanager
    def rekeying(self) -> Iterator[None]:
        """While the room's key is being replaced: one that is refused is no news, a new one is coming."""
        self._delivery.rekeying = True
        try:
            yield
        finally:
            self._delivery.rekeying = False

    def attend(self) -> None:
        """Ask the server each second from now on, so that join requests are heard of at once."""
        self._delivery.heartbeat = ATTENTIVE_HEARTBEAT
        self._bell.set()

    @property
    def trouble(self) -> Optional[SpectatorError]:
        """Why the last attempt failed; None after one that did not."""
        return self._delivery.failed

    def wait_settled(self, seconds: float) -> bool:
        """Wait until the room is open, or it was said why it cannot be; return whether it is so."""
        return self._settled.wait(seconds)

    def close(self) -> None:
        """Take nothing more, and send what there is without waiting between attempts."""
        self._closed = True
        self._give_up_at = clock.monotonic() + KEEP_TRYING
        self._urgent.set()
        self._bell.set()

    def wait_sent(self, seconds: float) -> bool:
        """After `close`: wait until all is sent, or cannot be sent now; return whether all is sent."""
        if self._thread is not None:
            self._tried.wait(seconds)
        return self._delivery.idle

    def in_child(self) -> None:
        """After a fork, in the child: a new producer, an empty queue, no thread until the first event."""
        self._make_signals()
        self.pending.clear()
        self._delivery.in_child()
        self._thread = None
        self._child = True

    @property
    def child(self) -> bool:
        """Whether this is a forked child's copy: it may add, but the run is its parent's to end."""
        return self._child

    def _make_signals(self) -> None:
        self._starting = threading.Lock()
        self._bell = threading.Event()  # there is something to do
        self._rung = False
        self._urgent = threading.Event()  # no more pauses
        self._settled = threading.Event()  # the first attempt to open the room is over
        self._tried = threading.Event()  # after close: all is sent, or an attempt has failed

    def _add_too_late(self) -> None:
        self.pending.lost()
        if not self._delivery.over:
            self._speaker.complain("closed", "the run has ended; nothing more is logged to this room")

    def _start_in_child(self) -> None:
        if self.opened is None:
            # The parent had no room yet, and a child must not open a second one.
            self._closed = True
            self.pending.lost(len(self.pending))
            return
        flush_child_at_exit()
        self.start()

    def _run(self) -> None:
        delivery, settled = self._delivery, self._settled
        while True:
            # What was added before is seen by the step; who adds after the second line rings again.
            self._bell.clear()
            self._rung = False
            pause = self._step()
            if delivery.opened is not None or isinstance(delivery.failed, (NoServer, Refused)):
                settled.set()
            if delivery.over or (self._closed and self._finished()):
                break
            if delivery.resting:
                self._bell.wait(None if math.isinf(pause) else pause)
            else:
                self._urgent.wait(pause)
        delivery.close()
        settled.set()
        self._tried.set()

    def _finished(self) -> bool:
        """After `close`: return whether the thread's work is over; tell who waits for it how it goes."""
        delivery = self._delivery
        if delivery.idle:
            return True
        if delivery.failed is not None:
            self._urgent.clear()  # a server in trouble is not to be hurried
        if isinstance(delivery.failed, (NoServer, Unreachable)):
            self._tried.set()
        return clock.monotonic() > self._give_up_at

    def _step(self) -> float:
        try:
            return self._delivery.step()
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the sending
            self._speaker.complain("bug", f"something went wrong while sending ({error!r}); please report it")
            self._delivery.give_up_batch()
            return 1.0
