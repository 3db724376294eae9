"""Commands of many callers in few pipelines: what is asked meanwhile goes together in the next.

A command on its own costs ten times the CPU that it costs in a pipeline, and five thousand people who join
in the same instant ask twenty thousand things. Whoever waits stands in one queue without a timer of its
own: what the store does not answer in time fails everybody in that flight and everybody queued behind it,
so no call waits for two.

A server that let one flight run out of time and answered none since that took off is *silent*: everybody
aboard is told at once, and from then on one at a time waits, to find out whether it answers again.
Six hundred callers who each waited two seconds for a stopped store would be answered long after they may be.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import DataError
from redis.exceptions import TimeoutError as StoreSilent

from rooms.patience import Patience

Command = Sequence[Any]
"""The parts of one command, its name first."""

Send = Callable[[Sequence[Command]], Awaitable[list[Any]]]
"""Sends commands in one pipeline; replies in order, errors of single commands among them."""

FLIGHTS = 8
"""Pipelines under way at once: a slow command holds up those that go with it, not all others."""

COMMANDS = 512
"""A flight is full with about so many; what one caller asked for together is never divided."""


@dataclass(frozen=True, slots=True, eq=False)
class _Passenger:
    """What one caller asked for, and where the replies go."""

    commands: Sequence[Command]
    answer: asyncio.Future[list[Any]]

    @property
    def waits(self) -> bool:
        return not self.answer.done()

    def tell(self, error: Exception) -> None:
        if self.waits:
            self.answer.set_exception(error)


class Flights:
    """The queue before one server of the store.

    Args:
        send: what a flight is.
        limit_s: the longest a flight may take.
        shared: whether a command only reads: those of one flight that are alike are sent once.
    """

    def __init__(self, send: Send, limit_s: float, shared: Callable[[Command], bool] | None = None) -> None:
        self._send = send
        self._limit_s = limit_s
        self._shared = shared or _never
        self._queue: deque[_Passenger] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._boarding = False  # a flight was called that has not taken its passengers yet
        self._aboard: set[_Passenger] = set()  # of the flights under way
        self._answered_at = 0.0  # when the server last did, by the loop's clock
        self._silent = False

    @property
    def silent(self) -> bool:
        """Whether the server is known to say nothing."""
        return self._silent

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Return the replies in order; an element may be the error of that command.

        Raises:
            Exception: what ``send`` raised, or TimeoutError, not much later than ``limit_s`` from now; at
                once where the server is known to be silent and somebody else finds out whether it still is.
        """
        if self._silent and (self._queue or self._aboard):
            raise TimeoutError("the store is silent")
        passenger = _Passenger(commands, asyncio.get_running_loop().create_future())
        self._queue.append(passenger)
        self._call()
        return await passenger.answer

    async def close(self) -> None:
        """End what is under way; who waits is cancelled."""
        for flight in self._under_way:
            flight.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _call(self) -> None:
        if self._boarding or not self._queue or len(self._under_way) >= FLIGHTS:
            return
        self._boarding = True
        flight = asyncio.create_task(self._fly(), name="a flight to the store")  # noqa: TID251 - kept and ended here
        self._under_way.add(flight)
        flight.add_done_callback(self._landed)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._under_way.discard(flight)
        if flight.cancelled():
            self._boarding = False
        self._call()

    async def _fly(self) -> None:
        passengers = self._board()
        try:
            await self._carry(passengers)
        except asyncio.CancelledError:
            for passenger in passengers:
                passenger.answer.cancel()
            raise

    def _board(self) -> list[_Passenger]:
        passengers: list[_Passenger] = []
        seats = COMMANDS
        while self._queue and seats > 0:
            passenger = self._queue.popleft()
            if passenger.waits:  # else whoever asked has gone
                passengers.append(passenger)
                seats -= len(passenger.commands)
        self._boarding = False
        self._call()
        return passengers

    async def _carry(self, passengers: list[_Passenger]) -> None:
        if not passengers:
            return
        commands = [command for passenger in passengers for command in passenger.commands]
        sent, places = self._without_repeats(commands)
        loop = asyncio.get_running_loop()
        took_off = loop.time()
        self._aboard.update(passengers)
        try:
            async with Patience(self._limit_s):
                answered = await self._send(sent)
        except DataError as error:
            await self._spare_the_others(passengers, error)
            return
        except Exception as error:  # noqa: BLE001 - not swallowed: everybody it concerns is told
            self._tell_all(passengers, error)
            if isinstance(error, (TimeoutError, StoreSilent)) and self._answered_at <= took_off:
                self._fall_silent(error)
            return
        finally:
            self._aboard.difference_update(passengers)
        self._answered_at, self._silent = loop.time(), False
        replies = answered if len(sent) == len(commands) else [answered[place] for place in places]
        start = 0
        for passenger in passengers:
            end = start + len(passenger.commands)
            if passenger.waits:
                passenger.answer.set_result(replies[start:end])
            start = end

    def _without_repeats(self, commands: list[Command]) -> tuple[list[Command], list[int]]:
        """What has to be sent, and for each command the place of its reply among the replies.

        Of the people who join a room in the same moment each asks where its code leads; nobody boards a
        flight that has left, so the one answer is as fresh as each of theirs would be.
        """
        sent: list[Command] = []
        places: list[int] = []
        known: dict[tuple[Any, ...], int] = {}
        for command in commands:
            place = len(sent)
            if self._shared(command):
                place = known.setdefault(tuple(command), place)
            if place == len(sent):
                sent.append(command)
            places.append(place)
        return sent, places

    async def _spare_the_others(self, passengers: list[_Passenger], error: Exception) -> None:
        """One of them passed an argument that cannot be sent, and nothing was: each goes alone, once."""
        if len(passengers) == 1:
            passengers[0].tell(error)
            return
        for passenger in passengers:
            await self._carry([passenger])

    def _tell_all(self, passengers: list[_Passenger], error: Exception) -> None:
        """What failed for these would fail for those behind them too, only later than they may wait."""
        behind = list(self._queue)
        self._queue.clear()
        for passenger in [*passengers, *behind]:
            passenger.tell(error)

    def _fall_silent(self, error: Exception) -> None:
        """Nothing was answered for as long as anybody may wait: those who took off since need not go on."""
        self._silent = True
        for passenger in self._aboard:
            passenger.tell(error)
        self._aboard.clear()
        for flight in self._under_way:
            if flight is not asyncio.current_task():
                flight.cancel()


def _never(command: Command) -> bool:
    del command
    return False
