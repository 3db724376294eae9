"""What replaces a room's code, password, key or owner: the old one is worth nothing from that moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from rooms import codes
from rooms.errors import Busy, InvalidRequest
from rooms.manager.budgets import Budgets
from rooms.manager.context import Context, nonce
from rooms.manager.credentials import Credentials
from rooms.manager.indexes import Indexes
from rooms.models import AccessLevel, Created, Room
from rooms.store import PowersStore, Record, rows

What = Literal["code", "password", "key"]

TRIES = 8
"""How often it is worked out anew when somebody else changed the room in between."""


class Rotating:
    """Rotations and transfers, each one compare-and-set on the room's version.

    So a join that was decided by the old one is decided again, and of two owners at once each replaces what
    the other left.
    """

    def __init__(
        self,
        context: Context,
        store: PowersStore,
        credentials: Credentials,
        indexes: Indexes,
        budgets: Budgets,
    ) -> None:
        self._budgets = budgets
        self._context = context
        self._store = store
        self._credentials = credentials
        self._indexes = indexes

    async def rotate(self, room: Room, what: What) -> Created:
        """Replace the code, the password or the key."""
        if what == "code":
            return await self._code(room)
        return await (self._password(room) if what == "password" else self._key(room))

    async def transfer(self, room: Room, user_id: str) -> Room:
        """Make the room another user's; the room key of the old owner ends."""
        for _ in range(TRIES):
            before = await self._context.current(room.id)
            if user_id in before.room.blocked_users:
                raise InvalidRequest("user_id: is blocked in this room. Unblock them first.", field="user_id")
            document = {**before.document, "owner_id": user_id}
            fields = {"doc": rows.write(document), "generation": before.room.generation + 1}
            if await self._change(before, fields):
                return (await self._context.current(room.id)).room
        raise Busy("Others keep changing this room. Try again.")

    async def _key(self, room: Room) -> Created:
        for _ in range(TRIES):
            before = await self._context.current(room.id)
            if await self._change(before, {"generation": before.room.generation + 1}):
                return self._created((await self._context.current(room.id)).room)
        raise Busy("Others keep changing this room. Try again.")

    async def _password(self, room: Room) -> Created:
        password = codes.new_password()
        hashed = await self._context.passwords.hash(password, room.tenant)
        for _ in range(TRIES):
            before = await self._context.current(room.id)
            document = {
                **before.document,
                "access_level": AccessLevel.PASSWORD.value,
                "password_hash": hashed,
            }
            if await self._empty(before, {"doc": rows.write(document)}):
                after = (await self._context.current(room.id)).room
                await self._indexes.relist(after)
                return self._created(after, password)
        raise Busy("Others keep changing this room. Try again.")

    async def _code(self, room: Room) -> Created:
        await self._budgets.take_code(room.tenant)
        code = await self._indexes.reserve_code(room.tenant, room.id, None)
        for _ in range(TRIES):
            before = await self._context.current(room.id)
            await self._indexes.replace_code(before.room)
            if await self._empty(before, {"code": code}):
                record = await self._context.current(room.id)
                await self._indexes.keep_names(record)
                await self._indexes.let_lapse(before.room)
                return self._created(record.room)
        raise Busy("Others keep changing this room. Try again.")

    # ------------------------------------------------------------ parts

    async def _empty(self, before: Record, fields: Mapping[str, Any]) -> bool:
        """Write fields and end every spectator's membership; false when the room changed meanwhile."""
        return await self._done(before.room.id, await self._store.rotate(before, fields, nonce()))

    async def _change(self, before: Record, fields: Mapping[str, Any]) -> bool:
        """Write fields; false when the room changed meanwhile."""
        return await self._done(before.room.id, await self._context.rooms.change(before, fields, nonce()))

    async def _done(self, room_id: str, outcome: str) -> bool:
        if outcome in {"over", "gone"}:
            raise await self._context.over(room_id)
        return outcome == "ok"

    def _created(self, room: Room, password: str | None = None) -> Created:
        return Created(room, self._credentials.owner_token(room), password)
