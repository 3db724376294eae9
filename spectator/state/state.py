"""The state of a room: all that its events say, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spectator.log import Cursor, Entry
from spectator.overlay import Completed


@dataclass(slots=True)
class State:
    """What a late joiner needs to know. Made by folding every event once, in order."""

    cursor: Cursor = field(default=Cursor.START)


def fold(state: State, event: Mapping[str, Any], seq: int, time_ms: int, *, size: int = 0) -> State:
    """Fold one event into the state and return the state.

    Pure as a reducer is: no clock, no chance, no I/O; the same events give the same state, whether folded from the
    start or onto a checkpoint. The state is changed in place. ``time_ms`` is the entry's time, used where the event
    has no usable timestamp; ``size`` the event's length in bytes, by which old texts are dropped.
    Never raises on the content of an event.
    """
    raise NotImplementedError


def advance(state: State, entry: Entry, epoch: int) -> list[Completed]:
    """Fold a whole entry, move the state's cursor behind it, and return its events for viewers."""
    raise NotImplementedError
