"""A run that is published straight into the store, by a task of the caller's loop."""

from __future__ import annotations

import asyncio
import time
from typing import Optional

from rooms import RoomNotFound, RoomsError, SequenceGap, StoreUnavailable
from spectator.client.batches import CELLS, LINES, Batch, Numbering, numbered, pack
from spectator.client.delivery import HEARTBEAT, PACE
from spectator.client.lifetime import FLUSH_SECONDS
from spectator.client.logged import measure
from spectator.client.pending import LIFE, Pending
from spectator.client.stderr import Speaker
from spectator.manager import Manager
from spectator.sessions.backend import Fields
from spectator.tasks import Tasks

AGAIN = 0.5  # seconds until a store that did not answer is asked again


class StoreRun:
    """Promises the same as over a server: bounded, in order, repeats do no harm, a heartbeat each 5 s."""

    def __init__(self, manager: Manager, room_id: str) -> None:
        """Prepare to publish; the run begins with its first event."""
        self._manager = manager
        self._room_id = room_id
        self._pending = Pending()
        self._numbering = Numbering()
        self._batch: Optional[Batch] = None
        self._tasks = Tasks("session")
        self._bell = asyncio.Event()
        self._ended = False
        self._sent = asyncio.Event()
        self._speaker = Speaker()

    def publish(self, kind: int, fields: Fields) -> None:
        """Queue an event."""
        if not len(self._tasks) and not self._ended:
            self._add_life("training_started")
            self._tasks.start(self._run(), "publishing")
        self._pending.add(kind, time.time(), fields, measure(fields))
        self._bell.set()

    async def finish(self) -> None:
        """End the run, and wait some seconds until everything is sent."""
        if len(self._tasks) and not self._ended:
            self._ended = True
            self._add_life("training_finished")
            self._bell.set()
            try:
                await asyncio.wait_for(self._sent.wait(), FLUSH_SECONDS)
            except asyncio.TimeoutError:
                self._speaker.say(f"{len(self._pending)} events could not be stored")
        await self._tasks.stop()

    def _add_life(self, event: str) -> None:
        self._pending.add(LIFE, time.time(), {"type": "training_event", "event": event, "data": {}}, 3)

    async def _run(self) -> None:
        while True:
            self._bell.clear()
            try:
                pause = await self._step()
            except StoreUnavailable as error:
                self._speaker.complain("unreachable", f"{error.message} Training goes on, events are kept.")
                pause = AGAIN
            except SequenceGap:
                pause = self._renumber()
            except RoomsError as error:
                self._speaker.complain("refused", f"events were not accepted: {error.message}")
                self._pending.lost(len(self._batch.entries) if self._batch else 0)
                self._batch, pause = None, PACE
            if self._ended and not self._pending and self._batch is None:
                self._sent.set()
                return
            if pause:
                await asyncio.sleep(pause)
            elif not self._pending:
                await self._rest()

    async def _step(self) -> float:
        room = await self._manager.rooms.find(self._room_id, fresh=False)
        if room is None:
            raise RoomNotFound
        if self._batch is None:
            entries = self._pending.take(LINES, CELLS)
            if not entries:
                await self._manager.publish(room, b"")
                return 0.0
            self._batch = pack(entries, self._numbering, gzip=False)
        headers = self._batch.headers
        await self._manager.publish(
            room,
            self._batch.body,
            ndjson=False,
            producer=headers["Spectator-Producer"],
            sequence=self._batch.sequence,
        )
        self._batch = None
        return PACE

    def _renumber(self) -> float:
        """The store lost what it had acknowledged: the same body, as a new producer."""
        self._numbering.renew()
        batch = self._batch
        self._batch = numbered(batch.entries, batch.body, {}, self._numbering) if batch else None
        return 0.0

    async def _rest(self) -> None:
        """Wait for the next event, or until a heartbeat is due."""
        try:
            await asyncio.wait_for(self._bell.wait(), HEARTBEAT)
        except asyncio.TimeoutError:
            return
