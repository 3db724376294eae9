"""A server from start to end: store, sockets, ``server.json``; one process, or a parent of several."""

from __future__ import annotations

import asyncio
import logging
import resource
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spectator.embedded import runtime_folder
from spectator.server.discovery import Discovery
from spectator.server.listening import open_sockets, url_of
from spectator.server.log_lines import set_up_logging
from spectator.server.running import answering, domain, own_store, until_over
from spectator.server.signals import Reload, Stop, signals
from spectator.server.tls import Certificate
from spectator.server.workers import Crew, Interrupted
from spectator.settings import Settings, private_folder, runtime_dir
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.server")

_CLAIM_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Ready:
    """A server that listens.

    Args:
        url: where programs of this machine reach it.
        join_root: where spectators on the local network reach it; None without ``--lan``.
    """

    url: str
    join_root: str | None


@dataclass(frozen=True, slots=True)
class _Start:
    """What a server begins with, whether it is one process or several."""

    settings: Settings
    sockets: Sequence[socket.socket]
    certificate: Certificate | None
    stop: Stop
    ready: Ready
    on_ready: Callable[[Ready], None] | None

    def told(self, how: str) -> None:
        """Say that it serves."""
        told = {"event": "serving", "fields": {"url": self.ready.url}}
        logger.info("serving at %s%s", self.ready.url, how, extra=told)
        if self.on_ready is not None:
            self.on_ready(self.ready)


async def serve(settings: Settings, on_ready: Callable[[Ready], None] | None = None) -> None:
    """Run a server until SIGTERM, SIGINT, or ``settings.idle_exit_s`` seconds without publisher and viewer.

    Args:
        settings: what it is told.
        on_ready: called once, when it listens and has written ``server.json``.

    Raises:
        SettingsError: a port in use, a store that does not answer or must not be used, a key file open to
        others, workers that die as fast as they are started.
        StoreError: the embedded store cannot be started.
    """
    set_up_logging(settings.log_level, settings.log_format)
    _raise_file_limit()
    private_folder(settings.data_dir)
    certificate = Certificate.of(settings)
    async with AsyncExitStack() as stack:
        sockets = open_sockets(settings, shared=settings.workers > 1)
        for one in sockets:
            stack.callback(one.close)
        begun = _Start(settings, sockets, certificate, Stop(), _ready(settings, sockets), on_ready)
        await (_serve_alone(begun) if settings.workers == 1 else _serve_by_workers(begun))


async def _serve_alone(begun: _Start) -> None:
    settings, stop, ready = begun.settings, begun.stop, begun.ready
    async with AsyncExitStack() as stack:
        store_url = settings.redis_url
        if store_url is None:
            store_url = await stack.enter_async_context(own_store(settings, stop))
        manager = await stack.enter_async_context(domain(settings, store_url, stop))
        stack.enter_context(signals(stop, Reload(manager, begun.certificate).run))
        served = answering(
            manager,
            settings,
            begun.sockets,
            join_root=ready.join_root or "",
            certificate=begun.certificate,
            stop=stop,
        )
        await stack.enter_async_context(served)
        await stack.enter_async_context(_told(settings, ready.url))
        begun.told("")
        await until_over(manager, stop, settings.idle_exit_s)
        logger.info("stopping")


async def _serve_by_workers(begun: _Start) -> None:
    """Keep the workers; each reads the certificate for itself, it was only found good here."""
    settings, stop, ready = begun.settings, begun.stop, begun.ready
    async with AsyncExitStack() as stack:
        if settings.redis_url is None:  # the workers find it running, and it stays when all of them die
            await stack.enter_async_context(own_store(settings, stop))
        folder = Path(tempfile.mkdtemp(prefix="workers-", dir=runtime_folder(runtime_dir())))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        crew = Crew(settings, begun.sockets, folder, ready.join_root or "")
        stack.enter_context(signals(stop, crew.reload))
        try:
            await stack.enter_async_context(crew.serving(stop))
        except Interrupted:
            return
        await stack.enter_async_context(_told(settings, ready.url))
        begun.told(f" with {settings.workers} workers")
        await crew.over(stop)
        logger.info("stopping")


@asynccontextmanager
async def _told(settings: Settings, url: str) -> AsyncIterator[None]:
    """Keep ``server.json`` true as long as this server lives."""
    store = "embedded" if settings.redis_url is None else "given"
    discovery = Discovery(settings.data_dir, url, workers=settings.workers, store=store)
    tasks = Tasks("server.json")

    async def look() -> None:
        await asyncio.sleep(_CLAIM_S)
        await discovery.claim()

    await discovery.claim()
    tasks.repeat(look, "claim")
    try:
        yield
    finally:
        await tasks.stop()
        discovery.release()


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
