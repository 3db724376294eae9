"""Who may come in: the rules, and nothing else. No clock, no store, no password is touched here.

``decide`` gets everything that is known about a room, a person and their proof, and answers with what is to
be done. The order of its questions is the contract; the first that has an answer decides:

1. over the budget of failures, and neither owner nor member;
2. no such room, or a private one that nothing shows this person to belong to (or that blocks them), or one
   asked for by its id by somebody who has nothing else to show;
3. blocked, or denied or kicked a moment ago; or one too many new people from one address;
4. neither owner nor member, and the proof that the level asks for is missing;
5. ended;
6. no seat left;
7. the owner wants to be asked, and the person is neither owner, moderator, member, listed nor invited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from rooms.errors import (
    ApprovalDenied,
    Blocked,
    InvitationRequired,
    InvitationSpent,
    PasswordRequired,
    RoomClosed,
    RoomExpired,
    RoomFull,
    RoomNotFound,
    RoomsError,
    TooManyAttempts,
    WrongPassword,
)
from rooms.models import AccessLevel, Grounds, Member, Room


class Proof(Enum):
    """What is known about a password or an invitation that may have been sent along."""

    ABSENT = auto()
    UNCHECKED = auto()
    RIGHT = auto()
    WRONG = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is to a room. ``refused_ms``: for how long still, after a denial or a kick.

    ``vouched``: the room's tenant says who it is. ``waiting``: a request of theirs waits now. ``barred``:
    somebody was blocked at this address within the hour.
    """

    owner: bool = False
    member: bool = False
    moderator: bool = False
    listed: bool = False
    vouched: bool = False
    waiting: bool = False
    blocked: bool = False
    refused_ms: int = 0
    seated: bool = False
    barred: bool = False
    asker: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a join is decided by.

    ``over_budget_ms``: for how long the budget of failures is still used up; ``newcomers_ms``: for how long
    nobody new may come from there, unless the tenant vouches for them. ``room`` is None when there is none,
    or none any more. ``by_id``: it was asked for by its id, which proves nothing: whoever was in the room
    once knows it, also after its code was changed.
    """

    room: Room | None
    now_ms: int
    standing: Standing = Standing()
    password: Proof = Proof.ABSENT
    invitation: Proof = Proof.ABSENT
    over_budget_ms: int = 0
    newcomers_ms: int = 0
    by_id: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done: let in (with a seat or without), let wait, check the password first, or refuse.

    ``by`` says what lets somebody in who was no member: an invitation only where nothing less would do, so
    that one that was not needed is not spent. A refusal says whether it is a failure that costs the budget.
    A full room counts who is turned away.
    """

    what: Literal["admit", "wait", "check_password", "refuse"]
    seat: bool = True
    by: Grounds = "code"
    error: RoomsError | None = None
    failure: bool = False


Question = Callable[[Case, Room], Verdict | None]


def decide(case: Case) -> Verdict:
    """Answer a join: the first question that has an answer decides."""
    if case.over_budget_ms > 0 and not (case.standing.owner or case.standing.member):
        return _refuse(TooManyAttempts(retry_after=case.over_budget_ms / 1000))
    if case.room is None or _is_hidden(case, case.room):
        return _refuse(RoomNotFound(), failure=True)
    for question in (_refused, _crowded, _unproven, _ended, _full, _asked):
        verdict = question(case, case.room)
        if verdict is not None:
            return verdict
    return Verdict("admit", seat=not _passes(case.standing), by=_grounds(case, case.room))


def is_visible(room: Room, standing: Standing, *, by_id: bool = False) -> bool:
    """Whether this person may know that the room exists; an invitation apart."""
    return not _is_hidden(Case(room, 0, standing, by_id=by_id), room)


def stands(room: Room, member: Member) -> bool:
    """Whether a member row permits anything: not who is blocked, nor who is off the list they came in by."""
    if is_blocked(room, member.person):
        return False
    return member.by != "list" or user_of(room.tenant, member.person) in room.allowed_users


def is_blocked(room: Room, person: str) -> bool:
    """Whether the person, or the user it is, is on the room's list of the blocked."""
    if not room.blocked_users:
        return False
    return person in room.blocked_users or user_of(room.tenant, person) in room.blocked_users


def user_person(tenant: str, user_id: str) -> str:
    """The person of a named user."""
    return f"u:{tenant}:{user_id}"


