"""Looking up names that strangers chose: a few at once, and nothing waits for one that hangs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

LOOKS: Final = 32
"""Names that are looked up at once, those among them that hang and nobody waits for any more."""

Infos = list[tuple[Any, ...]]


class Resolver(AbstractResolver):
    """Names are looked up in threads of their own: a name server that hangs holds up nothing else.

    Not in an executor: the end of the process would wait for a look-up that hangs.

    Args:
        look: how the machine looks up a name; as ``socket.getaddrinfo``.
    """

    def __init__(self, look: Callable[..., Infos] = socket.getaddrinfo) -> None:
        self._look = look
        self._free = threading.BoundedSemaphore(LOOKS)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of a name, in the order in which they are to be tried.

        Raises:
            OSError: there are none, or too many look-ups hang already.
        """
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Infos] = loop.create_future()
        if not self._free.acquire(blocking=False):
            raise OSError("too many look-ups of names are under way")
        arguments = (loop, found, host, port, family)
        threading.Thread(target=self._looked, args=arguments, name="webhook name", daemon=True).start()
        return [
            ResolveResult(
                hostname=host,
                host=str(where[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, where in await found
        ]

    def _looked(
        self, loop: asyncio.AbstractEventLoop, found: asyncio.Future[Infos], host: str, port: int, family: int
    ) -> None:
        """In the thread: look, and hand over what came of it to whoever still waits."""
        infos: Infos = []
        error: OSError | None = None
        try:
            infos = self._look(host, port, family, socket.SOCK_STREAM)
        except (OSError, UnicodeError) as failed:
            error = failed if isinstance(failed, OSError) else OSError("not a name")
        finally:
            self._free.release()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(_settle, found, infos, error)

    async def close(self) -> None:
        """Nothing to close: look-ups under way end by themselves, and nothing waits for them."""


def _settle(found: asyncio.Future[Infos], infos: Infos, error: OSError | None) -> None:
    if found.done():
        return  # whoever asked waits no longer
    if error is not None:
        found.set_exception(error)
    else:
        found.set_result(infos)
