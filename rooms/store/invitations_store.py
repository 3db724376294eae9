"""Invitations of a room: their rows, and how often each was used. One method, one operation."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from rooms.connection import Call, Connection
from rooms.errors import RoomsError
from rooms.models import Invitation
from rooms.store import keys, rows, scripts


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation and its row as it was read; who spends a use shows the row, and it must still stand."""

    invitation: Invitation
    row: str = field(repr=False)

    @property
    def terms(self) -> tuple[str, str, int]:
        """What the script that lets somebody in by it compares: its id, its row, its uses."""
        return self.invitation.id, self.row, self.invitation.uses


class InvitationsStore:
    """Rows by id, and beside them the count of uses, which is all that changes while people come in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def now_ms(self) -> int:
        """The store's time."""
        return self._connection.clock.now_ms()

    async def make(self, one: Invitation, most: int) -> str:
        """Write a new row; what is worth nothing goes first if the room has ``most``.

        Returns ``ok``, ``many``, ``over`` or ``gone``.
        """
        names = keys.of_room(one.room_id, "room", "invitations", "invited")
        reply = await self._connection.run(scripts.INVITE, names, [self.now_ms, one.id, _row(one), most])
        return rows.text(reply)

    async def write(self, one: Invitation) -> bool:
        """Write a row that is there; false when it is gone."""
        names = keys.of_room(one.room_id, "invitations")
        return bool(await self._connection.run(scripts.REWRITE_INVITATION, names, [one.id, _row(one)]))

    async def get(self, room_id: str, invitation_id: str) -> Invited | None:
        """One invitation, or None."""
        script, names, args = self.reading(room_id, invitation_id)
        return self.read_reply(room_id, invitation_id, await self._connection.run(script, names, args))

    async def all(self, room_id: str) -> list[Invitation]:
        """Every invitation of a room, in no order."""
        invitations, invited = keys.of_room(room_id, "invitations", "invited")
        found = await self._connection.command_many([("HGETALL", invitations), ("HGETALL", invited)])
        for reply in found:
            if isinstance(reply, RoomsError):
                raise reply
        all_rows, used = found
        return [_read(room_id, one.decode(), row, used.get(one)) for one, row in all_rows.items()]

    def reading(self, room_id: str, invitation_id: str) -> Call:
        """The call that reads one, to be sent alone or in a pipeline."""
        return (scripts.INVITATION, keys.of_room(room_id, "invitations", "invited"), [invitation_id])

    def read_reply(self, room_id: str, invitation_id: str, reply: Any) -> Invited | None:
        """What such a call answered."""
        row, used = reply
        return Invited(_read(room_id, invitation_id, row, used), row.decode()) if row else None


def _row(one: Invitation) -> str:
    return rows.write(
        {
            "uses": one.uses,
            "created_at": one.created_at_ms,
            "expires_at": one.expires_at_ms,
            "user": one.user_id,
            "note": one.note,
            "withdrawn": one.withdrawn,
        }
    )


def _read(room_id: str, invitation_id: str, row: bytes, used: bytes | None) -> Invitation:
    data = json.loads(row)
    return Invitation(
        invitation_id,
        room_id,
        data["uses"],
        rows.number(used) or 0,
        data["created_at"],
        data["expires_at"],
        data["user"],
        data["note"],
        data["withdrawn"],
    )
