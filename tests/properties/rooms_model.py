"""What a room is, written a second time and as plainly as can be: dictionaries, and one verb after the other.

``Model.apply`` does a verb and says what whoever did it must be answered. Nothing here is taken from the
package but numbers of milliseconds. Things that only the room itself can name (a code, a member row, a
request) are called after the verb that made them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from rooms.presence import ANSWER_KEPT_MS, BARRED_MS, PARTED_KEPT_MS, REFUSED_MS, RESERVED_MS, SEAT_MS

HOUR_MS = 3_600_000
USERS = ("u0", "u1", "u2")
VISITORS = ("v0", "v1", "v2")
ADDRESS = {"v0": "192.0.2.1", "v1": "192.0.2.1"}
"""Two visitors share an address; everybody else has one of their own."""

Answer = str | tuple[Any, ...] | frozenset[str]
"""A word, a word with the things it names, or any of several words."""


@dataclass(frozen=True)
class Verb:
    """``who`` does or suffers ``what``; ``uid`` names what comes of it, ``more`` says how."""

    uid: int
    what: str
    who: str = ""
    node: int = 0
    more: tuple[Any, ...] = ()


@dataclass
class Row:
    made_by: int
    by: str
    role: str = "spectator"


@dataclass
class Request:
    ends_ms: int
    status: str = "waits"


@dataclass
class Invitation:
    uses: int
    ends_ms: int
    user: str | None
    used: int = 0
    withdrawn: bool = False


@dataclass
class Model:
    """The room as it stands. ``leases``, ``refused``, ``barred``: until when."""

    now_ms: int
    level: str
    password: Any
    approval: bool
    seats: int
    wait_ms: int
    ends_ms: int
    code: int
    allowed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    owner: str | None = None
    generation: int = 1
    ended: str | None = None
    members: dict[str, Row] = field(default_factory=dict)
    leases: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    requests: dict[tuple[str, int], Request] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    known_blocked: dict[str, int] = field(default_factory=dict)
    barred: dict[str, int] = field(default_factory=dict)
    parted: dict[str, tuple[str, int]] = field(default_factory=dict)
    invitations: dict[int, Invitation] = field(default_factory=dict)

    # ------------------------------------------------------------ how it stands

    def over(self) -> str | None:
        """Why nothing happens in it any more."""
        if self.ended is None and self.now_ms < self.ends_ms:
            return None
        return "room_closed" if self.ended == "closed" else "room_expired"

    def seated(self) -> set[str]:
        return {who for who, until in self.leases.items() if until > self.now_ms}

    def is_full_for(self, who: str) -> bool:
        return who not in self.seated() and len(self.seated()) >= self.seats

    def stands(self, who: str) -> bool:
        row = self.members.get(who)
        return row is not None and who not in self.blocked and (row.by != "list" or who in self.allowed)

    def waits(self, who: str) -> bool:
        return who in self.waiting and self.request_of(who).ends_ms > self.now_ms

    def request_of(self, who: str) -> Request:
        return self.requests[who, self.waiting[who]]

    def invites(self, uid: int | None, who: str) -> bool:
        """Whether an invitation is worth something to this person."""
        one = self.invitations.get(uid) if uid is not None else None
        if one is None or one.withdrawn or one.used >= one.uses or one.ends_ms <= self.now_ms:
            return False
        return one.user in {None, who}

    def sees(self, who: str, *, own: bool, by_id: bool, invited: bool = False) -> bool:
        """Whether somebody may know that the room exists. ``own``: they show who they are, not a grant."""
        vouched = own and who in USERS
        if vouched and who == self.owner:
            return True
        belongs = self.stands(who) or (vouched and who in self.allowed) or invited
        if self.level == "private":
            return belongs and who not in self.blocked
        told = self.waits(who) or who in self.blocked or self.refused.get(who, 0) > self.now_ms
        return not by_id or belongs or vouched or told

    def may_be(self) -> list[Model]:
        """The ways in which it may stand: whom the room remembers for a while it may have forgotten since."""
        late = {who for who, (_, until) in self.parted.items() if until <= self.now_ms}
        kept = {who: why for who, why in self.parted.items() if who not in late}
        return [self, replace(self, parted=kept)] if late else [self]

    # ------------------------------------------------------------ verbs

    def apply(self, verb: Verb) -> Answer:
        """Do it; returns what is answered."""
        act = getattr(self, f"_{verb.what}")
        answer: Answer = act(verb, *verb.more)
        return answer

    def _join(self, verb: Verb, ref: str, password: Any, invitation: int | None, own: bool) -> Answer:
        who, right = verb.who, self.invites(invitation, verb.who)
        if ref not in {"code", "id"} and invitation not in self.invitations:
            return "room_not_found"
        by_id = ref != "code"  # also where only the invitation leads there: the link outlives the code
        if not self.sees(who, own=own, by_id=by_id, invited=right):
            return "room_not_found"
        if own and who in USERS and who == self.owner:
            return self.over() or ("owner",)
        member, listed = self.stands(who), own and who in USERS and who in self.allowed
        refusal = self._refusal(who, belongs=member or listed or right)
        if refusal is None and not member:
            refusal = self._unproven(password, invitation, right=right, listed=listed)
        if refusal or self.over():
            return refusal or self.over() or ""
        moderates = member and self.members[who].role == "moderator"
        if not moderates and self.is_full_for(who):
            return "room_full"
        if not member:
            grounds = self._grounds(invited=right, listed=listed)
            if grounds == "nothing":
                return self._ask(verb)
            if grounds == "invitation":
                self.invitations[invitation or 0].used += 1
            self.members[who] = Row(verb.uid, grounds)
        return self._let_in(who)

    def _grounds(self, *, invited: bool, listed: bool) -> str:
        """By what somebody is let in; list and invitation where less would not do."""
        open_to_all = self.level in {"public", "password"}
        if open_to_all and not self.approval:
            return "password" if self.level == "password" else "code"
        return "list" if listed else "invitation" if invited else "nothing"

    def _let_in(self, who: str) -> Answer:
        row = self.members[who]
        if row.role == "spectator":
            self.leases[who] = max(self.leases.get(who, 0), self.now_ms + SEAT_MS)
        if self.waits(who):
            self.request_of(who).status = "approved"
            del self.waiting[who]
        return ("in", row.role, (who, row.made_by))

    def _refusal(self, who: str, *, belongs: bool) -> str | None:
        barred = self.barred.get(ADDRESS.get(who, who), 0) > self.now_ms
        if who in self.blocked or (barred and not belongs):
            return "blocked"
        return "approval_denied" if self.refused.get(who, 0) > self.now_ms else None

    def _unproven(self, password: Any, invitation: int | None, *, right: bool, listed: bool) -> str | None:
        if self.level == "password" and password != self.password:
            return "password_required" if password is None else "wrong_password"
        if self.level == "invite_only" and not (listed or right):
            return "invitation_required" if invitation is None else "invitation_spent"
        return None

    def _ask(self, verb: Verb) -> Answer:
        if not self.waits(verb.who):
            self.waiting[verb.who] = verb.uid
            self.requests[verb.who, verb.uid] = Request(self.now_ms + self.wait_ms)
        return ("waits", (verb.who, self.waiting[verb.who]))

    def _leave(self, verb: Verb) -> Answer:
        self._out(verb.who)
        return "ok"

    def _renew(self, verb: Verb) -> Answer:
        row = self.members.get(verb.who)
        if self.over() or row is None:
            return "False"
        if row.role == "spectator":
            if self.is_full_for(verb.who):
                return "False"
            self.leases[verb.who] = self.now_ms + SEAT_MS
        return "True"

    def _status(self, key: tuple[str, int]) -> str:
        request = self.requests.get(key)
        if request is None:
            return "gone"
        return "expired" if request.status == "waits" and request.ends_ms <= self.now_ms else request.status

    def _approve(self, verb: Verb, made_by: int) -> Answer:
        key, status = (verb.who, made_by), self._status((verb.who, made_by))
        if status != "waits":
            return self._settled(key, status, "approved")
        if self.over() or self.is_full_for(verb.who):
            return self.over() or "room_full"
        self.members.setdefault(verb.who, Row(verb.uid, "approval"))
        self.leases[verb.who] = max(self.leases.get(verb.who, 0), self.now_ms + RESERVED_MS)
        self.requests[key].status = "approved"
        self.refused.pop(verb.who, None)
        del self.waiting[verb.who]
        return "approved"

    def _deny(self, verb: Verb, made_by: int) -> Answer:
        key, status = (verb.who, made_by), self._status((verb.who, made_by))
        if status != "waits":
            return self._settled(key, status, "denied")
        self._say_no(verb.who)
        self.refused[verb.who] = self.now_ms + REFUSED_MS
        return "denied"

    def _settled(self, key: tuple[str, int], status: str, wanted: str) -> Answer:
        """What an answer to somebody gets who does not wait; what is settled is forgotten after a while."""
        if status == "gone":
            return "request_not_found"
        word = wanted if status == wanted else "request_settled"
        forgotten = status == "expired" or self.requests[key].ends_ms + ANSWER_KEPT_MS <= self.now_ms
        return frozenset({word, "request_not_found"}) if forgotten else word

    def _withdraw(self, verb: Verb, made_by: int) -> Answer:
        key, status = (verb.who, made_by), self._status((verb.who, made_by))
        if status in {"approved", "denied"}:
            late = self.requests[key].ends_ms + ANSWER_KEPT_MS <= self.now_ms
            return frozenset({"request_settled", "ok"}) if late else "request_settled"
        if status == "waits":
            del self.requests[key], self.waiting[verb.who]
        return "ok"

    def _redeem(self, verb: Verb, made_by: int) -> Answer:
        key, status = (verb.who, made_by), self._status((verb.who, made_by))
        if status != "gone" and self.requests[key].ends_ms + ANSWER_KEPT_MS <= self.now_ms:
            return frozenset({"unauthorized"})
        if status == "gone":
            return frozenset({"request_not_found", "unauthorized"})
        if status in {"denied", "expired"}:
            return frozenset({status, "request_not_found"}) if status == "expired" else status
        if self.over():
            return self.over() or ""
        if status == "waits":
            return "pending_approval"
        if not self.stands(verb.who):
            return "unauthorized"
        row = self.members[verb.who]
        return ("in", row.role, (verb.who, row.made_by))

    def _kick(self, verb: Verb, by: str) -> Answer:
        if verb.who == self.owner:
            return "not_allowed"
        row = self.members.get(verb.who)
        if row is None:
            return self._out_already(verb.who)
        if row.role == "moderator" and by != "owner":
            return "not_allowed"
        self._put_out(verb.who, "kicked")
        self.refused[verb.who] = max(self.refused.get(verb.who, 0), self.now_ms + REFUSED_MS)
        return "kicked"

    def _out_already(self, who: str) -> Answer:
        cause, until = self.parted.get(who, ("", 0))
        if cause not in {"kicked", "blocked"}:
            return "spectator_not_found"
        return cause if until > self.now_ms else frozenset({cause, "spectator_not_found"})

    def _block(self, verb: Verb, by: str) -> Answer:
        who, row = verb.who, self.members.get(verb.who)
        if who == self.owner:
            return "not_allowed"
        if row is not None and row.role == "moderator" and by != "owner":
            return "not_allowed"
        known = row is not None or self.waits(who) or who in self.parted or who in self.known_blocked
        if not known and who not in self.blocked:
            return "spectator_not_found"
        if row is None and not self.waits(who) and who in self.blocked:
            return "blocked"
        if self.over():
            return self.over() or ""
        if self.waits(who):
            self._say_no(who)
        self._put_out(who, "blocked")
        self.blocked |= {who}
        self.known_blocked[who] = self.now_ms
        if who not in USERS:
            self.barred[ADDRESS.get(who, who)] = self.now_ms + BARRED_MS
        return "blocked"

    def _unblock(self, verb: Verb) -> Answer:
        who = verb.who
        known = who in self.members or self.waits(who) or who in self.parted or who in self.known_blocked
        if not known and who not in self.blocked:
            return "spectator_not_found"
        if who not in self.blocked:
            return "unblocked"
        if self.over():
            return self.over() or ""
        self.blocked -= {who}
        self._free_address_of({who})
        self.parted[who] = ("unblocked", self.now_ms + PARTED_KEPT_MS)
        return "unblocked"

    def _promote(self, verb: Verb) -> Answer:
        return self._set_role(verb.who, "moderator")

    def _demote(self, verb: Verb) -> Answer:
        return self._set_role(verb.who, "spectator")

    def _set_role(self, who: str, role: str) -> Answer:
        row = self.members.get(who)
        if row is None:
            return "spectator_not_found"
        if row.role == role:
            return role
        if self.over():
            return self.over() or ""
        row.role = role
        self.leases.pop(who, None)
        if role == "spectator" and len(self.seated()) < self.seats:
            self.leases[who] = self.now_ms + SEAT_MS
        return role

    def _rotate(self, verb: Verb, what: str) -> Answer:
        if self.over():
            return self.over() or ""
        if what == "key":
            self.generation += 1
            return ("rotated", what)
        for who in [who for who, row in self.members.items() if row.role == "spectator"]:
            self._out(who)
        if what == "code":
            self.code = verb.uid
        else:
            self.level, self.password = "password", verb.uid
        return ("rotated", what)

    def _transfer(self, verb: Verb) -> Answer:
        if verb.who in self.blocked:
            return "invalid_request"
        if self.over():
            return self.over() or ""
        self.owner, self.generation = verb.who, self.generation + 1
        return "ok"

    def _change(self, verb: Verb, what: str, value: Any) -> Answer:
        del verb
        allowed, blocked = self.allowed, self.blocked
        if what == "allowed":
            allowed = frozenset(value)
        elif what == "blocked":
            blocked = frozenset(value)
        if (allowed - (self.allowed & self.blocked)) & blocked:
            return "invalid_request"
        if self.over():
            return self.over() or ""
        if what == "level":
            self.level, self.password = value, None
        elif what == "password":
            self.level, self.password = "password", value
        elif what == "seats":
            self.seats = value
        elif what == "approval":
            self.approval = value
        else:
            self.allowed, self.blocked = allowed, blocked
            self._enforce_lists()
        return "ok"

    def _enforce_lists(self) -> None:
        for who in [who for who in self.members if not self.stands(who)]:
            self._put_out(who, "blocked" if who in self.blocked else "unlisted")
        for who in [who for who in self.waiting if self.waits(who) and who in self.blocked]:
            self._say_no(who)
            self.refused[who] = self.now_ms + REFUSED_MS
        self._free_address_of(set(self.known_blocked) - self.blocked)

    def _extend(self, verb: Verb, hours: int) -> Answer:
        del verb
        if self.over():
            return self.over() or ""
        self.ends_ms += hours * HOUR_MS
        return "ok"

    def _close(self, verb: Verb) -> Answer:
        del verb
        self.ended = self.ended or ("expired" if self.over() else "closed")
        return "ok"

    def _invite(self, verb: Verb, uses: int, user: str | None) -> Answer:
        if self.over():
            return self.over() or ""
        self.invitations[verb.uid] = Invitation(uses, self.now_ms + HOUR_MS, user)
        return ("invitation", verb.uid)

    def _uninvite(self, verb: Verb, made_by: int) -> Answer:
        del verb
        self.invitations[made_by].withdrawn = True
        return "ok"

    def _sweep(self, verb: Verb) -> Answer:
        """Nothing that anybody could see."""
        del verb
        return "ok"

    # ------------------------------------------------------------ parts

    def _out(self, who: str) -> None:
        self.members.pop(who, None)
        self.leases.pop(who, None)

    def _put_out(self, who: str, cause: str) -> None:
        self._out(who)
        self.parted[who] = (cause, self.now_ms + PARTED_KEPT_MS)

    def _say_no(self, who: str) -> None:
        self.request_of(who).status = "denied"
        del self.waiting[who]

    def _free_address_of(self, people: set[str]) -> None:
        """Forget that they are blocked, and bar their addresses no longer unless another's block does."""
        for who in people:
            self.known_blocked.pop(who, None)
        fresh = self.now_ms - BARRED_MS
        held = {ADDRESS.get(who, who) for who, at in self.known_blocked.items() if at > fresh}
        for who in people:
            if ADDRESS.get(who, who) not in held:
                self.barred.pop(ADDRESS.get(who, who), None)
