from __future__ import annotations

from typing import Any, Dict

from spectator.protocol.levels import SpectatorMode
from spectator.sessions.overlay import TrainingMetricsOverlay
from spectator.sessions.session import SpectatorSession, read_access
from spectator.sessions.times import read_time

ROOM: Dict[str, Any] = {
    "id": "r_1",
    "code": "ABC234",
    "access_level": "password",
    "has_password": True,
    "require_approval": False,
    "max_spectators": 10,
    "current_spectators": 0,
    "created_at": "2024-01-15T10:30:00.000Z",
    "expires_at": "2024-01-16T10:30:00.000Z",
}


def session() -> SpectatorSession:
    return SpectatorSession(
        session_id="r_1",
        training_session_id="dqn",
        room_code="ABC234",
        room_password="s3cret",
        spectator_mode=SpectatorMode.LIVE_TRAINING,
        created_at=read_time(ROOM["created_at"]),
        expires_at=read_time(ROOM["expires_at"]),
        max_spectators=10,
        current_spectators=0,
        access_control=read_access(ROOM),
        metrics_overlay=True,
        performance_graphs=True,
        decision_visualization=False,
        join_url="http://h/r/ABC234",
        owner_url="http://h/r/ABC234#claim=cl_x",
        overlay=TrainingMetricsOverlay("r_1"),
    )


def test_to_dict_holds_no_credential() -> None:
    told = session().to_dict()
    assert "s3cret" not in str(told)
    assert "cl_x" not in str(told)
    assert told["has_password"] is True
    assert told["spectator_mode"] == "live_training"
    assert told["expires_at"] == "2024-01-16T10:30:00+00:00"
    assert "s3cret" not in repr(session())
    assert "cl_x" not in repr(session())


def test_takes_over_what_the_server_says_now() -> None:
    known = session()
    known.refresh({**ROOM, "code": "XYZ789", "current_spectators": 3, "require_approval": True})
    assert (known.room_code, known.current_spectators) == ("XYZ789", 3)
    assert known.access_control["require_approval"] is True
    assert known.room_password == "s3cret"
