"""Making rooms, and finding them again by their name."""

from __future__ import annotations

from typing import Any

from rooms import codes, terms
from rooms.errors import (
    Busy,
    InvalidRequest,
    NotAllowed,
    QuotaExceeded,
    RoomNotFound,
    RoomsError,
    StoreUnavailable,
)
from rooms.forms import NewRoom
from rooms.manager.budgets import Budgets
from rooms.manager.changing import Changing
from rooms.manager.context import Context, nonce
from rooms.manager.credentials import Credentials
from rooms.manager.indexes import Indexes
from rooms.manager.removal import Removal
from rooms.manager.tenancy import SUSPENDED
from rooms.models import Caller, Created
from rooms.presence import CLAIM_MS
from rooms.store import UNCONFIRMED_MS, Record, keys, rows
from rooms.tenants import LOCAL
from rooms.terms import HOUR_MS, PasswordPlan

TWINS = 100
"""How many rooms of one name may have a live publisher at once: ``name``, ``name-2``, … ``name-100``."""

TRIES = 8
"""How often a name that changes hands meanwhile is tried again."""

REPLAY_MS = 24 * HOUR_MS
"""For so long an idempotency key answers with the room that was made with it."""


class Founding:
    """Rooms come into being here."""

    def __init__(
        self,
        context: Context,
        credentials: Credentials,
        indexes: Indexes,
        changing: Changing,
        budgets: Budgets,
        removal: Removal,
    ) -> None:
        self._removal = removal
        self._budgets = budgets
        self._context = context
        self._credentials = credentials
        self._indexes = indexes
        self._changing = changing

    async def create(self, caller: Caller, new: NewRoom, idempotency_key: str | None) -> Created:
        """Make a room, or find one again."""
        if caller.kind != "api_key" or not caller.scopes & {"publish", "manage"}:
            raise NotAllowed("Rooms are made with an API key of scope publish or manage.")
        terms.password_plan(new)  # contradictions are told before anything is taken
        await self._budgets.take_creation(str(caller.key_id))  # and before a password is hashed
        if new.reuse:
            return await self._find_or_make(caller, new, claim_mark(idempotency_key or nonce()))
        if idempotency_key is None:
            return await self._make(caller, new, codes.new_id("r"))
        return await self._make_once(caller, new, idempotency_key)

    # ------------------------------------------------------------ made once

    async def _make_once(self, caller: Caller, new: NewRoom, idempotency_key: str) -> Created:
        """Make a room, or answer a repeat of the same request with the room it made."""
        asked = keys.digest(new.model_dump_json(exclude={"password"}))  # a bare hash would give it away
        key = keys.replay(keys.digest(str(caller.tenant), str(caller.key_id), idempotency_key))
        mine = f"{codes.new_id('r')} {asked}"
        await self._indexes.note(str(caller.tenant), key, REPLAY_MS)
        holder, _ = await self._context.names.hold(key, mine, REPLAY_MS)
        room_id, _, asked_before = holder.partition(" ")
        if asked_before != asked:
            raise InvalidRequest(
                "Idempotency-Key: was used for another request. Take a new one.", field="Idempotency-Key"
            )
        record = None if holder == mine else await self._context.rooms.read(room_id)
        if record is None:
            return await self._make(caller, new, room_id)
        if record.room.is_active(self._context.now_ms):
            await self._indexes.establish(record)
        return await self._replayed(record, new)

    async def _replayed(self, record: Record, new: NewRoom) -> Created:
        """A generated password is told once: who repeats the request has lost it, so gets a new one."""
        _, plan = terms.password_plan(new)
        if plan.what == "generate" and record.room.is_active(self._context.now_ms):
            return await self._changing.set_password(record.room, codes.new_password())
        return Created(record.room, self._credentials.owner_token(record.room))

    # ------------------------------------------------------------ made

    async def _make(
        self,
        caller: Caller,
        new: NewRoom,
        room_id: str,
        *,
        name: str | None = None,
        name_key: str | None = None,
        claimed_by: str | None = None,
    ) -> Created:
        tenant = str(caller.tenant)
        level, plan = terms.password_plan(new)
        document = terms.document(
            new, name=name or new.name or "", tenant=tenant, key_id=caller.key_id, name_key=name_key
        )
        password = new_password(plan)
        hashed = None if password is None else await self._context.passwords.hash(password, tenant)
        await self._indexes.reserve_place(tenant, room_id)
        code = await self._indexes.reserve_code(tenant, room_id, new.custom_code)
        document |= {"access_level": level.value, "password_hash": hashed}
        document["name"] = document["name"] or new.training_session_id or code
        fields = self._fields(new, document, code)
        if claimed_by is not None:
            fields |= {"publisher_until": self._context.now_ms + CLAIM_MS, "claimed_by": claimed_by}
        await self._context.rooms.create(room_id, fields, room_id)
        record = await self._context.rooms.read(room_id)
        if record is None:
            raise Busy("Making the room took too long. Try again.")
        await self._indexes.establish(record)
        await self._check_tenant(record)
        told = password if plan.what == "generate" else None
        return Created(record.room, self._credentials.owner_token(record.room), told)

    async def _check_tenant(self, record: Record) -> None:
        """Take a room back whose tenant began to be deleted meanwhile.

        Whoever deletes marks the tenant first and then looks for rooms; this writes the room first and then
        looks at the tenant: one of the two sees the other.
        """
        tenant = record.room.tenant
        if tenant == LOCAL:
            return
        found = await self._context.tenants.tenant(tenant)
        if found is None or found.status == "deleting":
            await self._removal.purge(tenant, [record.room.id])
            raise NotAllowed(SUSPENDED)

    def _fields(self, new: NewRoom, document: dict[str, Any], code: str) -> dict[str, Any]:
        now_ms = self._context.now_ms
        return {
            "status": "active",
            "version": nonce(),
            "revision": nonce(),
            "generation": 1,
            "code": code,
            "max": new.max_spectators,
            "created_at": now_ms,
            "publisher_until": 0,
            "turned_away": 0,
            "ended_at": None,
            "end_reason": None,
            "doc": rows.write(document),
            **terms.lifetime(new, now_ms).fields(now_ms),
        }

    # ------------------------------------------------------------ found again

    async def _find_or_make(self, caller: Caller, new: NewRoom, mark: str) -> Created:
        """The room of this name that no other publisher is using: found, or made."""
        if new.name is None:
            raise InvalidRequest("name: is needed to find a room again.", field="name")
        for number in range(1, TWINS + 1):
            name = new.name if number == 1 else f"{new.name}-{number}"
            found = await self._claim(caller, new, name, mark)
            if found is not None:
                return found
        raise QuotaExceeded(f"{TWINS} publishers are using rooms of this name. Take another name.")

    async def _claim(self, caller: Caller, new: NewRoom, name: str, mark: str) -> Created | None:
        """Claim the room of exactly this name; None when another publisher is using it, or just making it."""
        name_key = keys.digest(str(caller.tenant), str(caller.key_id), name)
        index, mine, replaced = keys.name(name_key), codes.new_id("r"), ""
        await self._indexes.note(str(caller.tenant), index, UNCONFIRMED_MS)
        for _ in range(TRIES):
            holder, permanent = await self._context.names.hold(index, mine, UNCONFIRMED_MS, replaced)
            if holder == mine:
                return await self._make_named(caller, new, mine, name, name_key, mark)
            state = await self._context.rooms.claim_publisher(holder, mark)
            if state == "yours":
                return await self._found(holder, new)
            if state == "live" or (state == "gone" and not permanent):
                return None
            replaced = holder
        raise Busy("The room's name keeps changing hands. Try again.")

    async def _make_named(
        self, caller: Caller, new: NewRoom, room_id: str, name: str, name_key: str, mark: str
    ) -> Created:
        try:
            return await self._make(caller, new, room_id, name=name, name_key=name_key, claimed_by=mark)
        except StoreUnavailable:
            raise  # the name lapses by itself
        except RoomsError:
            await self._context.names.drop(keys.name(name_key))
            raise

    async def _found(self, room_id: str, new: NewRoom) -> Created:
        """A room found again; what was given is changed in it, a generated password stays."""
        record = await self._context.rooms.read(room_id)
        if record is None:
            raise RoomNotFound
        patch = terms.as_patch(new)
        if patch.model_fields_set:
            changed = await self._changing.change(record.room, patch)
            return Created(changed.room, changed.owner_token, changed.password, reused=True)
        return Created(record.room, self._credentials.owner_token(record.room), reused=True)


def claim_mark(idempotency_key: str) -> str:
    """What is written down of whoever claims a room: enough to know them by, and none of their words."""
    return keys.digest("claim", idempotency_key)


def new_password(plan: PasswordPlan) -> str | None:
    """The password that a plan asks to be hashed, or None."""
    return codes.new_password() if plan.what == "generate" else plan.text
