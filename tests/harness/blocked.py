"""Notices an event loop that is blocked, and where.

A machine under load is not a blocked loop: the witness is a thread of the same process, and time in
which it was starved itself does not count.
"""

import asyncio
import sys
import threading
import time
import traceback

TICK = 0.05
LONGEST = 0.5


class LoopWitness:
    """While used as a context inside a running loop's thread, remembers the first long stop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, longest: float = LONGEST) -> None:
        self.blocked: str | None = None  # the stack at which the loop stood
        self._loop = loop
        self._longest = longest
        self._beats = 0
        self._loop_thread = threading.get_ident()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="loop-witness", daemon=True)
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()
        if self._timer is not None:
            self._timer.cancel()

    def _beat(self) -> None:
        self._beats += 1
        self._timer = self._loop.call_later(TICK, self._beat)

    def _watch(self) -> None:
        seen, still, last = -1, 0.0, time.monotonic()
        while not self._done.wait(TICK):
            now = time.monotonic()
            witnessed = min(now - last, 2 * TICK)
            last = now
            if self._beats != seen:
                seen, still = self._beats, 0.0
                continue
            still += witnessed
            if still > self._longest and self.blocked is None:
                self.blocked = self._stack()

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._loop_thread)
        return "".join(traceback.format_stack(frame)[-8:])
