"""Rooms straight on the store, without a server: for trusted code, without limits and audit.

Imported for redis://, rediss:// and unix:// only; needs what a server needs: Python 3.11 and its packages.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import Any, Iterator, List, Mapping, Optional, Set

from rooms import (
    Admitted,
    Caller,
    JoinAsk,
    JoinRequest,
    NewRoom,
    NotAllowed,
    Room,
    RoomNotFound,
    RoomsError,
    StoreUnavailable,
)
from spectator.client.environment import Environment
from spectator.client.errors import Refused, Unreachable
from spectator.manager import Manager
from spectator.manager.local import LOCAL_TENANT
from spectator.manager.views import iso
from spectator.protocol.json_text import json_text
from spectator.protocol.values import jsonable
from spectator.sessions.backend import Fields, Founded, Publisher
from spectator.sessions.store_run import StoreRun
from spectator.settings import Settings, private_folder

IDENTITY_HOURS = 24.0
HERE = "in-process"  # what joins are counted for, instead of an address
STAFF = {"owner", "moderator"}

OWNER = Caller(kind="api_key", tenant=LOCAL_TENANT, scopes=frozenset({"publish", "read", "manage"}))


class StoreRooms:
    """The rooms of tenant ``local`` in one store. For one event loop."""

    def __init__(self, url: str) -> None:
        """Remember the store; it is connected to at the first call."""
        self._url = url
        self._manager: Optional[Manager] = None
        self._opening = asyncio.Lock()

    async def create(self, fields: Mapping[str, Any]) -> Founded:
        """Create a room."""
        with _told():
            manager = await self._open()
            # Through JSON, as a server would get it: what that cannot carry must not come in here either.
            created = await manager.create(OWNER, NewRoom.read(json.loads(json_text(jsonable(fields)))))
            return Founded(
                room=await self._view(created.room),
                owner_token=created.owner_token,
                password=created.password or fields.get("password"),
                join_url="",
                owner_url=None,
            )

    async def room(self, room: str) -> Fields:
        """Return a room as its owner sees it."""
        with _told():
            return await self._view(await self._find(room))

    async def rooms(self) -> List[Fields]:
        """Return the tenant's rooms."""
        with _told():
            manager = await self._open()
            found = await manager.rooms.list_rooms(LOCAL_TENANT)
            return [shown.model_dump(mode="json") for shown in await manager.views(found, "owner")]

    async def close(self, room: str, user: Optional[str]) -> None:
        """End a room."""
        with _told():
            found = await self._find(room)
            await self._permit(found, user, {"owner"})
            await (await self._open()).rooms.close_room(found)

    async def join(self, room: str, name: str, password: Optional[str], user: Optional[str]) -> Fields:
        """Join as ``user``, or as somebody unknown. There is no server, so ``ws_url`` is empty."""
        with _told():
            manager = await self._open()
            ask = JoinAsk.read({"display_name": name, "password": password})
            outcome = await manager.rooms.join(room, await self._caller(user, name), ask, HERE)
            told: Fields = {"status": outcome.status, "token": outcome.token, "ws_url": ""}
            told["room"] = await self._view(outcome.room)
            if outcome.visitor is not None:
                told["visitor"] = outcome.visitor
            if isinstance(outcome, Admitted):
                return {**told, "spectator_id": outcome.person, "expires_at": iso(outcome.expires_at_ms)}
            return {**told, "spectator_id": outcome.request.person, "request_id": outcome.request_id}

    async def leave(self, room: str, token: str, request_id: Optional[str]) -> None:
        """Give back the seat that a join's token stands for, or take the request back that still waits."""
        with _told():
            manager = await self._open()
            found = await self._find(room)
            caller = await manager.rooms.caller(token)
            if request_id is None:
                if caller.person is not None:
                    await manager.rooms.leave(found.id, caller.person)
                return
            outcome = await manager.rooms.redeem_request(caller)
            if isinstance(outcome, Admitted):
                await manager.rooms.leave(found.id, outcome.person)
            elif outcome.status == "pending_approval":
                await manager.rooms.withdraw(found.id, request_id)

    async def requests(self, room: str) -> List[Fields]:
        """Return who asks to come in."""
        with _told():
            found = await self._find(room)
            return [_request(one) for one in await (await self._open()).rooms.requests(found.id)]

    async def settle(self, room: str, request_id: str, approve: bool, user: Optional[str]) -> Fields:
        """Answer a join request."""
        with _told():
            found = await self._find(room)
            await self._permit(found, user, STAFF)
            return _request(await (await self._open()).rooms.answer(found.id, request_id, approve))

    async def spectators(self, room: str) -> List[Fields]:
        """Return who is in."""
        with _told():
            found = await self._find(room)
            people = await (await self._open()).rooms.people(found.id)
            return [
                {"id": one.id, "name": one.name, "role": one.role, "joined_at": iso(one.joined_at_ms)}
                for one in people
            ]

    async def history(self, room: str, max_points: int) -> Fields:
        """Return the course of the room's metrics."""
        with _told():
            manager = await self._open()
            told = json.loads(await manager.history(await self._find(room), max_points=max_points))
            metrics: Fields = told["metrics"]
            return metrics

    def publisher(self, room: Fields, owner_token: Optional[str]) -> Publisher:  # noqa: ARG002 - none is needed
        """Return what publishes into ``room``; the store is connected by now."""
        assert self._manager is not None, "a room came from the store"
        return StoreRun(self._manager, str(room["id"]))

    async def stop(self) -> None:
        """Close the connection to the store; the next call opens another."""
        manager, self._manager = self._manager, None
        if manager is not None:
            await manager.stop()

    async def _open(self) -> Manager:
        async with self._opening:
            if self._manager is None:
                folder = private_folder(Environment.read().data_dir)
                settings = Settings.load({"data_dir": folder, "rate_limits": False})
                self._manager = await Manager.open(settings, self._url)
            return self._manager

    async def _find(self, room: str) -> Room:
        found = await (await self._open()).rooms.find(room)
        if found is None or found.tenant != LOCAL_TENANT:
            raise RoomNotFound
        return found

    async def _view(self, room: Room) -> Fields:
        (shown,) = await (await self._open()).views([room], "owner")
        return shown.model_dump(mode="json")

    async def _caller(self, user: Optional[str], name: Optional[str] = None) -> Caller:
        """Return who calls: a user, for whom this process vouches, or somebody unknown."""
        manager = await self._open()
        if user is None:
            return await manager.rooms.caller(None)
        identity = await manager.rooms.mint_identity(LOCAL_TENANT, user, name, IDENTITY_HOURS)
        return await manager.rooms.caller(identity)

    async def _permit(self, room: Room, user: Optional[str], roles: Set[str]) -> None:
        caller = OWNER if user is None else await self._caller(user)
        if await (await self._open()).rooms.role(caller, room) not in roles:
            raise NotAllowed(f"This takes {' or '.join(sorted(roles))}.")


def _request(one: JoinRequest) -> Fields:
    return {
        "id": one.id,
        "name": one.name,
        "user_id": one.user_id,
        "requested_at": iso(one.requested_at_ms),
        "status": one.status,
    }


@contextmanager
def _told() -> Iterator[None]:
    """Turn the errors of the store and the rooms into those a client of a server would get."""
    try:
        yield
    except StoreUnavailable as error:
        raise Unreachable(error.message) from error
    except RoomsError as error:
        raise Refused(error.code, 0, error.message, error.retry_after, error.field) from error
