"""SpectatorManager: trainings that can be watched, from a program with a loop of its own."""

from __future__ import annotations

import inspect
import logging
from types import TracebackType
from typing import Any, Awaitable, Callable, Dict, List, Mapping, Optional, Type, Union

from spectator.client.errors import Refused
from spectator.protocol.levels import SpectatorMode
from spectator.protocol.metrics import MetricsData
from spectator.sessions.access import RoomAccessControl, read_access_control
from spectator.sessions.backend import Fields, Founded, Publisher, make_backend
from spectator.sessions.overlay import TrainingMetricsOverlay
from spectator.sessions.owning import Owning
from spectator.sessions.session import SpectatorSession, read_access
from spectator.sessions.times import read_time

GONE = frozenset({"room_not_found", "room_closed", "room_expired"})
LONGEST_NAME = 64  # characters of a room's name

Callback = Callable[[MetricsData], Union[Awaitable[object], object]]

_log = logging.getLogger(__name__)


class SpectatorManager(Owning):
    """Creates sessions, lets people in, shows them metrics.

    Every call but the constructor waits for the server's answer (publishing does not), and raises `Refused`
    when the answer is no, `Unreachable` or `NoServer` when there is none.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        *,
        api_key: Optional[str] = None,
        game_server_url: Optional[str] = None,
    ) -> None:
        """Remember where to go; needs no running loop and connects to nothing yet.

        Args:
            url: http(s)://, the server; redis://, rediss:// or unix://, straight to the store, without a
                server; None: `SPECTATOR_URL`, else this user's own server, started if need be.
            api_key: the tenant's key, else `SPECTATOR_API_KEY`, else the data folder's.
            game_server_url: the address of the game itself; kept with the rooms, never dialled.

        Raises:
            ValueError: ``url`` cannot be used.
        """
        self.game_server_url = game_server_url
        self._backend = make_backend(url, api_key)
        self._sessions: Dict[str, SpectatorSession] = {}
        self._publishers: Dict[str, Publisher] = {}
        self._callbacks: Dict[str, List[Callback]] = {}
        self._joined: Dict[str, Fields] = {}  # what each spectator's join returned, by spectator id

    async def __aenter__(self) -> SpectatorManager:  # noqa: PYI034 - typing.Self is younger than 3.8
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.cleanup()

    async def create_spectator_session(
        self,
        training_session_id: str,
        spectator_mode: SpectatorMode = SpectatorMode.LIVE_TRAINING,
        max_spectators: int = 10,
        session_duration_hours: float = 24,
        password_protected: bool = False,
        enable_metrics_overlay: bool = True,
        enable_performance_graphs: bool = True,
        enable_decision_visualization: bool = True,
        access_control: Union[RoomAccessControl, Mapping[str, Any], None] = None,
    ) -> SpectatorSession:
        """Create a session that people can join with its code.

        Args:
            training_session_id: what the training calls itself.
            spectator_mode: what is shown.
            max_spectators: seats.
            session_duration_hours: how long the session lives.
            password_protected: make a password (`SpectatorSession.room_password`).
            enable_metrics_overlay: show metrics.
            enable_performance_graphs: show graphs.
            enable_decision_visualization: show decisions.
            access_control: who may come in, in more detail.
        """
        fields: Fields = {
            "name": training_session_id[:LONGEST_NAME],
            "training_session_id": training_session_id,
            "mode": SpectatorMode(spectator_mode).value,
            "max_spectators": max_spectators,
            "session_duration_hours": float(session_duration_hours),
            "enable_metrics_overlay": enable_metrics_overlay,
            "enable_performance_graphs": enable_performance_graphs,
            "enable_decision_visualization": enable_decision_visualization,
            **read_access_control(access_control),
        }
        if password_protected and "password" not in fields:
            fields["password_protected"] = True
        if self.game_server_url is not None:
            fields["metadata"] = {"game_server_url": self.game_server_url}
        founded = await self._backend.create(fields)
        session = self._session(founded)
        self._sessions[session.session_id] = session
        return session

    async def join_spectator_session(
        self,
        session_id: str,
        spectator_name: str,
        password: Optional[str] = None,
        user_id: Optional[str] = None,
        invitation: Optional[str] = None,
    ) -> Fields:
        """Join a session; as the user ``user_id``, for whom the caller vouches, or as somebody unknown.

        ``invitation`` is the token of one, where the session asks for that.

        Returns:
            ``status`` (approved, or pending_approval with ``request_id``), ``session_id``, ``room_code``,
            ``spectator_id``, ``spectator_mode``, ``training_session_id``, ``metrics_overlay``,
            ``performance_graphs``, ``decision_visualization``, ``token`` and ``ws_url``: where to watch, and
            with what (the token goes into the Authorization header or the ``hello``, never into the URL).
        """
        told = await self._backend.join(session_id, spectator_name, password, user_id, invitation)
        room = told["room"]
        info: Fields = {
            "status": told["status"],
            "session_id": room.get("id", session_id),
            "room_code": room["code"],
            "spectator_id": told["spectator_id"],
            "spectator_mode": room.get("mode"),
            "training_session_id": room.get("training_session_id"),
            "metrics_overlay": room.get("enable_metrics_overlay"),
            "performance_graphs": room.get("enable_performance_graphs"),
            "decision_visualization": room.get("enable_decision_visualization"),
            "token": told["token"],
            "ws_url": told["ws_url"],
        }
        if "request_id" in told:
            info["request_id"] = told["request_id"]
        self._joined[info["spectator_id"]] = info
        return info

    async def leave_spectator_session(
        self, session_id: str, spectator: Union[str, Mapping[str, Any]]
    ) -> None:
        """Give a seat back.

        Args:
            session_id: the session.
            spectator: what `join_spectator_session` returned, or its ``spectator_id``.

        Raises:
            ValueError: nobody joined through this manager under that id.
        """
        if isinstance(spectator, str):
            known = self._joined.get(spectator)
            if known is None:
                raise ValueError(f"nobody joined through this manager as {spectator!r}")
            spectator = known
        self._joined.pop(str(spectator["spectator_id"]), None)
        await self._backend.leave(session_id, str(spectator["token"]), spectator.get("request_id"))

    async def get_pending_approvals(self, session_id: str) -> List[Fields]:
        """Return who waits to be let in, oldest first: ``request_id``, ``user_id``, ``user_name``, ..."""
        return [
            {
                "request_id": one["id"],
                "user_id": one.get("user_id"),
                "user_name": one["name"],
                "requested_at": one["requested_at"],
            }
            for one in await self._backend.requests(session_id)
            if one["status"] == "pending_approval"
        ]

    async def approve_join_request(
        self, session_id: str, request_id: str, acting_user: Optional[str] = None
    ) -> Fields:
        """Let somebody in who waits; returns ``status``, ``request_id``, ``user_id``, ``user_name``."""
        return await self._settle(session_id, request_id, True, acting_user)

    async def deny_join_request(
        self, session_id: str, request_id: str, acting_user: Optional[str] = None
    ) -> Fields:
        """Turn somebody away who waits; returns the same."""
        return await self._settle(session_id, request_id, False, acting_user)

    async def update_training_metrics(self, session_id: str, metrics_data: MetricsData) -> None:
        """Show new metrics in a session and call its callbacks; decision fields in them also make a decision.

        A callback that raises is logged, and harms neither the others nor the training.
        """
        session = self._sessions.get(session_id)
        if session is None:
            session = await self._adopt(session_id)
        await session.overlay.update_metrics(metrics_data)
        for callback in self._callbacks.get(session_id, []):
            try:
                outcome = callback(metrics_data)
                if inspect.isawaitable(outcome):
                    await outcome
            except Exception:  # noqa: BLE001 - a stranger's code; the training goes on
                _log.exception("a metrics callback of session %s failed", session_id)

    def register_metrics_callback(self, session_id: str, callback: Callback) -> None:
        """Have a function, plain or async, called with the metrics of each update of a session.

        Raises:
            TypeError: it cannot be called.
        """
        if not callable(callback):
            raise TypeError("a metrics callback is a function that takes a MetricsData")
        self._callbacks.setdefault(session_id, []).append(callback)

    async def get_session_info(self, session_id: str) -> Optional[Fields]:
        """Return a session as JSON data, without its password; None when it has ended, or never was."""
        try:
            room = await self._backend.room(session_id)
        except Refused as refused:
            if refused.code not in GONE:
                raise
            return None
        if room["status"] == "ended":
            return None
        session = self._sessions.get(session_id) or self._session(Founded(room, "", None, "", None))
        session.refresh(room)
        return session.to_dict()

    async def list_active_sessions(self) -> List[Fields]:
        """Return the sessions of this manager that still live, as JSON data."""
        living = {str(room["id"]): room for room in await self._backend.rooms() if room["status"] != "ended"}
        found = [session for name, session in self._sessions.items() if name in living]
        for session in found:
            session.refresh(living[session.session_id])
        return [session.to_dict() for session in found]

    async def close_session(self, session_id: str) -> None:
        """End a session for everybody. One that is gone already is no error."""
        publisher = self._publishers.pop(session_id, None)
        if publisher is not None:
            await publisher.finish()
        try:
            await self._backend.close(session_id, None)
        except Refused as refused:
            if refused.code not in GONE:
                raise
        self._sessions.pop(session_id, None)
        self._callbacks.pop(session_id, None)

    async def cleanup(self, *, close_rooms: bool = False) -> None:
        """End the runs of this manager and its connections; with ``close_rooms`` its rooms too.

        Otherwise the rooms stay until they expire, so that people can look back.
        """
        if close_rooms:
            for session_id in list(self._sessions):
                await self.close_session(session_id)
        for publisher in list(self._publishers.values()):
            await publisher.finish()
        self._publishers.clear()
        self._sessions.clear()
        self._callbacks.clear()
        self._joined.clear()
        await self._backend.stop()

    async def _settle(
        self, session_id: str, request_id: str, approve: bool, acting_user: Optional[str]
    ) -> Fields:
        told = await self._backend.settle(session_id, request_id, approve, acting_user)
        return {
            "status": told["status"],
            "request_id": told["id"],
            "user_id": told.get("user_id"),
            "user_name": told.get("name"),
        }

    def _room_changed(self, room: Fields, password: Optional[str]) -> None:
        session = self._sessions.get(str(room["id"]))
        if session is not None:
            session.refresh(room)
            session.room_password = password or (session.room_password if room["has_password"] else None)

    def _session(self, founded: Founded) -> SpectatorSession:
        """Return the session of a room."""
        room = founded.room
        session_id = str(room["id"])

        def publish(kind: int, fields: Fields) -> None:
            publisher = self._publishers.get(session_id)
            if publisher is None:
                publisher = self._backend.publisher(room, founded.owner_token)
                self._publishers[session_id] = publisher
            publisher.publish(kind, fields)

        overlay = TrainingMetricsOverlay(
            session_id,
            bool(room["enable_performance_graphs"]),
            bool(room["enable_decision_visualization"]),
            publish=publish if room["enable_metrics_overlay"] else None,
        )
        return SpectatorSession(
            session_id=session_id,
            training_session_id=str(room.get("training_session_id") or ""),
            room_code=str(room["code"]),
            room_password=founded.password,
            spectator_mode=SpectatorMode(room["mode"]),
            created_at=read_time(room["created_at"]),
            expires_at=read_time(room["expires_at"]),
            max_spectators=int(room["max_spectators"]),
            current_spectators=int(room["current_spectators"]),
            access_control=read_access(room),
            metrics_overlay=bool(room["enable_metrics_overlay"]),
            performance_graphs=bool(room["enable_performance_graphs"]),
            decision_visualization=bool(room["enable_decision_visualization"]),
            join_url=founded.join_url,
            owner_url=founded.owner_url,
            overlay=overlay,
        )

    async def _adopt(self, session_id: str) -> SpectatorSession:
        """Return the session of a room that this manager did not create."""
        room = await self._backend.room(session_id)
        session = self._session(Founded(room, "", None, "", None))
        self._sessions[session.session_id] = session
        return session
