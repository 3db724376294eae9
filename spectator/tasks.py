"""Background work with an owner: every task is kept, named, told of when it fails, ended with its owner."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

logger = logging.getLogger("spectator.tasks")

RESTART_S = 1.0
"""How long a loop rests after a round that failed, so that a lasting error does not turn it into a spin."""


class Tasks:
    """The background tasks of one owner.

    ``asyncio`` holds a running task by a weak reference only and tells about its error when it is collected,
    if ever. An owner that starts its tasks here loses neither.
    """

    def __init__(self, owner: str, *, rest_s: float = RESTART_S) -> None:
        self._owner = owner
        self._rest_s = rest_s
        self._running: set[asyncio.Task[Any]] = set()
        self._stopping = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run ``work`` beside the caller until it ends or ``stop`` is called; its error is logged.

        Args:
            work: a coroutine that was not started yet.
            name: what it does, for the log and for debuggers.
        """
        task = asyncio.create_task(work, name=f"{self._owner}: {name}")  # noqa: TID251 - the one place that may
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def repeat(self, round_: Callable[[], Awaitable[None]], name: str) -> asyncio.Task[Any]:
        """Run ``round_`` again and again; one that raises is logged and the next starts a second later.

        The round itself waits for what it has to do (a clock, an event): nothing here paces it.
        """
        return self.start(self._repeat(round_, name), name)

    async def stop(self) -> None:
        """Cancel what still runs and return when all of it has ended. Safe to call twice."""
        self._stopping = True
        ours = [task for task in self._running if task is not asyncio.current_task()]
        for task in ours:
            task.cancel()
        if ours:
            await asyncio.wait(ours)

    async def _repeat(self, round_: Callable[[], Awaitable[None]], name: str) -> None:
        while not self._stopping:
            try:
                await round_()
            except Exception:
                logger.exception("%s: %s failed and goes on", self._owner, name)
                await asyncio.sleep(self._rest_s)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            logger.error("%s failed", task.get_name(), exc_info=error)
