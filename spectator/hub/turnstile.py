"""How many connections one address, and all together, may have on this node. Pure."""

from __future__ import annotations

from collections import Counter

from spectator.hub.policy import Policy


class Turnstile:
    """Counts connections by address: all of them, and those that have not shown their right yet."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._all: Counter[str] = Counter()
        self._strangers: Counter[str] = Counter()
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

    def leave(self, client: str, *, stranger: bool) -> None:
        """Count a connection out."""
        self._total -= 1
        _less(self._all, client)
        if stranger:
            _less(self._strangers, client)


def _less(counter: Counter[str], client: str) -> None:
    counter[client] -= 1
    if counter[client] <= 0:
        del counter[client]
