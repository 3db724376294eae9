"""A time limit that counts only time in which this process could have seen an answer."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

TICKS: Final = 8
"""Parts a limit is counted in; each may be late without counting twice."""


class Patience:
    """``async with Patience(seconds):`` like ``asyncio.timeout``, for waiting for somebody else.

    A process that did not get the processor for seconds, or was busy itself, finds the answer and the end of
    the time at once, and ``asyncio.timeout`` gives precedence to the end: a healthy store then counts as lost
    when it is needed most. Here a pause of our own counts as one tick, however long it was.

    Raises:
        TimeoutError: out of the context, when the time is over.
    """

    __slots__ = ("_cancelling", "_left", "_over", "_task", "_tick_s", "_timer")

    def __init__(self, seconds: float) -> None:
        self._tick_s = seconds / TICKS
        self._left = TICKS
        self._over = False

    async def __aenter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "only a task can wait"
        self._task, self._cancelling = task, task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._tick)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        mine = self._over and self._task.uncancel() <= self._cancelling
        if mine and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error

    def _tick(self) -> None:
        self._left -= 1
        if self._left > 0:
            self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._tick)
            return
        self._over = True
        self._task.cancel()
