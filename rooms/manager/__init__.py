"""The verbs of the package; everything outside enters through ``RoomManager``."""

from __future__ import annotations

from rooms.manager.founding import claim_mark
from rooms.manager.manager import RoomManager
from rooms.manager.operating import Operating

__all__ = ["Operating", "RoomManager", "claim_mark"]
