"""``spectator serve --workers N``: a parent that keeps N processes serving on one port.

It listens and accepts nothing itself: each worker has listening sockets of its own on the port, which the
parent holds open as well, so connections that wait for a worker that dies wait on for its successor.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from spectator.nodes import Worker
from spectator.server.listening import open_beside
from spectator.server.orders import RELOAD, STOP, Orders
from spectator.server.signals import Stop
from spectator.settings import Settings, SettingsError
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.server")

START_S: Final = 60.0
"""A worker that does not serve after so long is ended: it may wait for a store that reads a large file."""

END_S: Final = 8.0
"""So long after it was told to end a worker is killed."""

HURRY_S: Final = 1.0
"""The same, when it was told twice."""

LASTS_S: Final = 10.0
"""A worker that served for less than this counts as one that dies at once."""

PAUSES_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Before a worker is started again, for each time in a row that it died at once; then always the last."""

PATIENT: Final = 3
"""From so many such deaths on, the worker's sockets are closed meanwhile: nobody shall wait there."""

GIVES_UP: Final = 5
"""After so many such deaths of each, with no worker serving, it is given up."""


class Interrupted(Exception):
    """It was told to stop before it served."""


class _Process:
    """One start of a worker: its process, what it reported."""

    def __init__(self, process: asyncio.subprocess.Process, tasks: Tasks) -> None:
        self.process = process
        self.ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.ended = tasks.start(process.wait(), f"wait for {process.pid}")
        self.listened = tasks.start(self._listen(), f"listen to {process.pid}")
        self.failed: str | None = None
        self.idle_s = 0.0

    async def _listen(self) -> None:
        assert self.process.stdout is not None, "it was started with a pipe"
        while line := await self.process.stdout.readline():
            try:
                told = json.loads(line)
            except ValueError:
                continue  # something that some library printed
            self._take(told)

    def _take(self, told: Any) -> None:
        if not isinstance(told, dict):
            return
        self.failed = told.get("failed", self.failed)
        self.idle_s = told.get("idle", self.idle_s)
        if told.get("ready") and not self.ready.done():
            self.ready.set_result(True)

    def tell(self, order: bytes) -> None:
        """Send an order; one that has ended gets none."""
        if self.process.stdin is not None and not self.process.stdin.is_closing():
            self.process.stdin.write(order)

    def kill(self) -> None:
        """End it at once."""
        if self.process.returncode is None:
            self.process.kill()

    @property
    def end(self) -> str:
        """How it ended, in words."""
        status = self.process.returncode
        if self.failed is not None:
            return f"said: {self.failed}"
        if status is not None and status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"


class _Post:
    """The place of one worker: its sockets, and whoever serves there now."""

    def __init__(self, worker: Worker, sockets: list[socket.socket]) -> None:
        self.worker = worker
        self.sockets = sockets
        self.now: _Process | None = None
        self.serving = False
        self.deaths = 0  # at once, in a row
        self.last_words = ""

    @property
    def told(self) -> str:
        """Which worker, in words."""
        return f"worker {self.worker.number} of {self.worker.of}"


