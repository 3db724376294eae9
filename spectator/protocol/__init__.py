"""What both sides of the wire agree on: enums, records, plain values, JSON. Python 3.8, no dependency."""

from spectator.protocol.levels import AccessLevel, SpectatorMode
from spectator.protocol.metrics import MetricsData

__all__ = ["AccessLevel", "MetricsData", "SpectatorMode"]
