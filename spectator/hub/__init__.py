"""What one node shows: a hub is a cursor on the log, a viewer is a cursor on the hub."""

from __future__ import annotations

from spectator.hub.codes import Close
from spectator.hub.hub import Describe, Hub, Wants
from spectator.hub.policy import Policy
from spectator.hub.viewer import Sink, Variant

__all__ = ["Close", "Describe", "Hub", "Policy", "Sink", "Variant", "Wants"]
