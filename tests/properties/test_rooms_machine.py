"""Whatever people, owners and time do at once on two nodes: never too many seats, nobody in unproven.

Each step lets several act at the same time. Which of them comes first is not known, so the machine does not
predict outcomes: it knows what every outcome needs (a proof, an approval, a seat), and looks at the store
afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rooms import Admitted, Glance, JoinRequest, Limits, Member, RoomPatch, RoomsError, Waiting
from rooms.presence import REFUSED_MS
from spectator.embedded import EmbeddedStore
from tests.rooms.world import World, world_on

PEOPLE = [f"p{number}" for number in range(7)]
LISTED, BLOCKED = "p0", "p6"
OPEN = ""
"""Stands for the password of a room that asks for none."""

PASSWORDS = ["first", "second"]
WAIT_S = 30
NO_BUDGET = Limits(enabled=False)


def person_of(user: str) -> str:
    return f"u:local:{user}"


@dataclass(frozen=True)
class Act:
    """One thing somebody does: ``what``, who, on which node, and a choice (password, answer, number)."""

    what: str
    user: str
    node: int
    choice: int


@dataclass
class Rules:
    """What was so at some time during a step: any of it may have decided.

    ``insiders`` are members before the step, and who was approved or let in by a proof of their own in it.
    """

    passwords: set[str] = field(default_factory=set)
    approval: set[bool] = field(default_factory=set)
    seats: set[int] = field(default_factory=set)
    insiders: set[str] = field(default_factory=set)


def is_approved(request: JoinRequest) -> bool:
    return request.status == "approved"


acts = st.builds(
    Act,
    st.sampled_from(
        ["ask"] * 6 + ["approve", "approve", "deny", "leave", "renew", "release", "withdraw"]
        + ["password", "approval", "seats"]
    ),
    st.sampled_from(PEOPLE),
    st.integers(0, 1),
    st.integers(0, 9),
)  # fmt: skip


class Crowd(RuleBasedStateMachine):
    """One room, seven people, two nodes."""

    def __init__(self, run: Callable[[Coroutine[Any, Any, Any]], Any], nodes: list[World]) -> None:
        super().__init__()
        self.run, self.nodes = run, nodes
        self.passwords: set[str] = set()
        self.approval = False
        self.seats = 2
        self.over = False
        self.refused: dict[str, int] = {}
        self.seats_before = 0
        self.asked: list[str] = []
        self.answers: dict[str, str] = {}
        self.settled: set[str] = set()

    @initialize(
        approval=st.booleans(), seats=st.integers(1, 3), secret=st.booleans(), first=st.permutations(PEOPLE)
    )
    def open_room(self, approval: bool, seats: int, secret: bool, first: list[str]) -> None:
        """A room is announced, and half of the people press the button at once."""
        self.approval, self.seats = approval, seats
        self.passwords = {"first"} if secret else {OPEN}
        self.run(self.prepare())
        self.rush(set(first[:5]), 0)

    async def prepare(self) -> None:
        node = self.nodes[0]
        await node.connection.command("FLUSHALL", "SYNC")
        created = await node.room(
            password="first" if OPEN not in self.passwords else None,
            max_spectators=self.seats,
            require_approval=self.approval,
            approval_timeout=WAIT_S,
            allowed_users=[LISTED],
            blocked_users=[BLOCKED],
        )
        self.room = created.room
        self.tokens = {user: await node.identity(user) for user in PEOPLE}

    # ------------------------------------------------------------ steps

    @rule(together=st.lists(acts, min_size=1, max_size=8))
    def act(self, together: list[Act]) -> None:
        before = self.glance()
        rules = Rules({*self.passwords}, {self.approval}, {self.seats}, set(before.members))
        for one in together:
            self.note_change(one, rules)
        outcomes = self.run(self.all_at_once(together, before))
        done = list(zip(together, outcomes, strict=True))
        rules.insiders |= {
            one.person for one in outcomes if isinstance(one, JoinRequest) and is_approved(one)
        }
        rules.insiders |= {
            person_of(one.user)
            for one, outcome in done
            if isinstance(outcome, Admitted) and self.is_proven(one, rules)
        }
        for one, outcome in done:
            self.check(one, outcome, before, rules)
            if len(together) == 1 and one.what == "ask":
                self.check_alone(one, outcome, before)
        self.settle(together, outcomes, rules, before)

    async def all_at_once(self, together: list[Act], before: Glance) -> list[Any]:
        return await asyncio.gather(*(self.done(one, before) for one in together))

    async def done(self, one: Act, before: Glance) -> Any:
        """Do it, and return what came of it: an outcome or the error."""
        try:
            return await self.doing(one, before)
        except RoomsError as error:
            return error

    def doing(self, one: Act, before: Glance) -> Awaitable[Any]:
        manager, person = self.nodes[one.node].manager, person_of(one.user)
        if one.what == "ask":
            return self.nodes[one.node].ask(self.room.code, self.tokens[one.user], **self.proof(one))
        if one.what in {"approve", "deny"}:
            return self.answer(one, before)
        if one.what == "withdraw":
            waiting = [request for request in before.waiting if request.person == person]
            return manager.withdraw(self.room.id, waiting[0].id if waiting else "q_none")
        if one.what == "leave":
            return manager.leave(self.room.id, person)
        if one.what == "renew":
            return manager.renew([(self.room.id, person)])
        if one.what == "release":
            return manager.release(self.room.id, person)
        return manager.change(self.room, RoomPatch.read(self.patch(one)))

    def answer(self, one: Act, before: Glance) -> Awaitable[Any]:
        """Answer some request there ever was: one that waits, or one that is long settled or expired."""
        ids = [request.id for request in before.waiting] + self.asked
        request_id = ids[one.choice % len(ids)] if ids else "q_none"
        return self.nodes[one.node].manager.answer(self.room.id, request_id, one.what == "approve")

    def proof(self, one: Act) -> dict[str, str]:
        given = ["first", "second", "first", "second", "wrong", ""][one.choice % 6]
        return {"password": given} if given else {}

    def knows(self, one: Act, passwords: set[str]) -> bool:
        return OPEN in passwords or self.proof(one).get("password") in passwords

    def patch(self, one: Act) -> dict[str, Any]:
        if one.what == "password":
            return {"password": PASSWORDS[one.choice % 2]}
        if one.what == "approval":
            return {"require_approval": one.choice % 2 == 0}
        return {"max_spectators": 1 + one.choice % 3}

    def note_change(self, one: Act, rules: Rules) -> None:
        if one.what == "password":
            rules.passwords.add(PASSWORDS[one.choice % 2])
        elif one.what == "approval":
            rules.approval.add(one.choice % 2 == 0)
        elif one.what == "seats":
            rules.seats.add(1 + one.choice % 3)

    @rule(users=st.sets(st.sampled_from(PEOPLE), min_size=3), choice=st.sampled_from([0, 0, 1, 5]))
    def rush(self, users: set[str], choice: int) -> None:
        """Many ask, and the owner approves whoever waits, all at the same time."""
        asks = [Act("ask", user, number % 2, choice) for number, user in enumerate(sorted(users))]
        self.act([*asks, *(Act("approve", LISTED, number % 2, number) for number in range(3))])

    @rule(seconds=st.sampled_from([0, 31]))
    def come_back(self, seconds: int) -> None:
        """Everybody who may have been away renews at the same time."""
        self.time_passes(seconds)
        self.act([Act("renew", user, number % 2, 0) for number, user in enumerate(PEOPLE)])

    @rule(users=st.lists(st.sampled_from(PEOPLE), min_size=3, max_size=5), choice=st.integers(0, 1))
    def take_turns(self, users: list[str], choice: int) -> None:
        """One comes when the other's seat has lapsed; then all of them want theirs back."""
        for user in users:
            self.act([Act("ask", user, 0, choice)])
            self.time_passes(31)
        self.come_back(0)

    @rule(seconds=st.sampled_from([WAIT_S - 2, WAIT_S + 1]))
    def be_answered_late(self, seconds: int) -> None:
        late = [one.id for one in self.glance().waiting]
        self.time_passes(seconds)
        self.asked = [*late, *self.asked][:5]
        self.act([Act("approve", LISTED, number % 2, number) for number in range(5)])

    @rule(user=st.sampled_from(PEOPLE[1:-1]))
    def be_denied_and_ask(self, user: str) -> None:
        waiting = [one.id for one in self.glance().waiting if one.person == person_of(user)]
        for request_id in waiting:
            before = self.glance()
            denied = self.run(self.nodes[0].manager.answer(self.room.id, request_id, False))
            self.check_answer(denied, before)
            self.refused[denied.person] = self.nodes[0].clock.now_ms() + REFUSED_MS
            self.act([Act("ask", user, 1, 0)])

    @rule(seconds=st.sampled_from([1, 12, 31, 61]))
    def time_passes(self, seconds: int) -> None:
        for node in self.nodes:
            node.clock.push(seconds * 1000)
        self.seats_before = self.glance().seats

    @rule(node=st.integers(0, 1))
    def sweep(self, node: int) -> None:
        self.run(self.nodes[node].manager.sweep())

    @precondition(lambda self: not self.over)
    @rule(together=st.lists(acts, max_size=4), chance=st.integers(0, 9))
    def close(self, together: list[Act], chance: int) -> None:
        if chance:
            return
        self.act(together or [Act("renew", LISTED, 0, 0)])
        self.run(self.nodes[0].manager.close_room(self.room))
        self.over = True

    # ------------------------------------------------------------ what every outcome needs

    def is_proven(self, one: Act, rules: Rules) -> bool:
        """Whether somebody from outside showed what the room asked for at some time during the step."""
        return self.knows(one, rules.passwords) and (one.user == LISTED or False in rules.approval)

    def check(self, one: Act, outcome: Any, before: Glance, rules: Rules) -> None:
        person = person_of(one.user)
        if isinstance(outcome, Admitted):
            assert not self.over, "let into a room that is over"
            assert one.user != BLOCKED, "let in although blocked"
            assert outcome.person == person
            assert person in rules.insiders, f"{one} was let in without proof"
        elif isinstance(outcome, Waiting):
            assert not self.over
            assert one.user not in {BLOCKED, LISTED}
            assert True in rules.approval
            assert outcome.request.person == person
            self.asked = [outcome.request_id, *self.asked][:5]
            assert self.knows(one, rules.passwords), "waits without the password"
        elif isinstance(outcome, JoinRequest):
            self.check_answer(outcome, before)
        elif isinstance(outcome, list):
            assert not outcome[0] or person in rules.insiders, "renewed a seat of no member"

    def check_answer(self, outcome: JoinRequest, before: Glance) -> None:
        waited = {request.id for request in before.waiting}
        answered = self.answers.setdefault(outcome.id, outcome.status)
        assert outcome.status == answered, "answered twice, and differently"
        assert outcome.id in self.settled or not (is_approved(outcome) and self.over)
        assert outcome.id in waited | self.settled, "an answer to somebody who did not wait, or no longer"
        self.settled.add(outcome.id)

    def check_alone(self, one: Act, outcome: Any, before: Glance) -> None:
        """With nobody else about, the outcome is known to the letter."""
        person, now_ms = person_of(one.user), self.nodes[0].clock.now_ms()
        code = outcome.code if isinstance(outcome, RoomsError) else ""
        if one.user == BLOCKED:
            assert code == "blocked"
        elif self.refused.get(person, 0) > now_ms + 1000:
            assert code == "approval_denied"
        elif person not in before.members and not self.knows(one, self.passwords):
            assert code in {"wrong_password", "password_required", "approval_denied"}

    def settle(self, together: list[Act], outcomes: list[Any], rules: Rules, before: Glance) -> None:
        """Take over what stands now: the room's settings, who was denied, who is gone."""
        after = self.glance()
        self.approval, self.seats = after.room.require_approval, after.room.max_spectators
        changed = [one for one, done in zip(together, outcomes, strict=True) if self.took(one, done)]
        if any(one.what == "password" for one in changed):
            self.passwords = {PASSWORDS[one.choice % 2] for one in changed if one.what == "password"}
        now_ms = self.nodes[0].clock.now_ms()
        for done in outcomes:
            if isinstance(done, JoinRequest) and done.status == "denied":
                self.refused[done.person] = now_ms + REFUSED_MS
        assert set(after.members) <= rules.insiders, "a member whom nobody let in"
        limit = max(rules.seats | {after.room.max_spectators})
        assert after.seats <= max(limit, before.seats), "more seats than were allowed at any time"
        self.seats_before = after.seats

    def took(self, one: Act, done: Any) -> bool:
        return one.what in {"password", "approval", "seats"} and not isinstance(done, RoomsError)

    # ------------------------------------------------------------ what always holds

    def glance(self) -> Glance:
        found: Glance | None = self.run(self.nodes[0].manager.glance(self.room.id))
        assert found is not None
        return found

    @invariant()
    def no_more_seats_than_there_are(self) -> None:
        if not hasattr(self, "room"):
            return
        now = self.glance()
        assert now.seats <= max(now.room.max_spectators, self.seats_before)
        self.seats_before = now.seats

    @invariant()
    def only_members_have_seats(self) -> None:
        if not hasattr(self, "room"):
            return
        members, seated = self.run(self.nodes[1].manager._watching._context.people.members(self.room.id))
        assert seated <= set(members)
        assert all(isinstance(one, Member) for one in members.values())
        assert person_of(BLOCKED) not in members

    @invariant()
    def who_waits_is_no_member_and_not_late(self) -> None:
        if not hasattr(self, "room"):
            return
        now = self.glance()
        people = [request.person for request in now.waiting]
        assert len(people) == len(set(people))
        assert not set(people) & {person_of(BLOCKED)}
        assert all(request.expires_at_ms > now.now_ms for request in now.waiting)


@pytest.mark.timeout(300)  # many small runs, on a machine that may be busy
def test_a_crowd_on_two_nodes(store: EmbeddedStore) -> None:
    with asyncio.Runner() as runner:
        exits = AsyncExitStack()

        async def two_nodes() -> list[World]:
            return [await exits.enter_async_context(world_on(store.url, NO_BUDGET)) for _ in range(2)]

        nodes = runner.run(two_nodes())
        try:
            run_state_machine_as_test(
                partial(Crowd, runner.run, nodes),  # type: ignore[arg-type]  # it is only ever called
                settings=settings(
                    max_examples=40,
                    stateful_step_count=12,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(exits.aclose())
