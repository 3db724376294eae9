"""Real publishers that write down what they sent and what was acknowledged.

Every event carries its mark, a number that grows: as a metric ``n`` or, each tenth, as the text of a note,
which is of class event and may never be left out.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import aiohttp

import spectator
from spectator.client.room import Room
from tests.faults.history import History
from tests.harness.waiting import eventually

NOTE_EACH = 10
MOST_UNSENT = 3000  # a trainer waits then: on a slow machine its full queue would begin to thin out


def is_note(mark: int) -> bool:
    return mark % NOTE_EACH == 0


class Trainer:
    """Training code: the client library with its thread, its queue and its sequence numbers.

    Args:
        history: where it writes.
        first: the first mark; each publisher of a room has its own range.
        rate: events a second.
    """

    def __init__(
        self, history: History, url: str, api_key: str, *, first: int = 1, rate: float = 60.0
    ) -> None:
        self.history = history
        self.next = first
        self.room: Room | None = None
        self._url, self._api_key, self._rate = url, api_key, rate
        self._name = f"trainer {first}"
        self._task: asyncio.Task[None] | None = None

    async def open(self, name: str, **settings: Any) -> Room:
        """Open the room by this publisher's own hand; returns it when it is there."""
        self.room = await asyncio.to_thread(
            spectator.open_room,
            name,
            url=self._url,
            api_key=self._api_key,
            quiet=True,
            wait=30,
            **settings,
        )
        assert self.room.id is not None, "the room did not open"
        return self.room

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._train(), name=self._name)

    def log(self, count: int = 1) -> int:
        """Log so many events now; returns the mark of the last."""
        assert self.room is not None
        for mark in range(self.next, self.next + count):
            if is_note(mark):
                self.room.note(f"n {mark}")
            else:
                self.history.thinned.add(mark)
                self.room.log({"n": mark}, step=mark)
        self.history.sent(range(self.next, self.next + count), self._name)
        self.next += count
        return self.next - 1

    async def stop(self) -> None:
        """Log no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def drained(self, deadline: float = 60.0) -> None:
        """Wait until everything is acknowledged, and write down that it was."""
        assert self.room is not None
        assert self.room._run is not None
        outbox = self.room._run.outbox
        await eventually(lambda: outbox.unsent == 0, deadline, "the outbox has sent everything")
        assert self.room.dropped == 0, f"the client gave up {self.room.dropped} events"
        self.history.acked(self.history.sent_by(self._name))

    async def close(self) -> None:
        await self.stop()
        if self.room is not None:
            await asyncio.to_thread(self.room.finish)

    async def _train(self) -> None:
        assert self.room is not None
        assert self.room._run is not None
        outbox = self.room._run.outbox
        began, at_first = time.monotonic(), self.next
        while True:
            due = int((time.monotonic() - began) * self._rate) - (self.next - at_first)
            if due > 0 and outbox.unsent < MOST_UNSENT:
                self.log(min(due, 200))
            await asyncio.sleep(1 / self._rate)


class Poster:
    """Events over plain HTTP with a producer's sequence: the same bytes again until they are acknowledged.

    Args:
        urls: of the servers; after a failure the next is tried.
        token: a room key or an API key that may publish.
        batch: events in one POST.
        pause_s: between two POSTs.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        history: History,
        urls: Sequence[str],
        room: str,
        token: str,
        *,
        first: int = 1,
        batch: int = 5,
        pause_s: float = 0.05,
    ) -> None:
        self.next = first
        self.longest_s = 0.0  # of one POST that was answered
        self.attempts = 0
        self.acked = 0  # events
        self.offset = 0  # as told last
        self.refused: Counter[str] = Counter()  # answers other than 200, by their code
        self._session, self._history, self._urls = session, history, list(urls)
        self._room, self._token, self._batch, self._pause_s = room, token, batch, pause_s
        self._producer, self._sequence = secrets.token_hex(8), 0
        self._name = f"poster {first}"
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        self._stopping = False
        self._task = asyncio.get_running_loop().create_task(self._keep_posting(), name=self._name)

    async def stop(self, deadline: float = 60.0) -> None:
        """Post no more; what is under way is repeated until it is acknowledged."""
        self._stopping = True
        if self._task is not None:
            async with asyncio.timeout(deadline):
                await self._task

    def abandon(self) -> None:
        """Stop at once, whatever is under way; after ``stop`` there is nothing."""
        if self._task is not None:
            self._task.cancel()

    async def _keep_posting(self) -> None:
        while not self._stopping:
            await self.post(self._batch)
            await asyncio.sleep(self._pause_s)

    async def post(self, count: int) -> int:
        """Send so many events and see them acknowledged; returns the offset."""
        marks = list(range(self.next, self.next + count))
        self.next += count
        self._history.sent(marks, self._name)
        self._history.thinned.update(mark for mark in marks if not is_note(mark))
        body = b"".join(_line(mark) for mark in marks)
        self._sequence += 1
        while True:
            self.attempts += 1
            told = await self._once(body)
            if told is not None:
                # The answer to a repeat that came too late to be told twice names no offset of its own.
                self._history.acked(marks, None if told.get("duplicate") else told["offset"])
                self.acked += count
                self.offset = int(told["offset"])
                return self.offset
            await asyncio.sleep(0.1)

    async def _once(self, body: bytes) -> dict[str, Any] | None:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/x-ndjson",
            "Spectator-Producer": self._producer,
            "Spectator-Sequence": str(self._sequence),
        }
        url = f"{self._urls[0]}/api/v1/rooms/{self._room}/events"
        began = time.monotonic()
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=aiohttp.ClientTimeout(total=10)
            ) as answer:
                told: dict[str, Any] = await answer.json(content_type=None)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            self._urls.append(self._urls.pop(0))
            return None
        self.longest_s = max(self.longest_s, time.monotonic() - began)
        if answer.status == 200:
            assert not told.get("rejected"), told
            return told
        self.refused[str(told.get("code"))] += 1
        if told.get("code") == "sequence_gap":  # the store lost what it had acknowledged
            self._producer, self._sequence = secrets.token_hex(8), 1
        else:
            assert answer.status in {429, 503}, (answer.status, told)
            self._urls.append(self._urls.pop(0))
        return None


def _line(mark: int) -> bytes:
    if is_note(mark):
        event: dict[str, Any] = {"type": "log", "level": "info", "message": f"n {mark}", "metadata": {}}
    else:
        event = {"type": "training_metrics", "data": {"n": mark, "step": mark}}
    return json.dumps(event).encode() + b"\n"
