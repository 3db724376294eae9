"""The verbs of the package; everything outside enters through ``RoomManager``."""

from __future__ import annotations

from rooms.manager.manager import RoomManager

__all__ = ["RoomManager"]
