"""SpectatorRoomManager: rooms, and who may come into them, on behalf of named users.

Whoever calls holds the tenant's key and so vouches for the user ids given: each call that names a user is
made with an identity signed for that user, and the server decides what the user may do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Dict, List, Mapping, Optional, Type

from spectator.client.errors import Refused
from spectator.protocol.values import jsonable
from spectator.sessions.access import RoomAccessControl
from spectator.sessions.backend import Fields, Founded, is_user, make_backend
from spectator.sessions.owning import Owning
from spectator.sessions.session import read_access
from spectator.sessions.times import read_time

GONE = frozenset({"room_not_found", "room_closed", "room_expired"})
LONGEST_NAME = 64  # characters of a room's name


@dataclass
class SpectatorRoomInfo:
    """A room.

    Attributes:
        room_id: what programs call it.
        room_code: what people type to come in.
        training_session_id: the training that is watched.
        creator_id: the user who owns it.
        created_at: since when, UTC.
        expires_at: until when, UTC.
        access_control: who may come in; its password is the one made, if one was.
        current_spectators: seats taken.
        spectator_list: who is in.
        room_status: active, paused or ended.
        join_url: the page.
    """

    room_id: str
    room_code: str
    training_session_id: str
    creator_id: str
    created_at: datetime
    expires_at: datetime
    access_control: RoomAccessControl
    current_spectators: int
    spectator_list: List[Fields]
    room_status: str
    join_url: str = field(default="")

    def to_dict(self) -> Fields:
        """Return it as JSON data, without the password."""
        return {
            "room_id": self.room_id,
            "room_code": self.room_code,
            "training_session_id": self.training_session_id,
            "creator_id": self.creator_id,
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "access_level": self.access_control.access_level.value,
            "max_spectators": self.access_control.max_spectators,
            "current_spectators": self.current_spectators,
            "spectator_list": self.spectator_list,
            "room_status": self.room_status,
            "has_password": bool(self.access_control.password),
            "require_approval": self.access_control.require_approval,
        }


class SpectatorRoomManager(Owning):
    """Creates rooms for users and lets users into them.

    Raises `Refused` when the server says no (its ``code`` says why), `Unreachable` or `NoServer` when there
    is none.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        *,
        api_key: Optional[str] = None,
        game_server_url: Optional[str] = None,
    ) -> None:
        """Remember where to go, as `SpectatorManager`; needs no running loop."""
        self.game_server_url = game_server_url
        self._backend = make_backend(url, api_key)
        self._metadata: Dict[str, Fields] = {}  # what was told of users who joined, by user id

    async def __aenter__(self) -> SpectatorRoomManager:  # noqa: PYI034 - typing.Self is younger than 3.8
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.cleanup()

    async def create_spectator_room(
        self,
        training_session_id: str,
        creator_id: str,
        access_control: Optional[RoomAccessControl] = None,
        room_duration_hours: float = 24,
        custom_room_code: Optional[str] = None,
    ) -> SpectatorRoomInfo:
        """Create a room that belongs to the user ``creator_id``.

        Args:
            training_session_id: the training that is watched.
            creator_id: the user who may let people in and close the room.
            access_control: who may come in; anybody with the code when left out.
            room_duration_hours: how long the room lives.
            custom_room_code: the code you would like; 6 to 12 letters and digits without 0, O, 1 and I.
        """
        control = access_control or RoomAccessControl()
        fields: Fields = {
            "name": training_session_id[:LONGEST_NAME],
            "training_session_id": training_session_id,
            "owner_id": creator_id,
            "session_duration_hours": float(room_duration_hours),
            **control.fields(),
        }
        if custom_room_code is not None:
            fields["custom_code"] = custom_room_code
        if self.game_server_url is not None:
            fields["metadata"] = {"game_server_url": self.game_server_url}
        return _info(await self._backend.create(fields), control)

    async def join_room_request(
        self,
        room_code: str,
        user_id: str,
        user_name: str,
        password: Optional[str] = None,
        user_metadata: Optional[Mapping[str, Any]] = None,
        invitation: Optional[str] = None,
    ) -> Fields:
        """Ask to come in as a user; ``invitation`` is the token of one, where the room asks for that.

        Returns:
            ``status`` approved or pending_approval, ``message``, ``token`` and ``ws_url`` to watch (or wait)
            with, ``room_info``, ``spectator_info``, and ``request_id`` where the request waits.
        """
        told = await self._backend.join(room_code, user_name, password, user_id, invitation)
        self._metadata[user_id] = jsonable(user_metadata or {})
        waits = told["status"] == "pending_approval"
        joined: Fields = {
            "status": told["status"],
            "message": "The owner has been told." if waits else "You are in.",
            "token": told["token"],
            "ws_url": told["ws_url"],
            "room_info": told["room"],
            "spectator_info": {
                "user_id": user_id,
                "user_name": user_name,
                "spectator_id": told["spectator_id"],
                "user_metadata": self._metadata[user_id],
            },
        }
        if waits:
            joined["request_id"] = told["request_id"]
        return joined

    async def approve_join_request(
        self, room_code: str, user_id: str, approver_id: str, approved: bool = True
    ) -> Fields:
        """Let a user in who waits, or turn them away, on behalf of ``approver_id``.

        Args:
            room_code: the room.
            user_id: who waits; the id of the request will do.
            approver_id: who decides: the creator, or a moderator.
            approved: False turns away.

        Returns:
            ``status`` approved or denied, ``request_id``, ``user_id``, ``user_name``.

        Raises:
            Refused: nobody waits under that id (`request_not_found`), the approver may not decide
                (`not_allowed`), or there is no seat (`room_full`; the request goes on waiting).
        """
        for request in await self._backend.requests(room_code):
            if user_id in {request["user_id"], request["id"]}:
                told = await self._backend.settle(room_code, request["id"], approved, approver_id)
                return {
                    "status": told["status"],
                    "request_id": request["id"],
                    "user_id": request["user_id"],
                    "user_name": request["name"],
                }
        raise Refused("request_not_found", 404, f"nobody called {user_id!r} asks to come in")

    async def leave_room(self, room_code: str, user_id: str) -> None:
        """Give the seat of a user back, or take their request back. One who is not there is no error."""
        people = (await self._backend.people(room_code))["spectators"]
        seated = [one["name"] for one in people if is_user(one["id"], user_id)]
        waiting = [
            one["name"] for one in await self._backend.requests(room_code) if one["user_id"] == user_id
        ]
        for name in (seated + waiting)[:1]:
            # Whoever is in, or waits, is answered with the same again, and a token that can give it up.
            told = await self._backend.join(room_code, name, None, user_id)
            await self._backend.leave(room_code, str(told["token"]), told.get("request_id"))

    async def get_room_info(self, room_code: str) -> Optional[Fields]:
        """Return a room as JSON data, with who is in; None when there is none."""
        try:
            room = await self._backend.room(room_code)
            people = (await self._backend.people(room_code))["spectators"]
        except Refused as refused:
            if refused.code not in GONE:
                raise
            return None
        return {**_shown(room), "spectator_list": [_person(one) for one in people]}

    async def get_pending_approvals(self, room_code: str) -> List[Fields]:
        """Return who waits to be let in, oldest first."""
        return [
            {
                "request_id": request["id"],
                "user_id": request["user_id"],
                "user_name": request["name"],
                "requested_at": request["requested_at"],
                "user_metadata": self._metadata.get(request["user_id"] or "", {}),
            }
            for request in await self._backend.requests(room_code)
            if request["status"] == "pending_approval"
        ]

    async def list_user_rooms(self, user_id: str) -> List[Fields]:
        """Return the living rooms that a user owns, is in, or is listed in; each with ``user_role``."""
        found = []
        for room in await self._backend.rooms():
            if room["status"] == "ended":
                continue
            role = await self._role(room, user_id)
            if role is not None:
                found.append({**_shown(room), "user_role": role})
        return found

    async def close_room(self, room_code: str, closer_id: str) -> None:
        """End a room on behalf of a user. One that is gone already is no error.

        Raises:
            Refused: the user may not (`not_allowed`).
        """
        try:
            await self._backend.close(room_code, closer_id)
        except Refused as refused:
            if refused.code not in GONE:
                raise

    async def cleanup(self) -> None:
        """Close what is open; the rooms stay until they expire."""
        self._metadata.clear()
        await self._backend.stop()

    async def _role(self, room: Fields, user_id: str) -> Optional[str]:
        if room.get("owner_id") == user_id:
            return "creator"
        if user_id in room.get("allowed_users", []):
            return "allowed"
        if not room["current_spectators"]:
            return None
        people = (await self._backend.people(str(room["id"])))["spectators"]
        return "spectator" if any(is_user(one["id"], user_id) for one in people) else None


def _info(founded: Founded, control: RoomAccessControl) -> SpectatorRoomInfo:
    room = founded.room
    return SpectatorRoomInfo(
        room_id=str(room["id"]),
        room_code=str(room["code"]),
        training_session_id=str(room.get("training_session_id") or ""),
        creator_id=str(room.get("owner_id") or ""),
        created_at=read_time(room["created_at"]),
        expires_at=read_time(room["expires_at"]),
        access_control=replace(control, password=founded.password),
        current_spectators=int(room["current_spectators"]),
        spectator_list=[],
        room_status=str(room["status"]),
        join_url=founded.join_url,
    )


def _shown(room: Fields) -> Fields:
    return {
        "room_id": room["id"],
        "room_code": room["code"],
        "training_session_id": room.get("training_session_id"),
        "creator_id": room.get("owner_id"),
        "created_at": room["created_at"],
        "expires_at": room["expires_at"],
        "max_spectators": room["max_spectators"],
        "current_spectators": room["current_spectators"],
        "room_status": room["status"],
        **read_access(room),
    }


def _person(told: Fields) -> Fields:
    return {
        "spectator_id": told["id"],
        "user_name": told["name"],
        "role": told["role"],
        "joined_at": told["joined_at"],
    }
