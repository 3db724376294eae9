"""What the parts of one hub have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spectator.hub.policy import Policy
from spectator.hub.room import RoomHub
from spectator.spans import Mark, unmarked
from spectator.stats import Stats

if TYPE_CHECKING:
    from rooms import RoomManager
    from spectator.log import Log


@dataclass(frozen=True, slots=True)
class Node:
    """One node's store, numbers, clock and rooms.

    Args:
        name: random, tells this node from others for as long as it runs.
        log: events, and through its connection the store's clock.
        manager: who may watch.
        policy: the numbers.
        clock: seconds, monotonic.
        stats: what the node counts.
        span: marks stretches of work for traces.
        rooms: those that somebody here has to do with.
    """

    name: str
    log: Log
    manager: RoomManager
    policy: Policy
    clock: Callable[[], float]
    stats: Stats = field(default_factory=Stats)
    span: Mark = unmarked
    rooms: dict[str, RoomHub] = field(default_factory=dict)

    def now_ms(self) -> int:
        """The store's clock."""
        return self.log.connection.clock.now_ms()

    def jumped(self) -> bool:
        """Whether the store's clock jumped less than a minute ago."""
        return self.log.connection.clock.jumped()
