"""A time limit that counts only time in which this process could have seen an answer."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

TICKS: Final = 8
"""Parts a limit is counted in; each may be late without counting twice."""

STRETCH: Final = 1.25
"""The most that late parts may make of a limit together: callers are promised an answer in time, too."""


class Patience:
    """``async with Patience(seconds):`` like ``asyncio.timeout``, for waiting for somebody else.

    A process that did not get the processor for seconds, or was busy itself, finds the answer and the end of
    the time at once, and ``asyncio.timeout`` gives precedence to the end: a healthy store then counts as lost
    when it is needed most. Here a pause of our own counts as one tick, however long it was; but a loop that
    is busy all the time comes to an end after ``STRETCH`` times the limit. One pause that reaches beyond that
    (the process was stopped, the loop blocked) leaves what was left of the limit, so that what came meanwhile
    is read.

    Raises:
        TimeoutError: out of the context, when the time is over.
    """

    __slots__ = (
        "_cancelling",
        "_due",
        "_end",
        "_left",
        "_limit_s",
        "_loop",
        "_over",
        "_paused",
        "_task",
        "_tick_s",
        "_timer",
    )

    def __init__(self, seconds: float) -> None:
        self._limit_s = seconds
        self._tick_s = seconds / TICKS
        self._left = TICKS
        self._over = self._paused = False

    async def __aenter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "only a task can wait"
        self._task, self._cancelling = task, task.cancelling()
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._end = now + self._limit_s * STRETCH
        self._wait(now)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        mine = self._over and self._task.uncancel() <= self._cancelling
        if mine and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error

    def _wait(self, now: float) -> None:
        self._due = min(now + self._tick_s, self._end)
        self._timer = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        now = self._loop.time()
        if now >= self._end and now - self._due > self._limit_s / 2 and not self._paused:
            self._paused = True
            self._end = now + self._left * self._tick_s
        else:
            self._left -= 1
        if self._left > 0 and now < self._end:
            self._wait(now)
            return
        self._over = True
        self._task.cancel()
