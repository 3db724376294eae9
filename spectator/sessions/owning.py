"""What owners and moderators do while people watch: the same verbs for sessions and for rooms."""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping, Optional, Union

from spectator.client.terms import read_changes, read_invitation, read_users
from spectator.sessions.access import RoomAccessControl, read_access_control
from spectator.sessions.backend import Backend, Fields, is_user

Person = Union[str, Mapping[str, Any]]


class Owning:
    """The verbs of `SpectatorManager` and `SpectatorRoomManager` by which a room is owned.

    ``session_id`` is a room's id or its code. ``spectator`` is the id of a person (as in
    `list_spectators`), the id of a user, or a record with a ``spectator_id``, such as a join returned.
    ``acting_user`` is the user on whose behalf the caller acts, and who must be allowed to; None acts with
    the right of the tenant's key. Each call takes effect on whoever watches within a second.

    Each raises `Refused` when the answer is no (its ``code`` says why), `Unreachable` when there is none.
    """

    _backend: Backend

    # -- people

    async def list_spectators(self, session_id: str) -> List[Fields]:
        """Return who is in: ``spectator_id``, ``user_id``, ``user_name``, ``role``, ``joined_at``, ..."""
        return [_person(one) for one in (await self._backend.people(session_id))["spectators"]]

    async def list_blocked(self, session_id: str) -> List[Fields]:
        """Return who is blocked: ``spectator_id``, ``user_id``, ``user_name``, ``blocked_at``."""
        return [
            {
                "spectator_id": one["id"],
                "user_id": one.get("user_id"),
                "user_name": one.get("name"),
                "blocked_at": one.get("blocked_at"),
            }
            for one in (await self._backend.people(session_id)).get("blocked", [])
        ]

    async def kick_spectator(
        self, session_id: str, spectator: Person, acting_user: Optional[str] = None
    ) -> Fields:
        """Send somebody away, who may ask again after a minute.

        Returns, as the four below do, ``spectator_id``, ``user_name`` and ``status``: what they are now.
        """
        return await self._use(session_id, spectator, "kick", acting_user)

    async def block_spectator(
        self, session_id: str, spectator: Person, acting_user: Optional[str] = None
    ) -> Fields:
        """Send somebody away, and keep them out until they are unblocked."""
        return await self._use(session_id, spectator, "block", acting_user)

    async def unblock_spectator(
        self, session_id: str, spectator: Person, acting_user: Optional[str] = None
    ) -> Fields:
        """Let somebody who is blocked ask again."""
        return await self._use(session_id, spectator, "unblock", acting_user)

    async def promote_spectator(
        self, session_id: str, spectator: Person, acting_user: Optional[str] = None
    ) -> Fields:
        """Make somebody a moderator; only an owner may."""
        return await self._use(session_id, spectator, "promote", acting_user)

    async def demote_spectator(
        self, session_id: str, spectator: Person, acting_user: Optional[str] = None
    ) -> Fields:
        """Make a moderator a spectator again; only an owner may."""
        return await self._use(session_id, spectator, "demote", acting_user)

    async def create_identity(self, user_id: str, name: Optional[str] = None, hours: float = 24) -> Fields:
        """Vouch for a user: whoever holds the token is that user to every room of the tenant.

        Args:
            user_id: who it is, in your own words; what ``allowed_users`` and ``blocked_users`` hold.
            name: what others see; the user's id when left out.
            hours: how long it is good; at most 31 days.

        Returns:
            ``token`` (into the ``Authorization`` header of a join, or behind ``#identity=`` of a room's
            link), ``user_id``, ``name``, ``expires_at``.
        """
        return await self._backend.mint_identity(user_id, name, float(hours))

    # -- invitations

    async def create_invitation(
        self,
        session_id: str,
        uses: int = 1,
        user_id: Optional[str] = None,
        hours: float = 24,
        note: Optional[str] = None,
        acting_user: Optional[str] = None,
    ) -> Fields:
        """Make an invitation: how many people it lets in, which user only, how long, what it is for.

        Returns:
            ``id``, ``uses``, ``used``, ``expires_at``, ``status``, ``user_id``, ``note``, and, told this
            once, ``token`` and ``url`` (empty straight on a store: there is no page).
        """
        fields = read_invitation(uses, user_id, hours, note)
        return await self._backend.invite(session_id, fields, acting_user)

    async def list_invitations(self, session_id: str, acting_user: Optional[str] = None) -> List[Fields]:
        """Return the invitations, without their tokens."""
        return await self._backend.invitations(session_id, acting_user)

    async def withdraw_invitation(
        self, session_id: str, invitation_id: str, acting_user: Optional[str] = None
    ) -> None:
        """Make an invitation worth nothing; whoever came in by it stays."""
        await self._backend.withdraw_invitation(session_id, invitation_id, acting_user)

    # -- the room

    async def update_access_control(
        self,
        session_id: str,
        access_control: Union[RoomAccessControl, Mapping[str, Any]],
        acting_user: Optional[str] = None,
    ) -> Fields:
        """Change who may come in; of a mapping, what is not given stays. Returns the room.

        Whoever is on the list of the blocked afterwards, or no longer on the one that let them in, is out.
        """
        fields = read_access_control(access_control)
        return await self._change(session_id, fields, acting_user)

    async def update_room(self, session_id: str, acting_user: Optional[str] = None, **changes: Any) -> Fields:
        """Change what is given, as `Room.update` does, and return the room."""
        return await self._change(session_id, read_changes(changes), acting_user)

    async def allow_users(
        self, session_id: str, user_ids: Iterable[str], acting_user: Optional[str] = None
    ) -> Fields:
        """Put users on the list of those who may come in, beside those who are on it. Returns the room."""
        return await self._relist(session_id, user_ids, (), acting_user)

    async def disallow_users(
        self, session_id: str, user_ids: Iterable[str], acting_user: Optional[str] = None
    ) -> Fields:
        """Take users off that list; who is in by the list alone is sent away. Returns the room."""
        return await self._relist(session_id, (), user_ids, acting_user)

    async def rotate_access(self, session_id: str, what: str, acting_user: Optional[str] = None) -> str:
        """Replace what lets people in; the old one is worth nothing at once.

        Args:
            session_id: the session.
            what: "code" or "password": whoever is in, but moderators, joins again. "key": whoever holds the
                room's old key is out.
            acting_user: on whose behalf.

        Returns:
            The new code, password or key.
        """
        told = await self._backend.rotate(session_id, what, acting_user)
        self._room_changed(told, told.get("password"))
        return str(told[{"code": "code", "password": "password"}.get(what, "owner_token")])

    async def transfer_ownership(
        self, session_id: str, new_owner_id: str, acting_user: Optional[str] = None
    ) -> Fields:
        """Give the room to another user, who acts with an identity; the old key ends. Returns the room."""
        told = await self._backend.transfer(session_id, new_owner_id, acting_user)
        self._room_changed(told, None)
        return told

    async def extend_duration(
        self, session_id: str, hours: float, acting_user: Optional[str] = None
    ) -> Fields:
        """Let the room live so many hours longer. Returns the room."""
        told = await self._backend.extend(session_id, float(hours), acting_user)
        self._room_changed(told, None)
        return told

    def _room_changed(self, room: Fields, password: Optional[str]) -> None:
        """Take over what is now known of a room; ``password`` is a new one, or None."""

    async def _change(self, session_id: str, fields: Fields, acting_user: Optional[str]) -> Fields:
        told = dict(await self._backend.change(session_id, fields, acting_user))
        self._room_changed(told, told.pop("password", None) or fields.get("password"))
        return told

    async def _relist(
        self, session_id: str, more: Iterable[str], less: Iterable[str], acting_user: Optional[str]
    ) -> Fields:
        now = set((await self._backend.room(session_id)).get("allowed_users", []))
        listed = (now | set(read_users(more))) - set(read_users(less))
        return await self._change(session_id, {"allowed_users": sorted(listed)}, acting_user)

    async def _use(
        self, session_id: str, spectator: Person, power: str, acting_user: Optional[str]
    ) -> Fields:
        person = await self._person_id(session_id, spectator)
        told = await self._backend.use_power(session_id, person, power, acting_user)
        return {"spectator_id": told["id"], "user_name": told["name"], "status": told["status"]}

    async def _person_id(self, session_id: str, spectator: Person) -> str:
        """Return the id of a person of the room, given also as a record or as a user's id."""
        if not isinstance(spectator, str):
            return str(spectator["spectator_id"])
        told = await self._backend.people(session_id)
        those = [*told["spectators"], *told.get("blocked", [])]
        if any(one["id"] == spectator for one in those):
            return spectator
        as_user = [one["id"] for one in those if is_user(str(one["id"]), spectator)]
        return str(as_user[0]) if as_user else spectator


def _person(told: Fields) -> Fields:
    return {
        "spectator_id": told["id"],
        "user_id": told.get("user_id"),
        "user_name": told["name"],
        "role": told["role"],
        "joined_at": told["joined_at"],
        "watching": told.get("watching"),
        "lag_ms": told.get("lag_ms"),
    }
