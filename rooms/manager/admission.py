"""Coming in: what is known is put before the rules, and what they say is done."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rooms import access, codes
from rooms.access import Case, Proof, Standing, Verdict
from rooms.connection import Call
from rooms.errors import (
    Busy,
    QuotaExceeded,
    RoomFull,
    RoomNotFound,
    RoomsError,
    TooManyAttempts,
    WrongPassword,
)
from rooms.forms import JoinAsk
from rooms.manager.budgets import Budgets, Spent, source_mark, source_of
from rooms.manager.context import Context, nonce
from rooms.manager.credentials import Credentials
from rooms.manager.invitations import Invitations, Shown
from rooms.manager.standing import (
    NAMELESS,
    Visitor,
    granted_role,
    person_of,
    standing_member,
    standing_of,
    standing_role,
    visitor_in,
)
from rooms.models import (
    OWNER_PERSON,
    Admitted,
    Caller,
    Grounds,
    JoinRequest,
    Member,
    Role,
    Room,
    Waiting,
)
from rooms.presence import SEAT_MS
from rooms.store import Facts, halted_in, keys
from rooms.store.invitations_store import Invited

TRIES = 6
"""How often a join is decided anew when the room changed between the decision and its execution."""

NOWHERE = "r_0000000000000000"
"""The id that unknown codes lead to, so that a miss takes the same steps as a hit. No room has it."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Who asks for what: a room or none, the person there, what came along, and which budgets are used up."""

    facts: Facts | None
    visitor: Visitor
    standing: Standing
    room_id: str
    client: str
    by_id: bool
    spent: Spent
    invitation: Proof = Proof.ABSENT
    invited: Invited | None = None

    @property
    def room(self) -> Room | None:
        return self.facts.record.room if self.facts is not None else None


