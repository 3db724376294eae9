"""The state: the log folded into what a late joiner must know, and its checkpoints."""

from spectator.state.fold import advance, fold
from spectator.state.history import Span, history
from spectator.state.restore import compact, restore
from spectator.state.snapshot import opening, snapshot
from spectator.state.state import Run, State

__all__ = ["Run", "Span", "State", "advance", "compact", "fold", "history", "opening", "restore", "snapshot"]
