"""One node over a store and sockets that somebody opened for it: it answers, and at the end it drains."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from aiohttp import web

from rooms import RoomsError, StoreUnavailable
from spectator.embedded import EmbeddedStore, open_store
from spectator.manager import Manager
from spectator.nodes import ALONE, Worker
from spectator.server.app import documents, make_app
from spectator.server.door import make_door
from spectator.server.garbage import garbage_collected
from spectator.server.heads import Heads
from spectator.server.heap import give_back_large_blocks
from spectator.server.keys import DOORMAN
from spectator.server.listening import BACKLOG
from spectator.server.signals import Stop
from spectator.server.tls import GOODBYE_S, HANDSHAKE_S, Certificate
from spectator.server.tracing import tracing
from spectator.server.under_way import UNDER_WAY
from spectator.settings import Settings, SettingsError
from spectator.spans import Mark

GOODBYE_BY_S: Final = 3.5
"""So long after the first SIGTERM the viewers have been told, and their connections are closed."""

ANSWERED_BY_S: Final = 5.4
"""So long after it the calls that were under way are answered; what is not is cut off."""

STORED_BY_S: Final = 6.8
"""So long after it what was noted is written (the audit), or left."""

_LAST_WORDS_S: Final = 1.0
"""So long an answer that was made may take to be sent, and what is left of the webhooks."""

logger = logging.getLogger("spectator.server")

ENDED_BY_S: Final = 7.4
"""So long after it nothing is waited for any more; the rest of ten seconds is for a machine that is busy."""

_ACCEPTS: Final = 64
"""Connections accepted in one turn of the loop."""

_LOOK_S: Final = 2.0


@asynccontextmanager
async def own_store(settings: Settings, stop: Stop) -> AsyncIterator[str]:
    """The URL of the embedded store; whoever uses it last shuts it down."""
    store = await open_store(settings.data_dir)
    try:
        yield store.url
    finally:
        await stop.within(ENDED_BY_S, lambda: _closed(store), "the end of the store")


async def _closed(store: EmbeddedStore) -> None:
    """Close it in a thread that keeps no process alive: a store that hangs must not hold up the end."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def close() -> None:
        store.stop()
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=close, name="spectator-store-end", daemon=True).start()
    await done.wait()


@asynccontextmanager
async def domain(
    settings: Settings, store_url: str, stop: Stop, worker: Worker = ALONE
) -> AsyncIterator[Manager]:
    """The started domain over a store; stopped in time at the end.

    Raises:
        SettingsError: the store does not answer or must not be used, or a file of the data folder is unsafe.
    """
    async with tracing(settings) as span, _started(settings, store_url, stop, worker, span) as manager:
        yield manager


@asynccontextmanager
async def _started(
    settings: Settings, store_url: str, stop: Stop, worker: Worker, span: Mark
) -> AsyncIterator[Manager]:
    give_back_large_blocks()
    try:
        manager = await Manager.open(settings, store_url, worker, span)
    except StoreUnavailable as error:
        where = (
            "at the address of --redis (SPECTATOR_REDIS_URL)" if settings.redis_url else "of the data folder"
        )
        why = f" ({error.message.rstrip('.')})" if error.message != StoreUnavailable.text else ""
        raise SettingsError(
            f"the store {where} does not answer{why}; see that it runs, then start again"
        ) from error
    except RoomsError as error:
        raise SettingsError(error.message) from error
    try:
        await manager.start()
        async with garbage_collected(manager.hub):
            yield manager
    finally:
        await stop.within(STORED_BY_S, manager.stop, "what was to be written")


@asynccontextmanager
async def answering(
    manager: Manager,
    settings: Settings,
    sockets: Sequence[socket.socket],
    *,
    join_root: str = "",
    certificate: Certificate | None = None,
    stop: Stop | None = None,
) -> AsyncIterator[None]:
    """Answer on the sockets; at the end say good-bye to the viewers, then let what is under way finish.

    Until then it goes on accepting: whoever comes is told to come back later, not refused without a word.

    Args:
        manager: a started domain; whoever started it stops it.
        settings: as for ``make_app``.
        sockets: bound and listening.
        join_root: as for ``make_app``.
        certificate: with one, the sockets speak TLS only; those of this machine alone (Unix) never do.
        stop: how long the end may take.
    """
    stop = stop or Stop()
    await asyncio.to_thread(documents)  # so that make_app finds them ready
    app = make_app(manager, settings, join_root=join_root)
    runner = web.AppRunner(app, shutdown_timeout=_LAST_WORDS_S / 2)
    await runner.setup()
    listeners = await _listen(runner, app, settings, sockets, certificate)
    try:
        yield
    finally:
        await stop.within(GOODBYE_BY_S, manager.say_goodbye, "good-bye to the viewers")
        for listener in listeners:
            listener.close()
        await stop.within(ANSWERED_BY_S, app[UNDER_WAY].over, "the calls under way")
        await stop.within(ANSWERED_BY_S + _LAST_WORDS_S, runner.cleanup, "the end of the connections")


async def _listen(
    runner: web.AppRunner,
    app: web.Application,
    settings: Settings,
    sockets: Sequence[socket.socket],
    certificate: Certificate | None,
) -> list[asyncio.Server]:
    """Accept connections on the sockets from now on."""
    loop, server = asyncio.get_running_loop(), runner.server
    assert server is not None, "a runner that was set up has a server"
    heads = Heads() if settings.rate_limits else Heads(None)
    door = partial(make_door, server, loop, heads, app[DOORMAN].counted_as)
    listeners = []
    for one in sockets:
        secured = _secured(certificate if one.family != socket.AF_UNIX else None)
        listeners.append(await loop.create_server(door, sock=one, backlog=_ACCEPTS, **secured))
        # asyncio accepts so many in one turn of its loop; those that wait for it may be more.
        one.listen(BACKLOG)
    return listeners


async def until_over(
    manager: Manager, stop: Stop, idle_exit_s: float | None, told: Callable[[float], None] | None = None
) -> None:
    """Return when it was told to stop, or when nobody has published or watched here for the idle time.

    Args:
        manager: whose publishers and viewers count.
        stop: says when.
        idle_exit_s: after so many seconds of neither it returns; None: never.
        told: called every two seconds with the seconds of neither.
    """
    loop = asyncio.get_running_loop()
    watched_at = loop.time()
    while not stop.asked.is_set():
        try:
            async with asyncio.timeout(_LOOK_S):
                await stop.asked.wait()
        except TimeoutError:
            pass
        if manager.hub.connections:
            watched_at = loop.time()
        idle = min(manager.silent_for(), loop.time() - watched_at)
        if told is not None:
            told(idle)
        if idle_exit_s is not None and idle > idle_exit_s:
            logger.info("nobody has published or watched for %.0f s", idle)
            return


def _secured(certificate: Certificate | None) -> dict[str, Any]:
    """How ``create_server`` is told of a certificate."""
    if certificate is None:
        return {}
    return {
        "ssl": certificate.context,
        "ssl_handshake_timeout": HANDSHAKE_S,
        "ssl_shutdown_timeout": GOODBYE_S,
    }