class Crew:
    """The workers of one server.

    Args:
        settings: what each is told.
        sockets: the listening sockets of the first, made by ``open_sockets`` with ``shared``. The crew opens
            those of the others, and closes all of them.
        folder: where they listen for each other; only this user may enter it.
        join_root: where spectators on the local network find the server.
        pauses_s: as ``PAUSES_S``.
        gives_up: as ``GIVES_UP``.
    """

    def __init__(
        self,
        settings: Settings,
        sockets: Sequence[socket.socket],
        folder: Path,
        join_root: str,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
        gives_up: int = GIVES_UP,
    ) -> None:
        self._settings = settings
        self._join_root = join_root
        self._pauses_s = pauses_s
        self._gives_up = gives_up
        self._tasks = Tasks("workers")
        self._stopping = False
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._posts = [
            _Post(Worker(number, settings.workers, folder), list(sockets) if number == 1 else [])
            for number in range(1, settings.workers + 1)
        ]

    @asynccontextmanager
    async def serving(self, stop: Stop) -> AsyncIterator[None]:
        """Keep the workers at their posts until the end of the block; then end them within ten seconds.

        Args:
            stop: how long the end may take; told twice, no time at all.

        Raises:
            SettingsError: a worker did not start; the message says what it said.
            CannotListenError: the port was taken meanwhile.
            Interrupted: it was told to stop before all served.
        """
        first, *others = self._posts
        try:
            # The first one alone: what stops it would stop them all, and is said once.
            await self._begin(first, stop)
            for post in others:
                post.sockets = open_beside(first.sockets)
            await _all(self._begin(post, stop) for post in others)
            for post in self._posts:
                self._tasks.start(self._keep(post), f"keep {post.told}")
            yield
        finally:
            await self._end(stop)

    async def over(self, stop: Stop) -> None:
        """Return when it was told to stop, or nobody has published or watched for the idle time.

        Raises:
            SettingsError: the workers die as fast as they are started.
        """
        idle_exit_s = self._settings.idle_exit_s
        asked = self._tasks.start(_wait(stop.asked), "stop")
        while not asked.done():
            await asyncio.wait({asked, self._over}, timeout=2.0, return_when=asyncio.FIRST_COMPLETED)
            if self._over.done():
                self._over.result()
            idle_s = min((post.now.idle_s if post.now else 0.0) for post in self._posts)
            if idle_exit_s is not None and idle_s > idle_exit_s:
                logger.info("nobody has published or watched for %.0f s", idle_s)
                return

    async def reload(self) -> None:
        """Have each read certificate and secrets again."""
        for post in self._posts:
            if post.now is not None:
                post.now.tell(RELOAD)

    # ---------------------------------------------------------------- one worker

    async def _begin(self, post: _Post, stop: Stop | None = None) -> None:
        """Start a worker, and return when it serves. Raises ``SettingsError`` when it does not."""
        begun = post.now = await self._start(post)
        asked = self._tasks.start(_wait(stop.asked), "stop") if stop is not None else begun.ended
        await asyncio.wait(
            {begun.ready, begun.ended, asked}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED
        )
        if begun.ready.done():
            post.serving = True
        elif begun.ended.done():
            await begun.listened
            raise SettingsError(begun.failed or f"{post.told} {begun.end} before it served")
        elif asked.done():
            raise Interrupted
        else:
            begun.kill()
            raise SettingsError(f"{post.told} did not begin to serve within {START_S:.0f} s")

    async def _start(self, post: _Post) -> _Process:
        descriptors = tuple(one.fileno() for one in post.sockets)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "spectator.server.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=descriptors,
            process_group=0,  # Ctrl-C is the parent's: it tells them, once
        )
        begun = _Process(process, self._tasks)
        begun.tell(Orders(self._settings, post.worker, descriptors, self._join_root).packed())
        return begun

    async def _keep(self, post: _Post) -> None:
        """See to it that somebody serves at a post."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            began = loop.time()
            assert post.now is not None, "it was begun"
            await asyncio.wait({post.now.ended, post.now.listened})
            post.serving = False
            await self._replace(post, at_once=loop.time() - began < LASTS_S)

    async def _replace(self, post: _Post, *, at_once: bool) -> None:
        post.deaths = post.deaths + 1 if at_once else 0
        while not self._stopping:
            pause_s = self._pauses_s[min(max(post.deaths - 1, 0), len(self._pauses_s) - 1)]
            assert post.now is not None, "it was begun"
            post.last_words = f"(process {post.now.process.pid}) {post.now.end}"
            when = f"in {pause_s:g} s" if pause_s else "now"
            logger.warning("%s %s; it is started again %s", post.told, post.last_words, when)
            self._look_for_hope()
            if post.deaths >= PATIENT and any(one.serving for one in self._posts):
                _close(post)
            await asyncio.sleep(pause_s)
            try:
                if not post.sockets:
                    post.sockets = open_beside(next(one.sockets for one in self._posts if one.sockets))
                await self._begin(post)
                return
            except (SettingsError, OSError) as error:
                logger.debug("%s did not start: %s", post.told, error)
                post.deaths += 1

    def _look_for_hope(self) -> None:
        if self._over.done() or any(post.serving or post.deaths < self._gives_up for post in self._posts):
            return
        last = self._posts[-1].last_words
        self._over.set_exception(
            SettingsError(f"all {len(self._posts)} workers die as soon as they start, the last {last}")
        )

    # ---------------------------------------------------------------- the end

    async def _end(self, stop: Stop) -> None:
        self._stopping = True
        alive = [post.now for post in self._posts if post.now and post.now.process.returncode is None]
        for one in alive:
            one.tell(STOP)
        hurry = self._tasks.start(self._hurry(stop, alive), "hurry")
        try:
            async with asyncio.timeout(END_S):
                await asyncio.gather(*(asyncio.shield(one.ended) for one in alive))
        except TimeoutError:
            logger.warning("a worker has not ended in time and is killed")
        hurry.cancel()
        await self._tasks.stop()  # nobody is started any more
        for post in self._posts:
            if post.now is not None:
                post.now.kill()
                await post.now.process.wait()
            _close(post)

    @staticmethod
    async def _hurry(stop: Stop, alive: Sequence[_Process]) -> None:
        await stop.hurried.wait()
        for one in alive:
            one.tell(STOP)
        await asyncio.sleep(HURRY_S)
        for one in alive:
            one.kill()


def _close(post: _Post) -> None:
    for one in post.sockets:
        one.close()
    post.sockets = []


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _all(begun: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Await them all, then raise what the first of them raised."""
    for outcome in await asyncio.gather(*begun, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