class Admission:
    """Join and look."""

    def __init__(
        self, context: Context, credentials: Credentials, budgets: Budgets, invitations: Invitations
    ) -> None:
        self._context = context
        self._credentials = credentials
        self._budgets = budgets
        self._invitations = invitations

    async def room_id(self, ref: str) -> str:
        """The room that an id or a code as typed leads to; ``NOWHERE`` for none."""
        if codes.is_room_id(ref):
            return ref
        code = codes.normalise(ref)
        if not codes.is_code(code):
            return NOWHERE
        return await self._context.names.room_of(keys.code(code)) or NOWHERE

    async def look(self, ref: str, caller: Caller, client: str) -> tuple[Room, Role | None]:
        """The room and what the caller is to it, if the caller may know of it."""
        found = await self._find(ref, caller, client)
        room = found.room
        role = self._role(caller, found)
        # Who waits reads and withdraws the own request, whatever others of the same address guessed.
        asker = caller.kind == "lobby" and room is not None and caller.room_id == room.id
        spared = role is not None or found.standing.member or asker or caller.kind == "operator"
        if found.spent.failures_ms > 0 and not spared:
            raise TooManyAttempts(retry_after=found.spent.failures_ms / 1000)
        # Who holds what was made for this room may ask by its id, also when it is worth nothing any more.
        stranger = found.by_id and (room is None or caller.room_id != room.id)
        if room is None or not (role is not None or access.is_visible(room, found.standing, by_id=stranger)):
            if _guesses(caller, found):
                await self._budgets.charge_miss(client)
            raise RoomNotFound
        return room, role

    async def join(self, ref: str, caller: Caller, ask: JoinAsk, client: str) -> Admitted | Waiting:
        """Ask to come in."""
        checked: tuple[str | None, Proof] | None = None
        shown = self._invitations.read(ask.invitation)
        for _ in range(TRIES):
            found = await self._find(ref, caller, client, shown)
            checked, verdict = await self._decide(found, ask, checked)
            invited_to = shown.room_id if shown is not None else None
            if isinstance(verdict.error, RoomNotFound) and invited_to not in {None, ref}:
                ref = str(invited_to)  # a link outlives its code; asked the same of a room that is hidden
                continue
            if verdict.what == "refuse":
                guess = bool(ask.password or ask.invitation) or _guesses(caller, found)
                raise await self._refusal(found, verdict, ask, guess=guess)
            if found.standing.owner:
                return self._owner(found)
            done = await (
                self._wait(found, ask) if verdict.what == "wait" else self._admit(found, ask, verdict.by)
            )
            if done is not None:
                return done
        raise Busy("The room keeps changing. Try again in a moment.", retry_after=1.0)

    # ------------------------------------------------------------ finding out

    async def _find(self, ref: str, caller: Caller, client: str, shown: Shown | None = None) -> _Found:
        """Read room, person, budgets and invitation: the same two steps, whatever there is."""
        room_id, by_id = await self.room_id(ref), codes.is_room_id(ref)
        person = person_of(caller, room_id)
        reading = self._context.rooms.reading(room_id, person, source_mark(room_id, client))
        looks = self._budgets.looks(client, room_id)
        invited_call = self._invitations.look(room_id, shown)
        shut = self._context.tenants.halted_call()
        reply, halted, *rest = await self._context.connection.run_many(
            [reading.call, shut, *looks, *invited_call]
        )
        facts = self._context.rooms.facts(reading, person, reply)
        if facts is not None and caller.kind != "operator" and facts.record.room.tenant in halted_in(halted):
            facts = None  # a suspended tenant's rooms are not there
        spent = self._budgets.spent(rest[: len(looks)])
        invited = self._invitations.found(room_id, shown, rest[len(looks) :])
        now_ms = self._context.now_ms
        if facts is None or (not by_id and self._is_forgotten(facts.record.room, ref)):
            nobody = Visitor(codes.new_id("v"), fresh=True)
            return _Found(None, nobody, Standing(), room_id, client, by_id, spent)
        room = facts.record.room
        visitor = visitor_in(caller, room)
        return _Found(
            facts,
            visitor,
            standing_of(caller, visitor, facts, now_ms),
            room_id,
            client,
            by_id,
            spent,
            self._invitations.proof(shown, invited, room, visitor.user_id),
            invited,
        )

    def _is_forgotten(self, room: Room, ref: str) -> bool:
        """Whether the code that was typed is one that the room does not go by any more."""
        return room.code != codes.normalise(ref)

    def _role(self, caller: Caller, found: _Found) -> Role | None:
        if found.facts is None:
            return None
        if caller.kind == "grant":
            own = caller.room_id == found.facts.record.room.id
            return granted_role(caller, found.facts.record.room, found.facts.member) if own else None
        return standing_role(caller, found.facts.record.room)

    # ------------------------------------------------------------ deciding

    async def _decide(
        self, found: _Found, ask: JoinAsk, checked: tuple[str | None, Proof] | None
    ) -> tuple[tuple[str | None, Proof] | None, Verdict]:
        """Ask the rules; the password is checked only if they want it, and once for each hash."""
        case = Case(
            found.room,
            self._context.now_ms,
            found.standing,
            password=Proof.UNCHECKED if ask.password else Proof.ABSENT,
            invitation=found.invitation,
            over_budget_ms=found.spent.failures_ms,
            newcomers_ms=found.spent.newcomers_ms,
            by_id=found.by_id,
        )
        verdict = access.decide(case)
        if verdict.what != "check_password" or found.facts is None:
            return checked, verdict
        hashed = found.facts.record.password_hash
        if checked is None or checked[0] != hashed:
            checked = (hashed, await self._check(found, found.facts.record.room, hashed, ask.password or ""))
        return checked, access.decide(replace(case, password=checked[1]))

    async def _check(self, found: _Found, room: Room, hashed: str | None, password: str) -> Proof:
        """Whether a password is right; what is wrong is charged before others of the same moment are done."""
        source = source_of(found.client)
        with self._budgets.guess(found.client, room.id, found.spent.failures_left) as guess:
            if await self._context.passwords.verify(hashed, password, source, guess):
                return Proof.RIGHT
            await self._budgets.charge_failure(found.client, room)
            return Proof.WRONG

    async def _refusal(self, found: _Found, verdict: Verdict, ask: JoinAsk, *, guess: bool) -> RoomsError:
        """Do what a refusal costs, and return what is to be raised."""
        error = verdict.error or RoomNotFound()
        if isinstance(error, RoomNotFound) and ask.password:
            await self._context.passwords.verify(None, ask.password, source_of(found.client))
        if isinstance(error, RoomNotFound):
            if guess:
                await self._budgets.charge_miss(found.client)
        elif verdict.failure and found.room is not None and not isinstance(error, WrongPassword):
            await self._budgets.charge_failure(found.client, found.room)  # a wrong password was, when checked
        if isinstance(error, RoomFull) and found.room is not None:
            await self._context.people.turn_away(found.room.id, found.visitor.person)
        return error

    # ------------------------------------------------------------ doing

    def _owner(self, found: _Found) -> Admitted:
        room = self._needed(found).record.room
        token = self._credentials.owner_token(room)
        return Admitted(room, OWNER_PERSON, "owner", "Owner", token, room.expires_at_ms)

    async def _admit(self, found: _Found, ask: JoinAsk, by: Grounds) -> Admitted | None:
        """Write the member row and take the seat; None when the decision has to be made anew."""
        facts, now_ms = self._needed(found), self._context.now_ms
        member = standing_member(facts) or Member(
            found.visitor.person,
            "spectator",
            codes.new_id("g"),
            self._name(found, ask),
            now_ms,
            found.visitor.user_id,
            by,
            source_mark(found.room_id, found.client),
        )
        lease_end_ms = None if found.standing.moderator else now_ms + SEAT_MS
        if lease_end_ms is not None:
            self._context.places.learn(facts.record.room)
            await self._context.places.take(found.room_id, member.person, lease_end_ms)
        word, row = await self._context.people.admit(
            facts.record,
            member,
            as_member=found.standing.member,
            lease_end_ms=lease_end_ms,
            nonce=nonce(),
            invited=found.invited if by == "invitation" and not found.standing.member else None,
            charge=self._newcomer(found),
        )
        if word != "in" and not found.standing.seated:
            await self._context.places.give(found.room_id, member.person)
        if word == "full":
            raise RoomFull
        if word != "in":
            return None
        # Another tab may have begun to wait since the decision; it could only where the room asks first.
        asks = facts.record.room.require_approval and not found.standing.member
        if found.standing.waiting or asks:
            await self._context.people.settle(found.room_id, row.person)
            await self._context.people.waited_for_person(row.person, found.room_id)
        seated = found.standing.seated or found.standing.moderator
        room = replace(facts.record.room, seats=facts.record.room.seats + (0 if seated else 1))
        token, expires_at_ms = self._credentials.grant(room, row)
        return Admitted(room, row.person, row.role, row.name, token, expires_at_ms, self._fresh(found))

    async def _wait(self, found: _Found, ask: JoinAsk) -> Waiting | None:
        """Let the person wait for the owner; None when the decision has to be made anew."""
        facts, limits, person = self._needed(found), self._context.limits, found.visitor.person
        room, now_ms = facts.record.room, self._context.now_ms
        ends_ms = now_ms + room.approval_timeout * 1000
        names, people = self._context.names, self._context.people
        if not await people.wait_for_person(person, room.id, ends_ms, limits.waiting_of_person):
            raise QuotaExceeded("You are waiting in as many rooms as one may. Withdraw one of your requests.")
        await names.look_again(room.tenant, room.id, ends_ms, sooner=True)
        request = JoinRequest(
            codes.new_id("q"),
            room.id,
            person,
            self._name(found, ask),
            found.visitor.user_id,
            now_ms,
            ends_ms,
            "pending_approval",
            source_mark(found.room_id, found.client),
        )
        word, standing = await people.ask(
            facts.record,
            request,
            limits.waiting_in_room,
            most_from_source=limits.waiting_of_client if limits.enabled else limits.waiting_in_room,
            charge=self._newcomer(found),
        )
        if word != "waits":
            await people.waited_for_person(person, room.id)
        if word == "many":
            raise QuotaExceeded(
                "Too many people are waiting for this room. Try again later.", retry_after=30.0
            )
        if word != "waits":
            return None
        lobby = self._credentials.lobby(room, standing)
        return Waiting(room, standing, lobby, self._fresh(found), again=standing.id != request.id)

    def _newcomer(self, found: _Found) -> list[Call]:
        """What somebody new is charged; who is in, waits already or is vouched for costs nothing."""
        standing = found.standing
        known = standing.member or standing.vouched or standing.waiting
        return [] if known else self._budgets.newcomer(found.client)

    def _fresh(self, found: _Found) -> str | None:
        visitor = found.visitor
        return self._credentials.visitor(visitor.person) if visitor.fresh else None

    @staticmethod
    def _name(found: _Found, ask: JoinAsk) -> str:
        """What somebody is called: by whoever vouches for them, else by themselves."""
        vouched = found.visitor.name if found.visitor.user_id else None
        return vouched or ask.display_name or found.visitor.name or NAMELESS

    @staticmethod
    def _needed(found: _Found) -> Facts:
        if found.facts is None:
            raise RoomNotFound
        return found.facts


def _guesses(caller: Caller, found: _Found) -> bool:
    """Whether asking for what is not there was a try: not an operator's, nor a room's own token for its id.

    Programs ask on and on by what they hold, also when the room's tenant is suspended or the room is gone: to
    charge that would lock out everybody else at their address, and nothing can be found out by it.
    """
    return caller.kind != "operator" and not (found.by_id and caller.room_id == found.room_id)
