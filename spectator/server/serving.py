"""One node from start to end: store, sockets, ``server.json``; graceful stop; the end after an idle hour."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from aiohttp import web

from rooms import RoomsError, StoreUnavailable
from spectator.embedded import open_store
from spectator.manager import Manager
from spectator.server.app import documents, make_app
from spectator.server.discovery import Discovery
from spectator.server.door import make_door
from spectator.server.listening import BACKLOG, open_sockets, url_of
from spectator.server.log_lines import LogLines
from spectator.server.signals import Reload, signals
from spectator.server.tls import GOODBYE_S, HANDSHAKE_S, Certificate
from spectator.settings import Settings, SettingsError, private_folder
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.server")

STOP_S: Final = 9.0
"""Within so many seconds of SIGTERM everything has been said and closed; what has not is dropped."""

_ACCEPTS: Final = 64
"""Connections accepted in one turn of the loop."""

_LOOK_S: Final = 2.0
_IDLE_LOOKS: Final = 10


@dataclass(frozen=True, slots=True)
class Ready:
    """A server that listens.

    Args:
        url: where programs of this machine reach it.
        join_root: where spectators on the local network reach it; None without ``--lan``.
    """

    url: str
    join_root: str | None


async def serve(settings: Settings, on_ready: Callable[[Ready], None] | None = None) -> None:
    """Run a server until SIGTERM, SIGINT, or ``settings.idle_exit_s`` seconds without publisher and viewer.

    Args:
        settings: what it is told.
        on_ready: called once, when it listens and has written ``server.json``.

    Raises:
        SettingsError: a port in use, a store that does not answer or must not be used, a key file open to
        others.
        StoreError: the embedded store cannot be started.
    """
    _set_up_logging(settings)
    _raise_file_limit()
    private_folder(settings.data_dir)
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        certificate = Certificate.of(settings)
        sockets = open_sockets(settings)
        for one in sockets:
            stack.callback(one.close)
        ready = _ready(settings, sockets)
        manager = await stack.enter_async_context(_manager(settings))
        stack.enter_context(signals(stop, Reload(manager, certificate)))
        await stack.enter_async_context(
            answering(manager, settings, sockets, join_root=ready.join_root or "", certificate=certificate)
        )
        await stack.enter_async_context(_told(settings, ready.url))
        logger.info("serving at %s", ready.url)
        if on_ready is not None:
            on_ready(ready)
        await _until_over(manager, settings, stop)
        logger.info("stopping")


@asynccontextmanager
async def _manager(settings: Settings) -> AsyncIterator[Manager]:
    """The domain over the store that was named, or over the embedded one; both closed at the end."""
    async with AsyncExitStack() as stack:
        store_url = settings.redis_url
        if store_url is None:
            store = await open_store(settings.data_dir)
            stack.push_async_callback(store.close)
            store_url = store.url
        try:
            manager = await Manager.open(settings, store_url)
        except StoreUnavailable as error:
            where = (
                "at the address of --redis (SPECTATOR_REDIS_URL)"
                if settings.redis_url
                else "of the data folder"
            )
            raise SettingsError(
                f"the store {where} does not answer; see that it runs, then start again"
            ) from error
        except RoomsError as error:
            raise SettingsError(error.message) from error
        stack.push_async_callback(manager.stop)
        await manager.start()
        yield manager


@asynccontextmanager
async def answering(
    manager: Manager,
    settings: Settings,
    sockets: Sequence[socket.socket],
    *,
    join_root: str = "",
    certificate: Certificate | None = None,
) -> AsyncIterator[None]:
    """Answer on the sockets; at the end say good-bye to the viewers, then let what is under way finish.

    Args:
        manager: a started domain; whoever started it stops it.
        settings: as for ``make_app``.
        sockets: bound and listening.
        join_root: as for ``make_app``.
        certificate: with one, the sockets speak TLS only.
    """
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(documents)  # so that make_app finds them ready
    app = make_app(manager, settings, join_root=join_root)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    server = runner.server
    assert server is not None, "a runner that was set up has a server"
    listeners = []
    for one in sockets:
        door = partial(make_door, server, loop)
        listeners.append(await loop.create_server(door, sock=one, backlog=_ACCEPTS, **_secured(certificate)))
        # asyncio accepts so many in one turn of its loop; those that wait for it may be more.
        one.listen(BACKLOG)
    try:
        yield
    finally:
        for listener in listeners:
            listener.close()
        await _in_time(manager.say_goodbye, "good-bye to the viewers")
        await _in_time(runner.cleanup, "the calls under way")


def _secured(certificate: Certificate | None) -> dict[str, Any]:
    """How ``create_server`` is told of a certificate."""
    if certificate is None:
        return {}
    return {
        "ssl": certificate.context,
        "ssl_handshake_timeout": HANDSHAKE_S,
        "ssl_shutdown_timeout": GOODBYE_S,
    }


@asynccontextmanager
async def _told(settings: Settings, url: str) -> AsyncIterator[None]:
    """Keep ``server.json`` true as long as this server lives."""
    discovery = Discovery(settings.data_dir, url)
    tasks = Tasks("server.json")

    async def look() -> None:
        await asyncio.sleep(_LOOK_S * _IDLE_LOOKS)
        await discovery.claim()

    await discovery.claim()
    tasks.repeat(look, "claim")
    try:
        yield
    finally:
        await tasks.stop()
        discovery.release()


async def _until_over(manager: Manager, settings: Settings, stop: asyncio.Event) -> None:
    """Return when ``stop`` is set, or when nobody has published or watched here for the idle time."""
    loop = asyncio.get_running_loop()
    watched_at = loop.time()
    while not stop.is_set():
        try:
            async with asyncio.timeout(_LOOK_S):
                await stop.wait()
        except TimeoutError:
            pass
        if manager.hub.connections:
            watched_at = loop.time()
        idle = min(manager.silent_for(), loop.time() - watched_at)
        if settings.idle_exit_s is not None and idle > settings.idle_exit_s:
            logger.info("nobody has published or watched for %.0f s", idle)
            return


async def _in_time(step: Callable[[], Awaitable[None]], told: str) -> None:
    try:
        async with asyncio.timeout(STOP_S / 2):
            await step()
    except TimeoutError:
        logger.warning("%s took too long and was cut off", told)


def _ready(settings: Settings, sockets: Sequence[socket.socket]) -> Ready:
    lan = settings.lan and settings.public_url is None and len(sockets) > 1
    return Ready(url_of(sockets[0], settings), url_of(sockets[1]) if lan else None)


def _raise_file_limit() -> None:
    """Each viewer is an open file; most systems allow many more than they give at first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError) as error:
            logger.info("at most %d open files: %s", soft, error)


def _set_up_logging(settings: Settings) -> None:
    lines = logging.StreamHandler()
    lines.setFormatter(LogLines())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[lines])
