"""Budgets of what strangers may do: failures, misses, newcomers, and the rooms made with one key.

They are looked at before anything is decided (and long before a password is hashed), and charged afterwards.
Whoever is in already is never asked about them.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rooms.connection import Call
from rooms.errors import RoomsError, TooManyAttempts
from rooms.limits import Bucket, Guess, Guesses
from rooms.manager.context import Context, nonce
from rooms.models import Room
from rooms.passwords import NotWorthIt
from rooms.store import keys


@dataclass(frozen=True, slots=True)
class Spent:
    """For how many ms budgets are still used up (0: they are not): failures, and new people.

    ``failures_left``: wrong guesses that this client may still make in this room.
    """

    failures_ms: int = 0
    newcomers_ms: int = 0
    failures_left: float = math.inf


class Budgets:
    """One bucket of tokens each; a client is an address (see ``source_of``)."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._guesses = Guesses()

    def looks(self, client: str, room_id: str) -> list[Call]:
        """The calls that look at a client's budgets for a pipeline, the same whether there is such a room."""
        source, limits = source_of(client), self._context.limits
        return [
            *self._call(_in_room(source, room_id), limits.client_in_room, cost=0),
            *self._call(_misses(source), limits.client, cost=0),
            *self._call(_all_misses(), limits.server, cost=0),
            *self._call(_newcomers(source), limits.newcomers, cost=0),
        ]

    def spent(self, replies: Sequence[Any]) -> Spent:
        """What those calls answered. Raises what one failed with."""
        waits = _waits(replies)
        left = min((reply[2] for reply in replies[:3]), default=math.inf)
        return Spent(max(waits[:3]), waits[3], left) if waits else Spent()

    async def charge_miss(self, client: str) -> None:
        """A code or an id that leads nowhere, for this client."""
        source, limits = source_of(client), self._context.limits
        await self._charge(
            *self._call(_misses(source), limits.client, cost=1),
            *self._call(_all_misses(), limits.server, cost=1),
        )

    async def charge_failure(self, client: str, room: Room) -> None:
        """A wrong password or invitation for a room, by whichever of its names it was asked for."""
        source, limits, room_id = source_of(client), self._context.limits, room.id
        kept_ms = int(2 * limits.client_in_room.burst / limits.client_in_room.per_minute * 60_000)
        noted = [(_in_room(source, room_id), self._context.now_ms + kept_ms)] if limits.enabled else []
        await self._context.tenants.note_names(room.tenant, noted)
        await self._charge(
            *self._call(_in_room(source, room_id), limits.client_in_room, cost=1),
            *self._call(_misses(source), limits.client, cost=1),
        )

    @contextmanager
    def guess(self, client: str, room_id: str, left: float) -> Iterator[Guess]:
        """One password to be checked while ``left`` of the budget is there; charged by who is in here.

        Raises ``TooManyAttempts`` out of it where others of the same moment used it up.
        """
        with self._guesses.guess(source_mark(room_id, client), left) as guess:
            try:
                yield guess
            except NotWorthIt:
                wait_s = 60 / self._context.limits.client_in_room.per_minute
                raise TooManyAttempts(retry_after=wait_s) from None

    def newcomer(self, client: str) -> list[Call]:
        """The call that charges somebody new; it goes with the one that lets them in (or wait)."""
        return self._call(_newcomers(source_of(client)), self._context.limits.newcomers, cost=1)

    async def take_creation(self, key_id: str) -> None:
        """Take one of the rooms that may be made with a key. Raises ``TooManyAttempts``."""
        told = "Too many rooms are being made with this key. Wait a little, then try again."
        await self._take(keys.bucket("creations", key_id), self._context.limits.creations, told)

    async def take_code(self, tenant: str) -> None:
        """Take one of the codes that a tenant's rooms may change to. Raises ``TooManyAttempts``."""
        key, bucket = keys.bucket("codes", tenant), self._context.limits.codes
        kept_ms = int(bucket.burst / bucket.per_minute * 60_000)
        if self._context.limits.enabled:
            await self._context.tenants.note_names(tenant, [(key, self._context.now_ms + kept_ms)])
        await self._take(key, bucket, "Codes are being changed too often. Wait a little, then try again.")

    async def _take(self, key: str, bucket: Bucket, told: str) -> None:
        for reply in await self._context.connection.run_many(self._call(key, bucket, cost=1, debt=False)):
            (wait_ms,) = _waits([reply])
            if not reply[1]:
                raise TooManyAttempts(told, retry_after=wait_ms / 1000)

    async def _charge(self, *calls: Call) -> None:
        _waits(await self._context.connection.run_many(calls))

    def _call(self, key: str, bucket: Bucket, *, cost: int, debt: bool = True) -> list[Call]:
        if not self._context.limits.enabled:
            return []
        names = self._context.names
        return [names.budget_call(key, bucket, cost, nonce(), debt=bucket.burst if debt else 0)]


@lru_cache(maxsize=4096)  # asked several times a call, and thousands come from one address
def source_of(client: str) -> str:
    """What counts as one client: an address, of IPv6 the /64 that one household is given."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def source_mark(room_id: str, client: str) -> str:
    """A client as the rows of one room name it: the same for the same address, and another in each room."""
    return keys.digest("source", room_id, source_of(client))


def _in_room(source: str, room_id: str) -> str:
    return keys.bucket("room", source, room_id)


def _misses(source: str) -> str:
    return keys.bucket("client", source)


def _all_misses() -> str:
    return keys.bucket("server")


def _newcomers(source: str) -> str:
    return keys.bucket("newcomers", source)


def _waits(replies: Sequence[Any]) -> list[int]:
    """For how many ms each bucket is used up. Raises what a call failed with."""
    for reply in replies:
        if isinstance(reply, RoomsError):
            raise reply
    return [reply[0] for reply in replies]
