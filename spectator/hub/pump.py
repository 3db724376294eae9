"""The viewers that need another turn: behind, waiting for their buffer, or held back by their acks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from spectator.hub.delivery import acknowledge, serve, stuck
from spectator.hub.policy import Policy
from spectator.hub.room import RoomHub
from spectator.hub.viewer import Stage, Viewer


class Pump:
    """Gives those viewers a turn each beat, until they have everything; nobody else costs anything here.

    Args:
        policy: beat and burst.
        clock: seconds, monotonic.
    """

    def __init__(self, policy: Policy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self._waiting: dict[Viewer, RoomHub] = {}
        self._awake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def attend(self, room: RoomHub, viewers: Iterable[Viewer]) -> None:
        """See to these viewers of ``room`` from the next beat on."""
        for viewer in viewers:
            if viewer.stage is not Stage.ENDED and (
                not viewer.hidden or viewer.rest or viewer.notes or viewer.buffered()
            ):
                self._waiting[viewer] = room
        if self._waiting:
            self._awake.set()

    def serve(self, room: RoomHub, viewer: Viewer) -> None:
        """Give a viewer a turn now and, where that was not enough, at the next beats."""
        if self._has_more(room, viewer, self._clock()):
            self.attend(room, [viewer])

    def forget(self, viewer: Viewer) -> None:
        """It is gone."""
        self._waiting.pop(viewer, None)

    def stuck(self) -> list[Viewer]:
        """Those who have taken nothing for too long; to be asked about once a second."""
        now = self._clock()
        for viewer, room in self._waiting.items():
            if viewer.held and room.feed is not None:
                acknowledge(room.feed, viewer, now)
        return stuck(self._waiting, now, self._policy)

    async def round(self) -> None:
        """Wait for somebody who needs a turn, then for a beat, then serve all who do."""
        if not self._waiting:
            self._awake.clear()
            await self._awake.wait()
        await asyncio.sleep(self._policy.beat_s)
        now = self._clock()
        for number, (viewer, room) in enumerate(list(self._waiting.items()), 1):
            if not self._has_more(room, viewer, now):
                self._waiting.pop(viewer, None)
            if number % self._policy.burst == 0:
                await asyncio.sleep(0)

    @staticmethod
    def _has_more(room: RoomHub, viewer: Viewer, now: float) -> bool:
        if viewer.stage is Stage.ENDED:
            return False
        if room.feed is None:  # the lobby of a room that nobody watches
            return not viewer.flush() or viewer.buffered() > 0
        return not serve(room.feed, viewer, now) or viewer.held or viewer.buffered() > 0
