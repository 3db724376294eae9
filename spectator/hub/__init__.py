"""What one node shows: a hub is a cursor on the log, a viewer is a cursor on the hub."""

from __future__ import annotations

from spectator.hub.access_watch import AccessWatch
from spectator.hub.codes import Close
from spectator.hub.doorway import Ended
from spectator.hub.gate import cause
from spectator.hub.hub import Hub
from spectator.hub.policy import Policy
from spectator.hub.room import Describe
from spectator.hub.viewer import Pass, Sink, Stage, Variant, Viewer

__all__ = [
    "AccessWatch",
    "Close",
    "Describe",
    "Ended",
    "Hub",
    "Pass",
    "Policy",
    "Sink",
    "Stage",
    "Variant",
    "Viewer",
    "cause",
]
