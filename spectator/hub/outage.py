"""How the store is, as this node sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum


class Weather(Enum):
    """How the store is; the value is the code of the notice that tells viewers of the change."""

    FAIR = "store_back"
    AWAY = "store_unavailable"
    FULL = "store_full"
    """It answers, and takes nothing new: it has no memory or no disk left."""


class Outage:
    """Remembers how the store was last, and tells when that changes.

    Args:
        changed: called with how it is now.
        divided: whether it is many servers: what one does not answer, another may.
    """

    def __init__(self, changed: Callable[[Weather], None], *, divided: bool = False) -> None:
        self._changed = changed
        self._divided = divided
        self._weather = Weather.FAIR
        self._back = asyncio.Event()
        self._back.set()

    @property
    def over(self) -> bool:
        """Whether the store answers, at least in part; one that is full does."""
        return self._back.is_set()

    @property
    def full(self) -> bool:
        """Whether the store answers and takes nothing new."""
        return self._weather is Weather.FULL

    def failed(self) -> None:
        """The store did not answer; of one that is divided others may, so calls go on to be taken."""
        before = self.over
        self._turn(Weather.AWAY)
        if self._divided and before:
            self._back.set()

    def answered_in_part(self) -> None:
        """Some servers answered and others did not: viewers are told of it, and calls are taken."""
        self._turn(Weather.AWAY)
        self._back.set()

    def vanished(self) -> None:
        """No server answered anything."""
        self._turn(Weather.AWAY)
        self._back.clear()

    def answered(self) -> None:
        """The store answered; whether it would take anything is not known by that."""
        if self._weather is Weather.AWAY:
            self._turn(Weather.FAIR)

    def refused(self) -> None:
        """The store answered that it has no memory or no disk left."""
        self._turn(Weather.FULL)

    def took(self) -> None:
        """The store took what was written; one that has gone since is not back by that."""
        if self._weather is Weather.FULL:
            self._turn(Weather.FAIR)

    async def wait(self) -> None:
        """Wait until the store answers."""
        await self._back.wait()

    def _turn(self, weather: Weather) -> None:
        if weather is self._weather:
            return
        self._weather = weather
        if weather is Weather.AWAY:
            self._back.clear()
        else:
            self._back.set()
        self._changed(weather)
