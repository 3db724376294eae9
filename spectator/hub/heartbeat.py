"""Whether the other end is still there, and the end of connections: one wheel for all of a node."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from spectator.hub.packets import pulse
from spectator.hub.policy import Policy
from spectator.hub.viewer import Sink, Stage, Variant, Viewer
from spectator.hub.wheel import Wheel


class Heartbeat:
    """Pings each connection every 25 s, and tells of those that do not answer within 5 s.

    Args:
        policy: the times.
        clock: seconds, monotonic.
        lost: called with a viewer whose other end is gone.
    """

    def __init__(self, policy: Policy, clock: Callable[[], float], lost: Callable[[Viewer], None]) -> None:
        self._policy = policy
        self._clock = clock
        self._lost = lost
        self._wheel = Wheel(grain=min(0.1, policy.pong_s / 10))

    def watch(self, viewer: Viewer) -> None:
        """Keep an eye on a connection until it has ended.

        The first ping comes after a random part of the interval, so that those who came together are not
        pinged together for ever.
        """
        now = viewer.heard_at = self._clock()
        self._wheel.at(now + self._policy.ping_s * random.uniform(0.5, 1.0), self._ping, viewer)

    def later(self, seconds: float, call: Callable[[Any], None], subject: Any = None) -> None:
        """Call ``call(subject)`` after so many seconds."""
        self._wheel.at(self._clock() + seconds, call, subject)

    def bury(self, sink: Sink) -> None:
        """Close a connection whose close frame was written, at the latest in two seconds.

        Waiting for the other end would hang for ever on one that does not read.
        """
        self._wheel.at(self._clock() + self._policy.abort_s, _abort, sink)

    async def round(self) -> None:
        """Sleep until the wheel's next notch and do what is due there."""
        await asyncio.sleep(self._wheel.grain)
        for number, (call, subject) in enumerate(self._wheel.turn(self._clock()), 1):
            call(subject)
            if number % self._policy.burst == 0:
                await asyncio.sleep(0)

    def _ping(self, viewer: Viewer) -> None:
        if viewer.stage is Stage.ENDED:
            return
        now = self._clock()
        if viewer.variant is not Variant.SSE or not viewer.rest:  # a comment must not stand inside an event
            viewer.write(pulse(viewer.variant))
        self._wheel.at(now + self._policy.pong_s, self._look, (viewer, now))

    def _look(self, asked: tuple[Viewer, float]) -> None:
        """A pong is due: any byte that came since counts, and so does a buffer that is still on its way."""
        viewer, pinged_at = asked
        if viewer.stage is Stage.ENDED:
            return
        silent = viewer.heard_at < pinged_at and viewer.variant is not Variant.SSE
        now = self._clock()
        if not silent:
            self._wheel.at(now + self._policy.ping_s - self._policy.pong_s, self._ping, viewer)
        elif viewer.buffered() and now - pinged_at < self._policy.ping_s:
            # The ping is stuck behind data; whether that moves at all is looked at elsewhere (4001).
            self._wheel.at(now + self._policy.pong_s, self._look, asked)
        else:
            self._lost(viewer)


def _abort(sink: Sink) -> None:
    sink.abort()
