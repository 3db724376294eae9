"""The budget of failures (wrong codes, passwords, invitations): per client and room, per client, in all."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from rooms import codes
from rooms.connection import Call
from rooms.errors import RoomsError
from rooms.limits import Bucket
from rooms.manager.context import Context, nonce
from rooms.store import keys


class Budgets:
    """Looked at before a join is decided, charged when it failed."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def looks(self, client: str, ref: str) -> list[Call]:
        """The calls that look at the budgets of a client, for a pipeline."""
        return self._calls(client, ref, cost=0)

    def longest(self, replies: Sequence[Any]) -> int:
        """For how many ms a budget is used up by their replies. Raises what a call failed with."""
        for reply in replies:
            if isinstance(reply, RoomsError):
                raise reply
        return max(replies, default=0)

    async def charge(self, client: str, ref: str) -> None:
        """Take one failure off the budgets."""
        self.longest(await self._context.connection.run_many(self._calls(client, ref, cost=1)))

    def _calls(self, client: str, ref: str, cost: int) -> list[Call]:
        limits = self._context.limits
        if not limits.enabled:
            return []
        source, mark = source_of(client), nonce()
        tried = ref if codes.is_room_id(ref) else codes.normalise(ref)[:64]
        buckets: list[tuple[str, Bucket]] = [
            (keys.bucket("room", source, tried), limits.client_in_room),
            (keys.bucket("client", source), limits.client),
            (keys.bucket("server"), limits.server),
        ]
        names = self._context.names
        return [names.budget_call(key, bucket, cost, mark) for key, bucket in buckets]


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
