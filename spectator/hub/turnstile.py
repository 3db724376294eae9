"""How many connections one address, and all together, may have on this node. Pure.

A class of forty behind one address passes: it joins, and each of its connections shows a grant. What an
address cannot do is to sit on most of a room's seats without a single join.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

from spectator.hub.policy import Policy

_Key = TypeVar("_Key")


class Turnstile:
    """Counts connections by address: all of them, those that have not shown their right yet, and visits.

    A visit is a connection without any credential to a room that is open to all; it takes a seat.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._all: Counter[str] = Counter()
        self._strangers: Counter[str] = Counter()
        self._visits: Counter[tuple[str, str]] = Counter()
        self._total = 0

    def enter(self, client: str, *, limited: bool = True) -> bool:
        """Count a connection in, as a stranger; False (and not counted) when there are too many.

        Args:
            client: the address, or network, it comes from.
            limited: whether the limits of an address hold; the node's own limit always does.
        """
        if self._total >= self._policy.node_viewers:
            return False
        if limited and (
            self._all[client] >= self._policy.client_viewers
            or self._strangers[client] >= self._policy.client_strangers
        ):
            return False
        self._total += 1
        self._all[client] += 1
        self._strangers[client] += 1
        return True

    def known(self, client: str) -> None:
        """One of its strangers has shown its right."""
        _less(self._strangers, client)

    def visit(self, client: str, room_id: str, seats: int) -> bool:
        """Count a visit in; False (and not counted) when the address has its part of the room's seats.

        Args:
            client: the address, or network, it comes from.
            room_id: the room.
            seats: how many the room has.
        """
        if self._visits[client, room_id] >= max(1, int(seats * self._policy.visit_share)):
            return False
        self._visits[client, room_id] += 1
        return True

    def end_visit(self, client: str, room_id: str) -> None:
        """Count a visit out."""
        _less(self._visits, (client, room_id))

    def leave(self, client: str, *, stranger: bool) -> None:
        """Count a connection out."""
        self._total -= 1
        _less(self._all, client)
        if stranger:
            _less(self._strangers, client)


def _less(counter: Counter[_Key], key: _Key) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
