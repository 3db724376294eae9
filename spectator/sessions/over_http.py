"""Rooms of a server, for coroutines: the calls of the client, each in a thread so that no loop waits."""

from __future__ import annotations

import asyncio
import functools
import time
import uuid
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar

from spectator.client.address import Address
from spectator.client.api import Api
from spectator.client.environment import Environment
from spectator.client.errors import Refused
from spectator.client.lifetime import FLUSH_SECONDS
from spectator.client.opened import Opened
from spectator.client.opening import find_api
from spectator.client.rekeying import renewed
from spectator.client.run import Run
from spectator.client.stderr import Speaker
from spectator.sessions.backend import Fields, Founded, Publisher, is_user

IDENTITY_SECONDS = 1800.0  # that a minted identity is used again; it is good for longer

T = TypeVar("T")


class ServedRooms:
    """The rooms of one tenant on one server."""

    def __init__(self, url: Optional[str], api_key: Optional[str]) -> None:
        """Remember the server: ``url``, else the environment's, else this user's own, started if need be."""
        self._address = Address.parse(url) if url else None
        self._api_key = api_key
        self._api: Optional[Api] = None
        self._identities: Dict[str, Tuple[str, float]] = {}

    async def create(self, fields: Mapping[str, Any]) -> Founded:
        """Create a room."""
        told = await self._call(lambda api: api.create_room(fields, uuid.uuid4().hex))
        return Founded(
            room=dict(told["room"]),
            owner_token=str(told["owner_token"]),
            password=told.get("password") or fields.get("password"),
            join_url=str(told.get("join_url", "")),
            owner_url=told.get("owner_url"),
        )

    async def room(self, room: str) -> Fields:
        """Return a room as its owner sees it."""
        return await self._call(lambda api: api.room(room))

    async def rooms(self) -> List[Fields]:
        """Return the tenant's rooms."""
        return await self._call(lambda api: api.rooms())

    async def close(self, room: str, user: Optional[str]) -> None:
        """End a room."""
        await self._act(room, user, lambda api: api.close(room))

    async def change(self, room: str, fields: Mapping[str, Any], user: Optional[str]) -> Fields:
        """Change a room."""
        return await self._act(room, user, lambda api: api.change(room, fields))

    async def extend(self, room: str, hours: float, user: Optional[str]) -> Fields:
        """Let a room live longer."""
        return await self._act(room, user, lambda api: api.extend(room, hours))

    async def rotate(self, room: str, what: str, user: Optional[str]) -> Fields:
        """Replace a room's code, password or key."""
        return await self._act(room, user, lambda api: api.rotate(room, what))

    async def transfer(self, room: str, new_owner: str, user: Optional[str]) -> Fields:
        """Give a room to another user."""
        return await self._act(room, user, lambda api: api.transfer(room, new_owner))

    async def people(self, room: str) -> Fields:
        """Return who is in and who is blocked."""
        return await self._call(lambda api: api.people(room))

    async def use_power(self, room: str, person: str, power: str, user: Optional[str]) -> Fields:
        """Kick, block, unblock, promote or demote a person."""
        return await self._act(room, user, lambda api: api.use_power(room, person, power))

    async def invite(self, room: str, fields: Mapping[str, Any], user: Optional[str]) -> Fields:
        """Make an invitation."""
        return await self._act(room, user, lambda api: api.invite(room, fields))

    async def invitations(self, room: str, user: Optional[str]) -> List[Fields]:
        """Return a room's invitations."""
        return await self._act(room, user, lambda api: api.invitations(room))

    async def withdraw_invitation(self, room: str, invitation: str, user: Optional[str]) -> None:
        """Make an invitation worth nothing."""
        await self._act(room, user, lambda api: api.withdraw_invitation(room, invitation))

    async def join(
        self,
        room: str,
        name: str,
        password: Optional[str],
        user: Optional[str],
        invitation: Optional[str] = None,
    ) -> Fields:
        """Join as ``user``, or as somebody unknown."""

        def join(api: Api) -> Fields:
            # An id lets nobody in, so that none is worth guessing; whoever calls may know the code.
            code = str(api.room(room)["code"])
            who = self._as(api, user, name) if user is not None else api.acting_as(None)
            return who.join(code, name, password, invitation)

        return await self._call(join)

    async def leave(self, room: str, token: str, request_id: Optional[str]) -> None:
        """Give back the seat that a join's token stands for, or take the request back that still waits."""

        def leave(api: Api) -> None:
            who = api.acting_as(token)
            if request_id is not None:
                told = who.asked(room, request_id)
                if told["status"] == "pending_approval":
                    who.withdraw(room, request_id)
                if told["status"] != "approved":
                    return
                who = api.acting_as(str(told["token"]))
            who.leave(room)

        await self._call(leave)

    async def requests(self, room: str) -> List[Fields]:
        """Return who asks to come in."""
        return await self._call(lambda api: api.requests(room))

    async def settle(self, room: str, request_id: str, approve: bool, user: Optional[str]) -> Fields:
        """Answer a join request."""

        def settle(api: Api) -> Fields:
            return api.approve(room, request_id) if approve else api.deny(room, request_id)

        return await self._act(room, user, settle)

    async def mint_identity(self, user_id: str, name: Optional[str], hours: float) -> Fields:
        """Vouch for a user of the key's tenant."""
        return await self._call(lambda api: api.mint_identity(user_id, name, hours))

    async def history(self, room: str, max_points: int) -> Fields:
        """Return the course of the room's metrics."""
        return await self._call(lambda api: api.history(room, max_points=max_points))

    def publisher(self, room: Fields, owner_token: Optional[str]) -> Publisher:
        """Return what publishes into ``room``; the server is known by now."""
        api = self._api
        assert api is not None, "a room came from the server"
        return ServedRun(Opened(api.address, room, owner_token or api.bearer or ""), api)

    async def stop(self) -> None:
        """Nothing stays open between calls."""

    async def _call(self, call: Callable[[Api], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, functools.partial(self._call_here, call))

    async def _act(self, room: str, user: Optional[str], call: Callable[[Api], T]) -> T:
        """Make a call that takes an owner or a moderator, as ``user`` or with the key's own right."""

        def act(api: Api) -> T:
            try:
                return call(self._as(api, user))
            except Refused as refused:
                if user is None or refused.code != "not_allowed":
                    raise
                # An identity makes an owner; what makes a moderator is the place they have in the room.
                grant = self._moderators_grant(api, room, user)
                if grant is None:
                    raise
                return call(api.acting_as(grant))

        return await self._call(act)

    def _moderators_grant(self, api: Api, room: str, user: str) -> Optional[str]:
        """Return what a moderator of the room acts with; None for who is none: nobody is let in by this."""
        for one in api.spectators(room):
            if one["role"] == "moderator" and is_user(str(one["id"]), user):
                code = str(api.room(room)["code"])
                return str(self._as(api, user).join(code, str(one["name"]))["token"])
        return None

    def _call_here(self, call: Callable[[Api], T]) -> T:
        if self._api is None:
            self._api = find_api(Environment.read(), self._address, self._api_key)
            if not self._api.has_credential:
                raise Refused(
                    "unauthorized",
                    401,
                    f"no API key for {self._api.address.url}: set SPECTATOR_API_KEY, or api_key=",
                )
        return call(self._api)

    def _as(self, api: Api, user: Optional[str], name: Optional[str] = None) -> Api:
        """Return the calls as a named user, for whom the holder of the key vouches."""
        if user is None:
            return api
        identity, until = self._identities.get(f"{user}\n{name}", ("", 0.0))
        if time.monotonic() >= until:
            identity = api.identity(user, name)
            self._identities[f"{user}\n{name}"] = identity, time.monotonic() + IDENTITY_SECONDS
        return api.acting_as(identity)


class ServedRun:
    """A run that is published to a server; begins with its first event."""

    def __init__(self, opened: Opened, api: Api) -> None:
        """Prepare to publish into a room that is open; should its key be replaced, ``api`` gets the next."""
        self._opened: Optional[Opened] = opened
        self._run = Run(
            self._open, Speaker(), reopen_expired=False, renew=lambda opened: renewed(api, opened)
        )

    def publish(self, kind: int, fields: Fields) -> None:
        """Queue an event."""
        if not self._run.started:
            self._run.start()
        self._run.add(kind, fields)

    async def finish(self) -> None:
        """End the run, and wait some seconds until everything is sent."""
        self._run.end_run(None)
        await asyncio.get_running_loop().run_in_executor(None, self._run.wait_sent, FLUSH_SECONDS)

    def _open(self) -> Opened:
        opened, self._opened = self._opened, None
        if opened is None:  # asked again: the server does not know the room any more
            raise Refused("room_not_found", 404, "the room of this session is no longer there")
        return opened
