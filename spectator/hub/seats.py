"""The seats and ties that this node's connections hold: taken, renewed and given back in batches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rooms import RoomsError, StoreUnavailable

if TYPE_CHECKING:
    from rooms import RoomManager
    from spectator.tasks import Tasks

Lease = tuple[str, str]
"""Room id and person."""

BATCH = 1000
"""Leases in one pipeline."""

logger = logging.getLogger("spectator.hub")


class Seats:
    """Leases by (room id, person): a seat for who needs one, and that the person is here. Tabs share one.

    Thousands who arrive together would each need a call of the store; those that arrive while one is under
    way go together in the next.
    """

    def __init__(self, rooms: RoomManager, tasks: Tasks) -> None:
        self._rooms = rooms
        self._tasks = tasks
        self._asked: dict[Lease, asyncio.Future[bool]] = {}
        self._asking = False

    async def take(self, room_id: str, person: str) -> bool:
        """Hold or renew for 30 seconds; False when the person is no member or there is no seat.

        Raises:
            StoreUnavailable: nothing is known.
        """
        lease = (room_id, person)
        answer = self._asked.get(lease)
        if answer is None:
            answer = self._asked[lease] = asyncio.get_running_loop().create_future()
        if not self._asking:
            self._asking = True
            self._tasks.start(self._ask(), "take seats")
        return await asyncio.shield(answer)

    async def renew(self, lags_ms: Mapping[Lease, int]) -> list[Lease]:
        """Renew what is held, and note how far behind each is; returns those that are lost.

        Raises:
            StoreUnavailable: nothing is known, so nobody has lost anything yet.
        """
        lost, leases = [], list(lags_ms)
        for start in range(0, len(leases), BATCH):
            part = leases[start : start + BATCH]
            kept = await self._rooms.renew(part, lags_ms)
            lost += [lease for lease, held in zip(part, kept, strict=True) if not held]
        return lost

    def give_back(self, room_id: str, person: str) -> None:
        """The person has no connection here any more; where the store does not answer, the lease lapses."""
        self._tasks.start(self._release(room_id, person), "give a seat back")

    def end_visit(self, room_id: str, person: str) -> None:
        """The person is gone for good: no seat, no row, nothing to come back to."""
        self._tasks.start(self._end_visit(room_id, person), "end a visit")

    async def _ask(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                await self._answer(asked)
        finally:
            self._asking = False

    async def _answer(self, asked: dict[Lease, asyncio.Future[bool]]) -> None:
        waiting = list(asked.items())
        for start in range(0, len(waiting), BATCH):
            part = waiting[start : start + BATCH]
            try:
                held = await self._rooms.renew([lease for lease, _ in part])
            except RoomsError as error:
                for _, answer in part:
                    if not answer.done():
                        answer.set_exception(StoreUnavailable(retry_after=error.retry_after))
                        answer.exception()  # seen: who waited may have gone
                continue
            for (_, answer), seated in zip(part, held, strict=True):
                if not answer.done():
                    answer.set_result(seated)

    async def _end_visit(self, room_id: str, person: str) -> None:
        try:
            await self._rooms.leave(room_id, person)
        except StoreUnavailable:
            logger.info("a visit to %s was not ended; its seat lapses within 30 seconds", room_id)

    async def _release(self, room_id: str, person: str) -> None:
        try:
            await self._rooms.release(room_id, person)
        except StoreUnavailable:
            logger.info("a seat in %s was not given back; its lease runs out within 30 seconds", room_id)
