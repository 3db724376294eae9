"""Who may come in: the rules, and nothing else. No clock, no store, no password is touched here.

``decide`` gets everything that is known about a room, a person and their proof, and answers with what is to
be done. The order of its questions is the contract; the first that has an answer decides:

1. over the budget of failures, and neither owner nor member;
2. no such room, or a private one that nothing shows this person to belong to (or that blocks them);
3. blocked, or denied or kicked a moment ago;
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
from rooms.models import AccessLevel, Room


class Proof(Enum):
    """What is known about a password or an invitation that may have been sent along."""

    ABSENT = auto()
    UNCHECKED = auto()
    RIGHT = auto()
    WRONG = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is to a room. ``refused_ms``: for how long still, after a denial or a kick."""

    owner: bool = False
    member: bool = False
    moderator: bool = False
    listed: bool = False
    blocked: bool = False
    refused_ms: int = 0
    seated: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a join is decided by. ``over_budget_ms``: for how long the budget is still used up.

    ``room`` is None when there is none, or none any more.
    """

    room: Room | None
    now_ms: int
    standing: Standing = Standing()
    password: Proof = Proof.ABSENT
    invitation: Proof = Proof.ABSENT
    over_budget_ms: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done: let in (with a seat or without), let wait, check the password first, or refuse.

    A refusal says whether it is a failure that costs the budget. A full room counts who is turned away.
    """

    what: Literal["admit", "wait", "check_password", "refuse"]
    seat: bool = True
    error: RoomsError | None = None
    failure: bool = False


Question = Callable[[Case, Room], Verdict | None]


def decide(case: Case) -> Verdict:
    """Answer a join: the first question that has an answer decides."""
    if case.over_budget_ms > 0 and not (case.standing.owner or case.standing.member):
        return _refuse(TooManyAttempts(retry_after=case.over_budget_ms / 1000))
    if case.room is None or _is_hidden(case, case.room):
        return _refuse(RoomNotFound(), failure=True)
    for question in (_refused, _unproven, _ended, _full, _asked):
        verdict = question(case, case.room)
        if verdict is not None:
            return verdict
    return Verdict("admit", seat=not _passes(case.standing))


def is_visible(room: Room, standing: Standing) -> bool:
    """Whether this person may know that the room exists; an invitation apart."""
    return not _is_hidden(Case(room, 0, standing), room)


def _passes(standing: Standing) -> bool:
    """Owner and moderators pass every level and take no seat."""
    return standing.owner or standing.moderator


def _refuse(error: RoomsError, *, failure: bool = False) -> Verdict:
    return Verdict("refuse", error=error, failure=failure)


def _is_hidden(case: Case, room: Room) -> bool:
    """2. Private, and nothing shows that this person belongs here; or private and blocked."""
    standing = case.standing
    if room.access_level is not AccessLevel.PRIVATE or standing.owner:
        return False
    known = standing.member or standing.listed or case.invitation is Proof.RIGHT
    return standing.blocked or not known


def _refused(case: Case, room: Room) -> Verdict | None:
    """3. Blocked; or denied or kicked a moment ago."""
    del room
    if case.standing.owner:
        return None
    if case.standing.blocked:
        return _refuse(Blocked())
    if case.standing.refused_ms > 0:
        return _refuse(ApprovalDenied(retry_after=case.standing.refused_ms / 1000))
    return None


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
    standing = case.standing
    answered = standing.owner or standing.member or standing.listed or case.invitation is Proof.RIGHT
    at_level = room.access_level in {AccessLevel.PUBLIC, AccessLevel.PASSWORD}
    return Verdict("wait") if room.require_approval and at_level and not answered else None
