"""One of the processes that share a port: a node of its own, which its parent starts and tells when to end.

It gets its orders on standard input and reports on standard output, line by line; what it logs goes to
standard error, like its parent's. When its parent is gone, the input ends, and so does the worker.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from spectator.embedded import StoreError
from spectator.server.log_lines import set_up_logging
from spectator.server.orders import RELOAD, STOP, Orders
from spectator.server.running import answering, domain, own_store, until_over
from spectator.server.signals import Reload, Stop, signals
from spectator.server.tls import Certificate
from spectator.settings import SettingsError
from spectator.tasks import Tasks


class _Line:
    """The pipes between a worker and its parent."""

    def __init__(self, stop: Stop, reload: Callable[[], Awaitable[None]]) -> None:
        self._stop = stop
        self._reload = reload
        self._tasks = Tasks("parent")

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Take orders until the end of the block."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        self._tasks.start(self._listen(reader), "orders")
        try:
            yield
        finally:
            await self._tasks.stop()
            pipe.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line == RELOAD:
                await self._reload()
            elif line == STOP:
                self._stop.ask()
        if not self._stop.asked.is_set():  # the parent is gone
            self._stop.ask()


def report(**told: bool | float | str) -> None:
    """Tell the parent; one that is gone is noticed by the end of the orders."""
    try:
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return


async def run(orders: Orders) -> None:
    """Serve until told to end.

    Raises:
        SettingsError: what the settings name cannot be used.
        StoreError: the embedded store cannot be started.
    """
    settings, stop = orders.settings, Stop()
    certificate = Certificate.of(settings)
    sockets = [socket.socket(fileno=descriptor) for descriptor in orders.descriptors]
    sockets.append(_sibling_listener(orders))
    async with AsyncExitStack() as stack:
        store_url = settings.redis_url
        if store_url is None:
            store_url = await stack.enter_async_context(own_store(settings, stop))
        manager = await stack.enter_async_context(domain(settings, store_url, stop, orders.worker))
        reload = Reload(manager, certificate).run
        await stack.enter_async_context(_Line(stop, reload).listening())
        served = answering(
            manager, settings, sockets, join_root=orders.join_root, certificate=certificate, stop=stop
        )
        await stack.enter_async_context(served)
        stack.enter_context(signals(stop, reload))
        report(ready=True)
        await until_over(manager, stop, None, lambda idle: report(idle=idle))


def _sibling_listener(orders: Orders) -> socket.socket:
    path = orders.worker.socket_of(orders.worker.number)
    path.unlink(missing_ok=True)  # of the one before
    one = socket.socket(socket.AF_UNIX)
    one.setblocking(False)
    one.bind(str(path))
    path.chmod(0o600)
    one.listen()
    return one


def main() -> int:
    """Run one worker; what stops it from starting is reported, not raised."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # until it serves: Ctrl-C is for the parent, who tells it
    orders = Orders.read(sys.stdin.fileno())
    set_up_logging(orders.settings.log_level, orders.settings.log_format)
    try:
        asyncio.run(run(orders))
    except (SettingsError, StoreError) as error:
        report(failed=str(error))
        return os.EX_CONFIG
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
