"""Rooms in which people watch training happen.

    import spectator

    room = spectator.open_room("cartpole-dqn")
    room.log(current_reward=75.5, loss_value=0.045)

The names below are loaded when they are first used: on a trainer, this loads the standard library alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from spectator.client.errors import NoServer, Refused, SpectatorError, Unreachable
    from spectator.client.invitations import Invitation
    from spectator.client.open_room import open_room
    from spectator.client.people import Blocked, JoinRequest, Spectator
    from spectator.client.room import Room
    from spectator.client.watching import watch
    from spectator.protocol.levels import AccessLevel, SpectatorMode
    from spectator.protocol.metrics import MetricsData
    from spectator.sessions.access import RoomAccessControl
    from spectator.sessions.manager import SpectatorManager
    from spectator.sessions.overlay import TrainingMetricsOverlay
    from spectator.sessions.rooms import SpectatorRoomManager
    from spectator.sessions.session import SpectatorSession

# Each public name and the module it lives in. A literal, so that tools and people can read it.
_HOMES = {
    "open_room": "spectator.client.open_room",
    "Room": "spectator.client.room",
    "Invitation": "spectator.client.invitations",
    "Blocked": "spectator.client.people",
    "JoinRequest": "spectator.client.people",
    "Spectator": "spectator.client.people",
    "watch": "spectator.client.watching",
    "SpectatorError": "spectator.client.errors",
    "Unreachable": "spectator.client.errors",
    "NoServer": "spectator.client.errors",
    "Refused": "spectator.client.errors",
    "AccessLevel": "spectator.protocol.levels",
    "SpectatorMode": "spectator.protocol.levels",
    "MetricsData": "spectator.protocol.metrics",
    "SpectatorManager": "spectator.sessions.manager",
    "SpectatorSession": "spectator.sessions.session",
    "TrainingMetricsOverlay": "spectator.sessions.overlay",
    "SpectatorRoomManager": "spectator.sessions.rooms",
    "RoomAccessControl": "spectator.sessions.access",
}

__all__ = [
    "AccessLevel",
    "Blocked",
    "Invitation",
    "JoinRequest",
    "MetricsData",
    "NoServer",
    "Refused",
    "Room",
    "RoomAccessControl",
    "Spectator",
    "SpectatorError",
    "SpectatorManager",
    "SpectatorMode",
    "SpectatorRoomManager",
    "SpectatorSession",
    "TrainingMetricsOverlay",
    "Unreachable",
    "open_room",
    "watch",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'spectator' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted({*globals(), *_HOMES})
