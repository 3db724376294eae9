"""Changing rooms while people are in them, and ending them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from rooms import codes, terms
from rooms.access import is_blocked, stands
from rooms.errors import Busy, InvalidRequest, RoomNotFound, StoreUnavailable
from rooms.fields import HOURS
from rooms.forms import RoomPatch
from rooms.manager.budgets import Budgets
from rooms.manager.context import Context, nonce
from rooms.manager.credentials import Credentials
from rooms.manager.indexes import Indexes
from rooms.manager.removal import Removal
from rooms.models import Created, Member, Parted, PartedBy, Room
from rooms.store import PowersStore, Record, rows
from rooms.terms import HOUR_MS, PasswordPlan

TRIES = 8
"""How often a change is worked out anew when somebody else changed the room in between."""


@dataclass(slots=True)
class _Hashed:
    """A password of this change and its hash: worked out once, however often the change is tried."""

    password: str | None = None
    digest: str | None = None
    generated: bool = False


class Changing:
    """What an owner does to a room that is there."""

    def __init__(
        self,
        context: Context,
        credentials: Credentials,
        indexes: Indexes,
        powers: PowersStore,
        removal: Removal,
        budgets: Budgets,
    ) -> None:
        self._budgets = budgets
        self._removal = removal
        self._context = context
        self._powers = powers
        self._credentials = credentials
        self._indexes = indexes

    async def change(self, room: Room, patch: RoomPatch) -> Created:
        """Change what is given."""
        code = await self._new_code(room, patch)
        hashed = _Hashed()
        for _ in range(TRIES):
            before = await self._context.current(room.id)
            level, plan = terms.password_plan(
                patch, before.room.access_level, has_password=before.room.has_password
            )
            document = terms.changed_document(before.document, patch)
            document |= {"access_level": level.value, "password_hash": await self._hash(plan, hashed, before)}
            fields = self._fields(before.room, patch, document, code)
            if code is not None:
                await self._indexes.replace_code(before.room)
            outcome = await self._context.rooms.change(before, fields, nonce())
            if outcome == "ok":
                if patch.model_fields_set & {"allowed_users", "blocked_users"}:
                    await self._enforce_lists(room.id)
                return await self._changed(before.room, hashed if plan.what == "generate" else _Hashed())
            if outcome == "over":
                raise await self._context.over(room.id)
        raise Busy("Others keep changing this room. Try again.")

    async def set_password(self, room: Room, password: str) -> Created:
        """Give a room of level password a generated password, and tell it."""
        hashed = await self._context.passwords.hash(password, room.tenant)
        for _ in range(TRIES):
            before = await self._context.current(room.id)
            document = {**before.document, "access_level": "password", "password_hash": hashed}
            outcome = await self._context.rooms.change(before, {"doc": rows.write(document)}, nonce())
            if outcome == "ok":
                return await self._changed(before.room, _Hashed(password, hashed, generated=True))
            if outcome == "over":
                raise await self._context.over(room.id)
        raise Busy("Others keep changing this room. Try again.")

    async def extend(self, room: Room, hours: float) -> Room:
        """Let the room live longer."""
        if not math.isfinite(hours) or not 0 < hours <= HOURS:
            raise InvalidRequest(f"hours: must be more than 0 and at most {HOURS}.", field="hours")
        latest_ms = self._context.now_ms + terms.LATEST_MS
        outcome = await self._context.rooms.extend(room.id, int(hours * HOUR_MS), latest_ms, nonce())
        if outcome == "over":
            raise await self._context.over(room.id)
        return (await self._context.current(room.id)).room

    async def close_room(self, room: Room, *, keep: bool, trace: bool) -> Room:
        """End the room for everybody; remove what was recorded, or all that there is of it, as asked for."""
        if await self._context.rooms.end(room.id, "closed", nonce()) == "gone":
            raise RoomNotFound
        record = await self._context.current(room.id)
        await self._indexes.retire(record)
        if not trace:
            await self._removal.purge(room.tenant, [room.id])
        elif not keep:
            await self._removal.forget_recorded(record)
        return record.room

    # ------------------------------------------------------------ parts of a change

    async def _new_code(self, room: Room, patch: RoomPatch) -> str | None:
        """Take the code asked for, unless the room has it; what is left half done heals at the next look."""
        code = patch.custom_code
        if code is None or code == room.code:
            return None
        await self._budgets.take_code(room.tenant)
        await self._indexes.reserve_code(room.tenant, room.id, code)
        return code

    async def _hash(self, plan: PasswordPlan, hashed: _Hashed, before: Record) -> str | None:
        if plan.what == "none":
            return None
        if plan.what == "keep":
            return before.password_hash
        if hashed.digest is None:
            hashed.password = plan.text if plan.text is not None else codes.new_password()
            hashed.generated = plan.what == "generate"
            hashed.digest = await self._context.passwords.hash(hashed.password, before.room.tenant)
        return hashed.digest

    def _fields(
        self, room: Room, patch: RoomPatch, document: dict[str, Any], code: str | None
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {"doc": rows.write(document)}
        if patch.max_spectators is not None:
            fields["max"] = patch.max_spectators
        if code is not None:
            fields["code"] = code
        now_ms = self._context.now_ms
        lifetime = terms.changed_lifetime(room, patch, now_ms)
        return fields | (lifetime.fields(now_ms) if lifetime is not None else {})

    async def _changed(self, before: Room, hashed: _Hashed) -> Created:
        """Bring the indexes in step, and say how the room is."""
        record = await self._context.current(before.id)
        room = record.room
        if room.code != before.code:
            await self._indexes.keep_names(record)
            await self._indexes.let_lapse(before)
        await self._indexes.relist(room)
        await self._context.names.look_again(room.tenant, room.id, room.expires_at_ms, sooner=True)
        told = hashed.password if hashed.generated else None
        return Created(room, self._credentials.owner_token(room), told)

    async def _enforce_lists(self, room_id: str) -> None:
        """End what the lists no longer permit; a repeat mends what was left half done.

        Who is blocked neither stays nor waits, and who was let in by the list stays as long as it names them.
        """
        glance = (await self._context.rooms.glances([room_id])).get(room_id)
        if glance is None:
            raise StoreUnavailable
        for member in glance.members.values():
            if not stands(glance.room, member):
                await self._part(glance.room, member)
        for request in glance.waiting:
            if is_blocked(glance.room, request.person):
                await self._context.people.deny(request, replace(request, status="denied"))
                await self._context.people.waited_for_person(request.person, room_id)
        remembered = await self._powers.blocked(room_id)
        gone = [one for one in remembered.values() if not is_blocked(glance.room, one.id)]
        if gone:
            await self._powers.forget_blocked(room_id, gone)

    async def _part(self, room: Room, member: Member) -> None:
        cause: PartedBy = "blocked" if is_blocked(room, member.person) else "unlisted"
        mark = nonce()
        parted = Parted(
            member.person, member.name, cause, self._context.now_ms, member.user_id, member.source, mark
        )
        for _ in range(TRIES):
            known = await self._powers.known(room.id, member.person)
            gone = known.member is None or stands(room, known.member)
            if gone or await self._powers.part(room.id, known.row, parted, refused=False):
                return
        raise Busy("Others keep changing this room. Try again.")