def user_of(tenant: str, person: str) -> str | None:
    """The user of the tenant that a person is; None for an anonymous one, or another tenant's."""
    prefix = user_person(tenant, "")
    return person.removeprefix(prefix) if person.startswith(prefix) else None


def _passes(standing: Standing) -> bool:
    """Owner and moderators pass every level and take no seat."""
    return standing.owner or standing.moderator


def _refuse(error: RoomsError, *, failure: bool = False) -> Verdict:
    return Verdict("refuse", error=error, failure=failure)


def _belongs(case: Case) -> bool:
    """Whether the owner let this person in, named or invited them before."""
    standing = case.standing
    return standing.owner or standing.member or standing.listed or case.invitation is Proof.RIGHT


def _is_hidden(case: Case, room: Room) -> bool:
    """2. Private (or asked for by its id), and nothing shows that this person belongs; or blocked there."""
    standing = case.standing
    if standing.owner:
        return False
    if room.access_level is AccessLevel.PRIVATE:
        return standing.blocked or not _belongs(case)
    to_be_told = standing.waiting or standing.blocked or standing.refused_ms > 0
    return case.by_id and not (_belongs(case) or standing.vouched or to_be_told)


def _grounds(case: Case, room: Room) -> Grounds:
    """What lets somebody in: list and invitation only where code and password alone would not."""
    open_to_all = room.access_level in {AccessLevel.PUBLIC, AccessLevel.PASSWORD}
    if room.require_approval or not open_to_all:
        if case.standing.listed:
            return "list"
        if case.invitation is Proof.RIGHT:
            return "invitation"
    return "password" if room.access_level is AccessLevel.PASSWORD else "code"


def _refused(case: Case, room: Room) -> Verdict | None:
    """3. Blocked, or a stranger from where somebody was blocked; or denied or kicked a moment ago."""
    del room
    if case.standing.owner:
        return None
    if case.standing.blocked or (case.standing.barred and not _belongs(case)):
        return _refuse(Blocked())
    if case.standing.refused_ms > 0:
        return _refuse(ApprovalDenied(retry_after=case.standing.refused_ms / 1000))
    return None


def _crowded(case: Case, room: Room) -> Verdict | None:
    """3. Too many new people from one address: before a password is hashed, and never for who is known."""
    del room
    known = case.standing.owner or case.standing.member or case.standing.vouched or case.standing.waiting
    if case.newcomers_ms <= 0 or known:
        return None
    text = "Too many new people have come from this address. Wait a little, then try again."
    return _refuse(TooManyAttempts(text, retry_after=case.newcomers_ms / 1000))


def _unproven(case: Case, room: Room) -> Verdict | None:
    """4. Neither owner nor member, and the proof that the level asks for is missing."""
    standing = case.standing
    if standing.owner or standing.member:
        return None
    if room.access_level is AccessLevel.PASSWORD:
        return _password(case.password)
    if room.access_level is AccessLevel.INVITE_ONLY and not standing.listed:
        return _invitation(case.invitation)
    return None


def _password(proof: Proof) -> Verdict | None:
    if proof is Proof.UNCHECKED:
        return Verdict("check_password")
    if proof is Proof.ABSENT:
        return _refuse(PasswordRequired())
    return _refuse(WrongPassword(), failure=True) if proof is Proof.WRONG else None


def _invitation(proof: Proof) -> Verdict | None:
    if proof is Proof.RIGHT:
        return None
    if proof is Proof.ABSENT:
        return _refuse(InvitationRequired())
    return _refuse(InvitationSpent(), failure=True)


def _ended(case: Case, room: Room) -> Verdict | None:
    """5. Ended, or its time is over."""
    if room.is_active(case.now_ms):
        return None
    return _refuse(RoomClosed() if room.end_reason == "closed" else RoomExpired())


def _full(case: Case, room: Room) -> Verdict | None:
    """6. No seat, for somebody who needs one and has none."""
    if _passes(case.standing) or case.standing.seated or room.seats < room.max_spectators:
        return None
    return _refuse(RoomFull())


def _asked(case: Case, room: Room) -> Verdict | None:
    """7. The owner wants to be asked, and nothing has answered for this person yet."""
    at_level = room.access_level in {AccessLevel.PUBLIC, AccessLevel.PASSWORD}
    return Verdict("wait") if room.require_approval and at_level and not _belongs(case) else None
