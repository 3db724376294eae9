"""The verbs of the package; everything outside enters through ``RoomManager``."""

from __future__ import annotations

from rooms.manager.founding import claim_mark
from rooms.manager.manager import RoomManager

__all__ = ["RoomManager", "claim_mark"]
