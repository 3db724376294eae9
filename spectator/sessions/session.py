"""SpectatorSession: one training that can be watched."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, Mapping, Optional

from spectator.protocol.levels import SpectatorMode
from spectator.sessions.overlay import TrainingMetricsOverlay
from spectator.sessions.times import read_time


@dataclass
class SpectatorSession:
    """What is known of a session; `SpectatorManager` makes them.

    Attributes:
        session_id: the room's id.
        training_session_id: what the training calls itself.
        room_code: what people type to come in.
        room_password: the password, if there is one and this process knows it.
        spectator_mode: what is shown.
        created_at: since when, UTC.
        expires_at: until when, UTC.
        max_spectators: seats.
        current_spectators: seats taken, when last asked.
        access_control: level, approval, lists of users.
        metrics_overlay: whether metrics are shown.
        performance_graphs: whether graphs are shown.
        decision_visualization: whether decisions are shown.
        join_url: the page.
        owner_url: a link that makes whoever opens it owner, good once and for ten minutes.
        overlay: what is shown.
    """

    session_id: str
    training_session_id: str
    room_code: str
    room_password: Optional[str] = field(repr=False)
    spectator_mode: SpectatorMode
    created_at: datetime
    expires_at: datetime
    max_spectators: int
    current_spectators: int
    access_control: Dict[str, Any]
    metrics_overlay: bool
    performance_graphs: bool
    decision_visualization: bool
    join_url: str
    owner_url: Optional[str] = field(repr=False)
    overlay: TrainingMetricsOverlay = field(repr=False, compare=False)

    def to_dict(self) -> Dict[str, Any]:
        """Return it as JSON data, without password and owner's link."""
        return {
            "session_id": self.session_id,
            "training_session_id": self.training_session_id,
            "room_code": self.room_code,
            "spectator_mode": self.spectator_mode.value,
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "max_spectators": self.max_spectators,
            "current_spectators": self.current_spectators,
            "access_control": self.access_control,
            "has_password": self.access_control["has_password"],
            "metrics_overlay": self.metrics_overlay,
            "performance_graphs": self.performance_graphs,
            "decision_visualization": self.decision_visualization,
            "join_url": self.join_url,
        }

    def refresh(self, room: Mapping[str, Any]) -> None:
        """Take over what a server now says of the room."""
        self.room_code = str(room["code"])
        self.max_spectators = int(room["max_spectators"])
        self.current_spectators = int(room["current_spectators"])
        self.expires_at = read_time(room["expires_at"])
        self.access_control = read_access(room)
        self.join_url = str(room.get("join_url") or self.join_url)


def read_access(room: Mapping[str, Any]) -> Dict[str, Any]:
    """Return what a room's answer says of who may come in."""
    return {
        "access_level": str(room["access_level"]),
        "has_password": bool(room["has_password"]),
        "require_approval": bool(room["require_approval"]),
        "allowed_users": list(room.get("allowed_users", [])),
        "blocked_users": list(room.get("blocked_users", [])),
    }
