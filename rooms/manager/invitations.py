"""Invitations: made, listed, withdrawn, and found worth something when somebody comes with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rooms import codes
from rooms.access import Proof
from rooms.connection import Call
from rooms.errors import (
    InvitationNotFound,
    QuotaExceeded,
    RoomsError,
    Unauthorized,
)
from rooms.forms import NewInvitation
from rooms.manager.context import Context
from rooms.models import Invitation, Room
from rooms.store.invitations_store import InvitationsStore, Invited
from rooms.terms import HOUR_MS

MOST = 1000
"""Invitations of one room; those that are worth nothing any more make place for new ones."""

NO_INVITATION = "i_0000000000000000"
"""The id that is looked for when a token is none, so that a forged one costs the same."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A token that came with a join: the id it names, and whether it is signed for that very room."""

    invitation_id: str
    room_id: str | None


class Invitations:
    """What an owner does with invitations (``RoomManager.invitations``), and what one is worth at a join."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = InvitationsStore(context.connection)

    async def make(self, room: Room, new: NewInvitation) -> tuple[Invitation, str]:
        """Make an invitation; returns it and its token, which is told this once.

        Raises ``QuotaExceeded`` (a room holds 1,000 that are still worth something), ``RoomClosed``,
        ``RoomExpired``, ``RoomNotFound``.
        """
        now_ms = self._context.now_ms
        expires_ms = now_ms + int(new.hours * HOUR_MS)
        made = Invitation(
            codes.new_id("i"), room.id, new.uses, 0, now_ms, expires_ms, new.user_id, new.note or None
        )
        word = await self._store.make(made, MOST)
        if word == "many":
            raise QuotaExceeded(f"This room has {MOST} open invitations. Withdraw one of them first.")
        if word != "ok":
            raise await self._context.over(room.id)
        fields = {"t": room.tenant, "r": room.id, "i": made.id}
        return made, self._context.secrets.sign("invitation", fields, made.expires_at_ms)

    async def list(self, room: Room) -> Sequence[Invitation]:
        """All of a room's invitations, the newest first; tokens are not among what is kept."""
        found = await self._store.all(room.id)
        return sorted(found, key=lambda one: (one.created_at_ms, one.id), reverse=True)

    async def withdraw(self, room: Room, invitation_id: str) -> Invitation:
        """Make an invitation worth nothing. Who came in by it stays. Repeats are harmless.

        Raises ``InvitationNotFound``.
        """
        found = await self._store.get(room.id, invitation_id)
        if found is None or not await self._store.write(replace(found.invitation, withdrawn=True)):
            raise InvitationNotFound
        return replace(found.invitation, withdrawn=True)

    # ------------------------------------------------------------ at the door

    def read(self, token: str | None) -> Shown | None:
        """What a token says; None when none came. A forged one names an invitation that nobody has."""
        if not token:
            return None
        try:
            found = self._context.secrets.verify(token)
        except Unauthorized:
            return Shown(NO_INVITATION, None)
        if found.kind != "invitation":
            return Shown(NO_INVITATION, None)
        return Shown(str(found.fields["i"]), str(found.fields["r"]))

    def look(self, room_id: str, shown: Shown | None) -> Sequence[Call]:
        """The call that reads it in the room that was asked for, for a pipeline; the same whatever it is."""
        return [] if shown is None else [self._store.reading(room_id, shown.invitation_id)]

    def found(self, room_id: str, shown: Shown | None, replies: Sequence[Any]) -> Invited | None:
        """What such a call answered. Raises what it failed with."""
        if shown is None or not replies:
            return None
        if isinstance(replies[0], RoomsError):
            raise replies[0]
        return self._store.read_reply(room_id, shown.invitation_id, replies[0])

    def proof(self, shown: Shown | None, invited: Invited | None, room: Room, user_id: str | None) -> Proof:
        """Whether it opens this room to this user (None: nobody that the tenant vouches for)."""
        if shown is None:
            return Proof.ABSENT
        if invited is None or shown.room_id != room.id:
            return Proof.WRONG
        one = invited.invitation
        bound_to_other = one.user_id is not None and one.user_id != user_id
        if bound_to_other or one.status(self._context.now_ms) != "open":
            return Proof.WRONG
        return Proof.RIGHT
