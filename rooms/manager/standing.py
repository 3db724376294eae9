"""Which person a caller is in a room, and how that person stands there. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rooms import codes
from rooms.access import Standing, is_blocked, stands
from rooms.models import Caller, Member, Role, Room
from rooms.presence import is_held
from rooms.store import Facts

NAMELESS = "Spectator"
"""What somebody is called who gave no name."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person in a room: ``fresh`` was made up just now, ``user_id`` is vouched for by the room's tenant."""

    person: str
    user_id: str | None = None
    name: str | None = None
    fresh: bool = False


def person_of(caller: Caller, room_id: str) -> str | None:
    """The person a credential names, before the room is known; None for nobody in particular."""
    if caller.kind in {"visitor", "identity"}:
        return caller.person
    if caller.kind in {"grant", "lobby"} and caller.room_id == room_id:
        return caller.person
    return None


def visitor_in(caller: Caller, room: Room) -> Visitor:
    """Who the caller is in this room. What belongs to another room or tenant is worth nothing here."""
    person = person_of(caller, room.id)
    foreign = caller.kind == "identity" and caller.tenant != room.tenant
    if person is None or foreign:
        return Visitor(codes.new_id("v"), fresh=True)
    return Visitor(person, caller.user_id, caller.name)


def standing_of(caller: Caller, visitor: Visitor, facts: Facts, now_ms: int) -> Standing:
    """How a person stands to a room."""
    room, member = facts.record.room, standing_member(facts)
    known = not visitor.fresh
    return Standing(
        owner=is_owner(caller, room),
        member=known and member is not None,
        moderator=known and member is not None and member.role == "moderator",
        listed=known and caller.kind == "identity" and caller.user_id in room.allowed_users,
        vouched=known and visitor.user_id is not None and caller.kind == "identity",
        waiting=known and facts.request_id is not None,
        blocked=is_blocked(room, visitor.person),
        refused_ms=max(0, (facts.refused_until_ms or 0) - now_ms) if known else 0,
        seated=known and is_held(facts.lease_end_ms, now_ms),
        barred=is_held(facts.barred_until_ms, now_ms),
    )


def standing_member(facts: Facts) -> Member | None:
    """The member row that was read, if it still permits anything."""
    member = facts.member
    return member if member is not None and stands(facts.record.room, member) else None


def is_owner(caller: Caller, room: Room) -> bool:
    """Whether the caller holds the room's present key, manages its tenant, or is the user it belongs to."""
    if caller.kind == "room_key":
        return caller.room_id == room.id and caller.generation == room.generation
    if caller.tenant is None or caller.tenant != room.tenant:
        return False
    if caller.kind == "api_key":
        return "manage" in caller.scopes
    return caller.kind == "identity" and room.owner_id is not None and caller.user_id == room.owner_id


def standing_role(caller: Caller, room: Room) -> Role | None:
    """What a caller without a grant is to the room."""
    if is_owner(caller, room):
        return "owner"
    if caller.kind != "api_key" or caller.tenant != room.tenant:
        return None
    if "read" in caller.scopes:
        return "reader"
    return "publisher" if "publish" in caller.scopes else None


def granted_role(caller: Caller, room: Room, member: Member | None) -> Role | None:
    """What a grant's holder is by the member row; nothing when expired, or the row names another grant."""
    if caller.expired or member is None or member.grant_id != caller.grant_id:
        return None
    return member.role if stands(room, member) else None


def may_publish(caller: Caller, room: Room) -> bool:
    """Whether the caller may append to the room."""
    if caller.kind == "api_key":
        return caller.tenant == room.tenant and bool(caller.scopes & {"publish", "manage"})
    return caller.kind == "room_key" and is_owner(caller, room)
