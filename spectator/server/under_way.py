"""The requests that are being answered now: whoever ends the server waits for them first.

aiohttp's own end does not do: from its first moment it drops what still comes in, so a POST whose body was on
its way would wait for the rest of it until it is cut off.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from aiohttp import web
from aiohttp.typedefs import Handler


class UnderWay:
    """Counts requests: ``with under_way:`` is one of them."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def __enter__(self) -> None:
        self._count += 1
        self._none.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._count -= 1
        if not self._count:
            self._none.set()

    async def over(self) -> None:
        """Return when there is none."""
        await self._none.wait()


UNDER_WAY: web.AppKey[UnderWay] = web.AppKey("UNDER_WAY", UnderWay)


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the request until its answer is made."""
    with request.app[UNDER_WAY]:
        return await handler(request)
