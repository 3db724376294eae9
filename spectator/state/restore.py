"""Bring a state to the head of its log; write checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectator.log import Head
from spectator.state.state import State

if TYPE_CHECKING:
    from spectator.log import Log


async def restore(log: Log, room_id: str) -> tuple[State, Head]:
    """Cold start: the state at the head, from the checkpoint and what follows it. Yields to the loop as it goes."""
    raise NotImplementedError


async def compact(log: Log, room_id: str) -> bool:
    """Fold what lies behind the checkpoint into a new one and trim; for the node whose append said ``compact``.

    False: another node is at it, or none is due.
    """
    raise NotImplementedError
