"""What owner and moderators do to people while they watch: put out, block, make moderators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from rooms.access import is_blocked, user_of, user_person
from rooms.errors import (
    Busy,
    NotAllowed,
    QuotaExceeded,
    SpectatorNotFound,
)
from rooms.fields import USERS
from rooms.manager.context import Context, nonce
from rooms.manager.rotating import Rotating, What
from rooms.models import OWNER_PERSON, Affected, BlockedPerson, Created, Member, Parted, PartedBy, Role, Room
from rooms.presence import BARRED_MS
from rooms.store import Known, PowersStore, Record

TRIES = 8
"""How often a power is worked out anew when the person or the room changed in between."""


class Powers:
    """What is done to people and rooms while others watch (``RoomManager.powers``).

    Each call is one script of the store that rings the room's bell, so that every node acts on it within a
    second; repeats are harmless. ``by`` is the role of who does it: a moderator's powers end at owner and
    moderators. Each call raises ``RoomNotFound``, ``StoreUnavailable``, ``Busy`` (others keep changing it).
    """

    def __init__(self, context: Context, store: PowersStore, rotating: Rotating) -> None:
        self._context = context
        self._store = store
        self._rotating = rotating

    # ------------------------------------------------------------ out

    async def kick(self, room: Room, person: str, by: Role) -> Affected:
        """End a membership; the person may ask again after a minute.

        Raises ``SpectatorNotFound``, ``NotAllowed``.
        """
        mark = nonce()
        self._spare_owner(room, person)
        for _ in range(TRIES):
            known = await self._store.known(room.id, person)
            member = known.member
            if member is None:
                return self._out_already(known)
            self._spare_moderator(member, by)
            parted = _parted(member, "kicked", self._context.now_ms, mark)
            if await self._store.part(room.id, known.row, parted, refused=True):
                return Affected(person, member.name, "kicked")
        raise Busy("Others keep changing this person's place. Try again.")

    async def block(self, room: Room, person: str, by: Role) -> Affected:
        """Put a person (and the user it is) out and on the list of the blocked, whether in or waiting.

        From the address of an anonymous person nobody gets in for an hour who is neither owner, member,
        listed nor invited. Raises ``SpectatorNotFound``, ``NotAllowed``, ``QuotaExceeded`` (the list is
        full), ``RoomClosed``, ``RoomExpired``.
        """
        mark = nonce()
        for _ in range(TRIES):
            record = await self._context.current(room.id)
            self._spare_owner(record.room, person)  # the room may have been handed over meanwhile
            known = await self._store.known(room.id, person)
            if known.member is not None:
                self._spare_moderator(known.member, by)
            blocked = self._to_block(record.room, person, known)
            if known.member is None and known.request is None and is_blocked(record.room, person):
                return Affected(person, blocked.name, "blocked")
            document = _blocking(record, blocked)
            outcome = await self._store.block(record, document, known, blocked, mark)
            if known.request is not None and outcome == "ok":
                await self._context.people.waited_for_person(person, room.id)
            if outcome == "ok":
                return Affected(person, blocked.name, "blocked")
            if outcome != "changed":
                raise await self._context.over(room.id)
        raise Busy("Others keep changing this room. Try again.")

    async def unblock(self, room: Room, person: str, by: Role) -> Affected:
        """Take a person (and the user it is) off the list of the blocked, and the address with them.

        Who was put there by a change of the room goes by the id that ``blocked`` shows. Raises
        ``SpectatorNotFound``, ``RoomClosed``, ``RoomExpired``.
        """
        del by  # moderators may take back what moderators may do
        mark = nonce()
        for _ in range(TRIES):
            record = await self._context.current(room.id)
            known = await self._store.known(room.id, person)
            entries = {person, user_of(room.tenant, person)}
            listed = record.document["blocked_users"]
            left = [entry for entry in listed if entry not in entries]
            found = self._to_block(record.room, person, known)
            if left == listed:
                return Affected(person, found.name, "unblocked")
            source = await self._freed(room.id, person)
            document = {**record.document, "blocked_users": left}
            outcome = await self._store.unblock(record, document, found, source, mark)
            if outcome == "ok":
                return Affected(person, found.name, "unblocked")
            if outcome != "changed":
                raise await self._context.over(room.id)
        raise Busy("Others keep changing this room. Try again.")

    async def blocked(self, room: Room) -> list[BlockedPerson]:
        """Who is on the list of the blocked, the longest there first."""
        remembered = await self._store.blocked(room.id)
        users = {one.user_id: one for one in remembered.values() if one.user_id}
        found = []
        for entry in room.blocked_users:
            one = remembered.get(entry) or users.get(entry)
            found.append(one if one is not None else _unknown(room.tenant, entry))
        return sorted(found, key=lambda one: (one.blocked_at_ms or 0, one.name, one.id))

    async def cause(self, room: Room, person: str) -> PartedBy | None:
        """Why the owner ended a membership, if that was lately or still holds; None for who is in again."""
        if is_blocked(room, person):
            return "blocked"
        known = await self._store.known(room.id, person)
        return known.parted.cause if known.parted is not None and known.member is None else None

    # ------------------------------------------------------------ up and down

    async def promote(self, room: Room, person: str) -> Affected:
        """Make a member moderator: no seat, and the powers that moderators have.

        Raises ``SpectatorNotFound``, ``RoomClosed``, ``RoomExpired``.
        """
        return await self._set_role(room, person, "moderator")

    async def demote(self, room: Room, person: str) -> Affected:
        """Make a moderator a spectator again, who needs a seat; raises as ``promote``."""
        return await self._set_role(room, person, "spectator")

    # ------------------------------------------------------------ the room itself

    async def rotate(self, room: Room, what: What) -> Created:
        """Replace the code, the password or the room key; the old one is worth nothing at once.

        With code and password every spectator's membership ends; moderators stay, and who waits goes on
        waiting. ``password`` of the answer is set for ``what="password"``, told this once. Raises
        ``RoomClosed``, ``RoomExpired``.
        """
        return await self._rotating.rotate(room, what)

    async def transfer(self, room: Room, user_id: str) -> Room:
        """Make the room another user's, who acts with an identity of the tenant; the old room key ends.

        Raises ``InvalidRequest`` (that user is blocked), ``RoomClosed``, ``RoomExpired``.
        """
        return await self._rotating.transfer(room, user_id)

    # ------------------------------------------------------------ parts

    async def _set_role(self, room: Room, person: str, role: Literal["moderator", "spectator"]) -> Affected:
        mark = nonce()
        for _ in range(TRIES):
            known = await self._store.known(room.id, person)
            if known.member is None:
                raise SpectatorNotFound
            done = Affected(person, known.member.name, role)
            if known.member.role == role:
                return done
            outcome = await self._store.set_role(room.id, known.row, replace(known.member, role=role), mark)
            if outcome == "ok":
                return done
            if outcome != "changed":
                raise await self._context.over(room.id)
        raise Busy("Others keep changing this person's place. Try again.")

    @staticmethod
    def _spare_owner(room: Room, person: str) -> None:
        owners = {OWNER_PERSON} | ({user_person(room.tenant, room.owner_id)} if room.owner_id else set())
        if person in owners:
            raise NotAllowed("The owner of a room cannot be put out of it. Transfer the room first.")

    @staticmethod
    def _spare_moderator(member: Member, by: Role) -> None:
        if member.role == "moderator" and by != "owner":
            raise NotAllowed("Only the owner can put a moderator out.")

    @staticmethod
    def _out_already(known: Known) -> Affected:
        """A repeat: the person is out by the owner's will already."""
        parted = known.parted
        if parted is None or parted.cause not in {"kicked", "blocked"}:
            raise SpectatorNotFound
        return Affected(parted.person, parted.name, "kicked" if parted.cause == "kicked" else "blocked")

    def _to_block(self, room: Room, person: str, known: Known) -> BlockedPerson:
        """The person as the list of the blocked shows them. Raises ``SpectatorNotFound`` for a stranger."""
        found = known.member or known.request or known.parted or known.blocked
        user_id = user_of(room.tenant, person)
        if found is not None:
            return BlockedPerson(
                person, found.name, user_id or found.user_id, self._context.now_ms, _source(found)
            )
        if {person, user_id} & room.blocked_users:
            return _unknown(room.tenant, user_id or person)
        raise SpectatorNotFound

    async def _freed(self, room_id: str, person: str) -> str | None:
        """The address that nobody bars any more once this person is unblocked; None for none."""
        remembered = await self._store.blocked(room_id)
        source = remembered[person].source if person in remembered else None
        since_ms = self._context.now_ms - BARRED_MS
        others = (one for one in remembered.values() if one.id != person and one.source == source)
        return None if any((one.blocked_at_ms or 0) > since_ms for one in others) else source


def _parted(member: Member, cause: PartedBy, now_ms: int, mark: str) -> Parted:
    return Parted(member.person, member.name, cause, now_ms, member.user_id, member.source, mark)


def _source(found: Any) -> str | None:
    """The address to bar: an anonymous person's. A user is known again wherever they come from."""
    source: str | None = found.source
    return None if found.user_id else source


def _blocking(record: Record, blocked: BlockedPerson) -> Mapping[str, Any]:
    """The room's document with one more on the list of the blocked. Raises ``QuotaExceeded``."""
    listed = sorted({*record.document["blocked_users"], blocked.user_id or blocked.id})
    if len(listed) > USERS:
        raise QuotaExceeded(f"{USERS} people are blocked in this room. Unblock somebody first.")
    return {**record.document, "blocked_users": listed}


def _unknown(tenant: str, entry: str) -> BlockedPerson:
    """Somebody on the list of whom the room knows no more than that."""
    if entry.startswith(("v_", "u:")):
        return BlockedPerson(entry, entry)
    return BlockedPerson(user_person(tenant, entry), entry, entry)
