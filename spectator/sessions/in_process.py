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
    BlockedPerson,
    Caller,
    Created,
    Invitation,
    JoinAsk,
    JoinRequest,
    NewInvitation,
    NewRoom,
    NotAllowed,
    Person,
    Role,
    Room,
    RoomNotFound,
    RoomPatch,
    RoomsError,
    Rotation,
    StoreUnavailable,
    Transfer,
)
from spectator.client.environment import Environment
from spectator.client.errors import Refused, Unreachable
from spectator.manager import Manager
from spectator.manager.local import LOCAL_TENANT
from spectator.manager.views import iso
from spectator.protocol.json_text import json_text
from spectator.protocol.values import jsonable
from spectator.sessions.backend import Fields, Founded, Publisher, is_user
from spectator.sessions.store_run import StoreRun
from spectator.settings import Settings, private_folder

IDENTITY_HOURS = 24.0
HERE = "in-process"  # what joins are counted for, instead of an address
STAFF = {"owner", "moderator"}
OWNERS_ONLY = {"promote", "demote"}

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
            found = await self._permitted(room, user, {"owner"})
            await (await self._open()).rooms.close_room(found)

    async def change(self, room: str, fields: Mapping[str, Any], user: Optional[str]) -> Fields:
        """Change a room."""
        with _told():
            found = await self._permitted(room, user, {"owner"})
            patch = RoomPatch.read(json.loads(json_text(jsonable(fields))))
            changed = await (await self._open()).change(found, patch)
            return await self._view_of(changed)

    async def extend(self, room: str, hours: float, user: Optional[str]) -> Fields:
        """Let a room live longer."""
        with _told():
            found = await self._permitted(room, user, {"owner"})
            return await self._view(await (await self._open()).rooms.extend(found, hours))

    async def rotate(self, room: str, what: str, user: Optional[str]) -> Fields:
        """Replace a room's code, password or key."""
        with _told():
            found = await self._permitted(room, user, {"owner"})
            asked = Rotation.read({"what": what}).what
            made = await (await self._open()).rooms.powers.rotate(found, asked)
            key = {"owner_token": made.owner_token} if asked == "key" else {}
            return {**await self._view_of(made), **key}

    async def transfer(self, room: str, new_owner: str, user: Optional[str]) -> Fields:
        """Give a room to another user."""
        with _told():
            found = await self._permitted(room, user, {"owner"})
            asked = Transfer.read({"user_id": new_owner}).user_id
            return await self._view(await (await self._open()).rooms.powers.transfer(found, asked))

    async def people(self, room: str) -> Fields:
        """Return who is in and who is blocked."""
        with _told():
            found = await self._find(room)
            rooms = (await self._open()).rooms
            return {
                "spectators": [_member(one) for one in await rooms.people(found.id)],
                "blocked": [_blocked(one) for one in await rooms.powers.blocked(found)],
            }

    async def use_power(self, room: str, person: str, power: str, user: Optional[str]) -> Fields:
        """Kick, block, unblock, promote or demote a person."""
        with _told():
            found = await self._find(room)
            role = await self._permit(found, user, {"owner"} if power in OWNERS_ONLY else STAFF)
            powers = (await self._open()).rooms.powers
            if power == "promote":
                done = await powers.promote(found, person)
            elif power == "demote":
                done = await powers.demote(found, person)
            else:
                acts = {"kick": powers.kick, "block": powers.block, "unblock": powers.unblock}
                done = await acts[power](found, person, role)
            return {"id": done.id, "name": done.name, "status": done.status}

    async def invite(self, room: str, fields: Mapping[str, Any], user: Optional[str]) -> Fields:
        """Make an invitation. There is no server, so ``url`` is empty."""
        with _told():
            found = await self._permitted(room, user, {"owner"})
            manager = await self._open()
            made, token = await manager.rooms.invitations.make(found, NewInvitation.read(dict(fields)))
            return {**_invitation(made, manager.now_ms()), "token": token, "url": ""}

    async def invitations(self, room: str, user: Optional[str]) -> List[Fields]:
        """Return a room's invitations."""
        with _told():
            found = await self._permitted(room, user, {"owner"})
            manager = await self._open()
            return [_invitation(one, manager.now_ms()) for one in await manager.rooms.invitations.list(found)]

    async def withdraw_invitation(self, room: str, invitation: str, user: Optional[str]) -> None:
        """Make an invitation worth nothing."""
        with _told():
            found = await self._permitted(room, user, {"owner"})
            await (await self._open()).rooms.invitations.withdraw(found, invitation)

    async def join(
        self,
        room: str,
        name: str,
        password: Optional[str],
        user: Optional[str],
        invitation: Optional[str] = None,
    ) -> Fields:
        """Join as ``user``, or as somebody unknown. There is no server, so ``ws_url`` is empty."""
        with _told():
            manager = await self._open()
            ask = JoinAsk.read({"display_name": name, "password": password, "invitation": invitation})
            # An id lets nobody in, so that none is worth guessing; whoever calls may know the code.
            code = (await self._find(room)).code
            outcome = await manager.rooms.join(code, await self._caller(user, name), ask, HERE)
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

    async def mint_identity(self, user_id: str, name: Optional[str], hours: float) -> Fields:
        """Vouch for a user of tenant ``local``."""
        with _told():
            manager = await self._open()
            token = await manager.rooms.mint_identity(LOCAL_TENANT, user_id, name, hours)
            caller = await manager.rooms.caller(token)
            ends = iso(caller.expires_at_ms) if caller.expires_at_ms is not None else None
            return {"token": token, "user_id": caller.user_id, "name": caller.name, "expires_at": ends}

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

    async def _permit(self, room: Room, user: Optional[str], roles: Set[str]) -> Role:
        caller = OWNER if user is None else await self._caller(user)
        rooms = (await self._open()).rooms
        role = await rooms.role(caller, room)
        if role is None and user is not None:
            # An identity makes an owner; what makes a moderator is the place they have in the room.
            members = [one for one in await rooms.people(room.id) if is_user(one.id, user)]
            role = members[0].role if members else None
        if role is None or role not in roles:
            raise NotAllowed(f"This takes {' or '.join(sorted(roles))}.")
        return role

    async def _permitted(self, room: str, user: Optional[str], roles: Set[str]) -> Room:
        found = await self._find(room)
        await self._permit(found, user, roles)
        return found

    async def _view_of(self, made: Created) -> Fields:
        """The room after a change, with the password that was made, if one was."""
        password = {} if made.password is None else {"password": made.password}
        return {**await self._view(made.room), **password}


def _request(one: JoinRequest) -> Fields:
    return {
        "id": one.id,
        "name": one.name,
        "user_id": one.user_id,
        "requested_at": iso(one.requested_at_ms),
        "status": one.status,
    }


def _member(one: Person) -> Fields:
    return {
        "id": one.id,
        "name": one.name,
        "role": one.role,
        "joined_at": iso(one.joined_at_ms),
        "watching": one.seated,
        "lag_ms": None,
        "user_id": one.user_id,
    }


def _blocked(one: BlockedPerson) -> Fields:
    since = None if one.blocked_at_ms is None else iso(one.blocked_at_ms)
    return {"id": one.id, "name": one.name, "user_id": one.user_id, "blocked_at": since}


def _invitation(one: Invitation, now_ms: int) -> Fields:
    return {
        "id": one.id,
        "note": one.note,
        "user_id": one.user_id,
        "uses": one.uses,
        "used": one.used,
        "created_at": iso(one.created_at_ms),
        "expires_at": iso(one.expires_at_ms),
        "status": one.status(now_ms),
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
