"""Whether the store answers, as this node sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Outage:
    """Remembers the last answer, and tells when that changes.

    Args:
        changed: called with True when the store is back, with False when it went away.
    """

    def __init__(self, changed: Callable[[bool], None]) -> None:
        self._changed = changed
        self._back = asyncio.Event()
        self._back.set()

    @property
    def over(self) -> bool:
        """Whether the store answers."""
        return self._back.is_set()

    def failed(self) -> None:
        """The store did not answer."""
        if self._back.is_set():
            self._back.clear()
            self._changed(False)

    def answered(self) -> None:
        """The store answered."""
        if not self._back.is_set():
            self._back.set()
            self._changed(True)

    async def wait(self) -> None:
        """Wait until the store answers."""
        await self._back.wait()
