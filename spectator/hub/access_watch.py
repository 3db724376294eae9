"""Waiting for a change to who may watch a room."""

from __future__ import annotations

import asyncio


class AccessWatch:
    """Tells when something about who may watch one room has changed, or may have."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def ring(self) -> None:
        """Something may have changed."""
        self._news.set()

    async def changed(self, seconds: float) -> bool:
        """Wait for a change since the last call, at first since the beginning; False after ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True
