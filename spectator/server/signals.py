"""What signals tell a running server: stop (SIGTERM, SIGINT); read certificate and secrets again (SIGHUP)."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from rooms import RoomsError
from spectator.manager import Manager
from spectator.server.tls import Certificate
from spectator.settings import SettingsError
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.server")


class Stop:
    """Whether this process was told to end: once means gently, twice means at once.

    It counts the time from the first word, so that many steps together take no longer than was promised.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()
        self._tasks = Tasks("stop")
        self._asked_at = 0.0

    def ask(self) -> None:
        """Tell it to end; the second time to leave what is under way."""
        if self.asked.is_set():
            self.hurried.set()
        else:
            self._asked_at = asyncio.get_running_loop().time()
            self.asked.set()

    async def within(self, seconds: float, step: Callable[[], Awaitable[None]], told: str) -> None:
        """Take a step of the way out, until so many seconds after the first word; then it is cut off.

        Args:
            seconds: counted from ``ask``; from now, where the end has another reason.
            step: what is to be done.
            told: what it is, for the log.
        """
        began = self._asked_at if self.asked.is_set() else asyncio.get_running_loop().time()
        left = began + seconds - asyncio.get_running_loop().time()
        work = self._tasks.start(_run(step), told)
        hurry = self._tasks.start(_wait(self.hurried), "hurry")
        try:
            await asyncio.wait({work, hurry}, timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                logger.warning("%s took too long and was cut off", told)
        finally:
            await self._tasks.stop()


async def _run(step: Callable[[], Awaitable[None]]) -> None:
    await step()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


class Reload:
    """What SIGHUP asks for: the certificate and the signing secrets, read again; no connection ends by it.

    Args:
        manager: whose secrets are looked at.
        certificate: the one that is served, None without TLS.
    """

    def __init__(self, manager: Manager, certificate: Certificate | None) -> None:
        self._manager = manager
        self._certificate = certificate

    async def run(self) -> None:
        """Read what there is; what cannot be used is logged and stays as it was."""
        if self._certificate is not None:
            try:
                # Not in a thread: nobody may be greeted between the certificate and its key.
                self._certificate.reload()
                logger.info("the certificate was read again")
            except SettingsError as error:
                logger.error("the certificate stays as it was: %s", error)  # noqa: TRY400 - it says it all
        try:
            await self._manager.rotation.look()
        except RoomsError as error:
            logger.error("the secrets stay as they were: %s", error.code)  # noqa: TRY400 - as above


@contextmanager
def signals(stop: Stop, reload: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Ask to stop at SIGTERM and SIGINT instead of ending in the middle of something; reload at SIGHUP.

    The second of them cuts the way out short; after it they do what they do to any program. A terminal that
    is closed says SIGHUP too, to those who were started in it: then it means the end.
    """
    loop = asyncio.get_running_loop()
    tasks = Tasks("signals")
    in_terminal = _has_terminal()

    def end() -> None:
        stop.ask()
        if stop.hurried.is_set():
            for one in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(one)
                signal.signal(one, signal.SIG_DFL)

    def hang_up() -> None:
        if in_terminal and not _has_terminal():
            end()
        else:
            tasks.start(_run(reload), "reload")

    told = {signal.SIGTERM: end, signal.SIGINT: end, signal.SIGHUP: hang_up}
    for one, act in told.items():
        loop.add_signal_handler(one, act)
    try:
        yield
    finally:
        for one in told:
            loop.remove_signal_handler(one)


def _has_terminal() -> bool:
    """Whether standard input is a terminal that is still there."""
    try:
        return sys.stdin is not None and os.isatty(sys.stdin.fileno())
    except (OSError, ValueError):
        return False
