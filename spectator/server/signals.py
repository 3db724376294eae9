"""What signals tell a running server: stop (SIGTERM, SIGINT); read certificate and secrets again (SIGHUP)."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rooms import RoomsError
from spectator.manager import Manager
from spectator.server.tls import Certificate
from spectator.settings import SettingsError
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.server")


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
def signals(stop: asyncio.Event, reload: Reload) -> Iterator[None]:
    """Set ``stop`` at SIGTERM and SIGINT instead of ending in the middle of something; reload at SIGHUP.

    A terminal that is closed says SIGHUP too, to those who were started in it: then it means the end.
    """
    loop = asyncio.get_running_loop()
    tasks = Tasks("signals")
    in_terminal = _has_terminal()

    def hang_up() -> None:
        if in_terminal and not _has_terminal():
            stop.set()
        else:
            tasks.start(reload.run(), "reload")

    told = {signal.SIGTERM: stop.set, signal.SIGINT: stop.set, signal.SIGHUP: hang_up}
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
