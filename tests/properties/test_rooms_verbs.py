"""Every verb of a room, one at a time and two at once on two nodes, against a plain model of it.

One verb must be answered as the model answers, and leave the room as the model has it. Two at once must be
answered, and leave the room, as if one of them had come first; which one is the room's to choose. After every
step it is asked of every token, and of everybody, what they may.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import os
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from rooms import (
    Admitted,
    Affected,
    Glance,
    JoinRequest,
    Limits,
    RoomManager,
    RoomNotFound,
    RoomsError,
    Secrets,
    Waiting,
    connect,
)
from spectator.embedded import EmbeddedStore
from tests.properties.rooms_model import HOUR_MS, USERS, VISITORS, Answer, Model, Verb
from tests.properties.rooms_verbs import KNOWN, Doing, Names
from tests.rooms.world import DAY, SECOND, SECRET, PushedClock, World, world_on

EXAMPLES = int(os.environ.get("ROOMS_VERBS_EXAMPLES", "40"))
"""A long run takes thousands."""

STEPS = 15
NO_BUDGET = Limits(enabled=False)
SECRETS = Secrets([SECRET])
PASSWORDS = (None, "first", "second", "neither")


class StandingClock(PushedClock):
    """A clock that stands between two pushes, so that the model and both nodes mean the same by now."""

    def __init__(self) -> None:
        super().__init__()
        self._began_ms: int | None = None

    def now_ms(self) -> int:
        if self._began_ms is None:
            self._began_ms = super().now_ms()
        return self._began_ms + self.pushed_ms


def is_named(names: dict[Any, str], thing: Any, name: str) -> bool:
    """Whether this is the thing's name; one without a name gets it, unless it is another's."""
    if thing not in names and name in names.values():
        return False
    return names.setdefault(thing, name) == name


acts = st.tuples(
    st.sampled_from(
        ["join"] * 9 + ["approve"] * 3 + ["invite"] * 2 + ["change"] * 5
        + ["leave", "renew", "deny", "withdraw", "redeem", "kick", "kick", "block", "block", "unblock"]
        + ["promote", "demote", "rotate", "transfer", "uninvite", "extend"]
    ),
    st.sampled_from([*KNOWN, "stranger"]),
    st.tuples(*[st.integers(0, 11)] * 4),
)  # fmt: skip
"""What, who, and numbers that choose among what there is by then."""


class Verbs(RuleBasedStateMachine):
    """One room after the other; visitors, users of the tenant and strangers; two nodes."""

    def __init__(self, run: Callable[[Coroutine[Any, Any, Any]], Any], nodes: list[World]) -> None:
        super().__init__()
        self.run, self.nodes, self.uid = run, nodes, 0
        self.ways: list[tuple[Model, Names]] = []
        self.keys: list[str] = []  # room keys by generation
        self.strangers: list[str] = []

    @initialize(
        level=st.sampled_from(["public", "public", "password", "invite_only", "private"]),
        approval=st.booleans(),
        seats=st.integers(1, 3),
        allowed=st.sets(st.sampled_from(USERS), max_size=2),
        wait=st.sampled_from([30, 600]),
    )
    def open_room(self, level: str, approval: bool, seats: int, allowed: set[str], wait: int) -> None:
        names = Names()
        self.run(self.prepare(names))
        now_ms = self.nodes[0].clock.now_ms()
        password = "first" if level == "password" else None
        ends_ms = now_ms + 3 * HOUR_MS
        model = Model(now_ms, level, password, approval, seats, wait * 1000, ends_ms, 0, frozenset(allowed))
        fields = {"access_level": level, "require_approval": approval, "max_spectators": seats}
        fields |= {"allowed_users": sorted(allowed), "approval_timeout": wait, "session_duration_hours": 3}
        made = self.run(self.nodes[0].room(password=password, **fields))
        self.room, self.keys = made.room, [made.owner_token]
        names.codes[0] = made.room.code
        self.ways = [(model, names)]

    async def prepare(self, names: Names) -> None:
        node = self.nodes[0]
        await node.connection.command("FLUSHALL", "SYNC")
        for who in VISITORS:
            names.people[who] = f"v_00000000000000{who}"
        for who in USERS:
            names.people[who] = f"u:local:{who}"
        ends_ms = node.clock.now_ms() + 30 * DAY
        self.own: dict[str, str | None] = {
            who: SECRETS.sign("visitor", {"p": names.people[who]}, ends_ms) for who in VISITORS
        }
        for who in USERS:
            self.own[who] = await node.manager.mint_identity("local", who, who.title(), 24 * 30)
        self.foreigner = await node.manager.mint_identity("other", "u0", "U0", 24 * 30)
        self.elsewhere = (await node.enter((await node.room()).room.code)).token

    # ------------------------------------------------------------ steps

    @rule(act=acts, node=st.integers(0, 1))
    def one(self, act: Any, node: int) -> None:
        self.step(self.verb(*act, node))

    @rule(first=acts, second=acts)
    def two_at_once(self, first: Any, second: Any) -> None:
        self.step(self.verb(*first, 0), self.verb(*second, 1))

    @rule(who=st.sampled_from(KNOWN), first=acts, second=acts, pick=st.tuples(*[st.integers(0, 11)] * 4))
    def two_at_one_person(self, who: str, first: Any, second: Any, pick: Any) -> None:
        """The same person is asked for, answered, put out at once."""
        self.step(self.verb("join", who, (0, 1, 0, pick[0]), 0))
        self.step(self.verb(first[0], who, pick, 0), self.verb(second[0], who, second[2], 1))

    @rule(first=st.sampled_from(KNOWN), second=st.sampled_from(KNOWN), user=st.sampled_from([None, *USERS]))
    def two_with_one_invitation(self, first: str, second: str, user: str | None) -> None:
        """Its last use is one person's, whoever comes first."""
        self.uid += 3
        made = Verb(self.uid - 2, "invite", more=(1, user))
        self.step(made)
        how = ("code", self.model.password, made.uid if made.uid in self.model.invitations else None, True)
        self.step(Verb(self.uid - 1, "join", first, 0, how), Verb(self.uid, "join", second, 1, how))

    @rule(seconds=st.sampled_from([1, 12, 31, 61, 601, 3601]), node=st.integers(0, 1), swept=st.booleans())
    def time_passes(self, seconds: int, node: int, swept: bool) -> None:
        for one in {id(one.clock): one.clock for one in self.nodes}.values():
            one.push(seconds * SECOND)
        for model, _ in self.ways:
            model.now_ms += seconds * SECOND
        if swept:
            self.step(self.verb("sweep", "", (0, 0, 0, 0), node))

    @rule(act=acts, chance=st.integers(0, 7))
    def close(self, act: Any, chance: int) -> None:
        if chance == 0:
            self.step(self.verb("close", "", (0, 0, 0, 0), 0), self.verb(*act, 1))

    # ------------------------------------------------------------ which verb

    def verb(self, what: str, who: str, pick: tuple[int, ...], node: int) -> Verb:
        """A verb out of numbers that choose."""
        self.uid += 1
        model = self.model
        if who == "stranger":
            who = f"s{self.uid}" if what == "join" else (self.strangers or ["v0"])[-1]
        asked = [made_by for one, made_by in model.requests if one == who]
        invited = list(model.invitations)
        if what in {"approve", "deny", "withdraw", "redeem"} and not asked:
            what = "renew"
        if what == "uninvite" and not invited:
            what = "invite"
        if what == "transfer" and who not in USERS:
            what = "renew"
        more: dict[str, Callable[[], tuple[Any, ...]]] = {
            "join": lambda: self.join_by(who, pick),
            "approve": lambda: (asked[-1 - pick[0] // 6 % len(asked)],),
            "kick": lambda: (("owner", "owner", "moderator")[pick[0] % 3],),
            "rotate": lambda: (("code", "password", "key")[pick[0] % 3],),
            "change": lambda: self.changed(pick),
            "extend": lambda: (1,),
            "invite": lambda: (1 + pick[0] % 2, (None, None, *USERS)[pick[1] % 5]),
            "uninvite": lambda: (invited[pick[0] % len(invited)],),
        }
        like = {"deny": "approve", "withdraw": "approve", "redeem": "approve", "block": "kick"}
        made = more.get(like.get(what, what))
        return Verb(self.uid, what, who, node, made() if made else ())

    def join_by(self, who: str, pick: tuple[int, ...]) -> tuple[Any, ...]:
        ref = ("code", "code", "code", "code", "code", "code", "code", "id", "id", "old", "nowhere", "code")[
            pick[0]
        ]
        password = (*PASSWORDS, self.model.password, self.model.password)[pick[1] % 6]
        invited = list(self.model.invitations)
        invitation = invited[pick[2] % len(invited)] if invited and pick[2] % 3 == 0 else None
        mine = [token for token, (one, _) in self.names.tokens.items() if one == who]
        own = invitation is not None or not mine or pick[3] % 3 > 0
        return (ref, password, invitation, own)

    def changed(self, pick: tuple[int, ...]) -> tuple[str, Any]:
        users = tuple(user for number, user in enumerate(USERS) if pick[1] >> number & 1)
        return (
            ("level", ("public", "invite_only", "private")[pick[1] % 3]),
            ("password", PASSWORDS[1 + pick[1] % 2]),
            ("seats", 1 + pick[1] % 3),
            ("approval", pick[1] % 2 == 0),
            ("allowed", users),
            ("blocked", users[:2]),
        )[pick[0] % 6]

    # ------------------------------------------------------------ doing it

    def step(self, *verbs: Verb) -> None:
        """Do these at once; the model must agree with what came of it, in some order."""
        told = self.run(self.all_at_once(verbs))
        glance = self.glance()
        orders = {verbs, verbs[::-1]}
        if len(verbs) > 1:
            # Whether somebody who asks by the id may know of the room is looked at once, at first.
            orders |= {tuple(self.known_first(verb) for verb in order) for order in orders}
        ways = [(before, names) for held, names in self.ways for before in held.may_be()]
        found: list[tuple[Model, Names]] = []
        seen = []
        for order, (before, known) in itertools.product(orders, ways):
            model, names = copy.deepcopy(before), copy.deepcopy(known)
            expected = {verb.uid: model.apply(verb) for verb in order}
            wrong = [
                (verb, real, expected[verb.uid])
                for verb, real in zip(verbs, told, strict=True)
                if not self.fits(verb, real, expected[verb.uid], names)
            ]
            wrong += self.differs(model, glance, names)
            if wrong:
                seen.append(wrong)
            elif (model, names) not in found:
                found.append((model, names))
        if not found:
            raise AssertionError("no order explains it:\n" + "\n".join(map(str, [verbs, told, *seen])))
        self.ways = found
        self.take_over(verbs, glance)

    def known_first(self, verb: Verb) -> Verb:
        """A join by the id as one by the code, if whoever asks may know of the room when the step begins."""
        if verb.what != "join" or verb.more[0] != "id":
            return verb
        _, password, invitation, own = verb.more
        invited = self.model.invites(invitation, verb.who)
        knows = self.model.sees(verb.who, own=own, by_id=True, invited=invited)
        return replace(verb, more=("code", password, invitation, own)) if knows else verb

    @property
    def model(self) -> Model:
        """One of the ways in which the room may stand; they differ only in what nobody has seen yet."""
        return self.ways[0][0]

    @property
    def names(self) -> Names:
        return self.ways[0][1]

    def keep(self, expected: Callable[[Model], Any], real: Any) -> None:
        """What was seen now rules out some of the ways, and must not rule out all of them."""
        wanted = [expected(model) for model, _ in self.ways]
        assert real in wanted, (real, wanted)
        self.ways = [way for way, one in zip(self.ways, wanted, strict=True) if one == real]

    async def all_at_once(self, verbs: tuple[Verb, ...]) -> list[Any]:
        return await asyncio.gather(*(self.done(verb) for verb in verbs))

    async def done(self, verb: Verb) -> Any:
        """Do it; returns a word, or a word and the names of things."""
        node = self.nodes[verb.node]
        try:
            doing = Doing(node, self.room, self.names, self.model.code, self.own, self.strangers)
            outcome = await getattr(doing, verb.what)(verb, *verb.more)
        except RoomsError as error:
            return error.code
        if isinstance(outcome, Admitted):
            if outcome.role == "owner":
                return ("owner",)
            caller = await node.manager.caller(outcome.token)
            return ("in", outcome.role, outcome.person, caller.grant_id, outcome.token)
        if isinstance(outcome, Waiting):
            return ("waits", outcome.request.person, outcome.request_id, outcome.token)
        if isinstance(outcome, JoinRequest | Affected):
            return outcome.status
        return "ok" if outcome is None else outcome

    # ------------------------------------------------------------ whether the model agrees

    def fits(self, verb: Verb, real: Any, expected: Answer, names: Names) -> bool:
        """Whether an answer is the expected one; things that are named in it for the first time get names."""
        if isinstance(expected, frozenset):
            return real in expected
        if isinstance(expected, str) or isinstance(real, str):
            return bool(real == expected)
        if real[0] != expected[0]:
            return False
        if real[0] == "in":
            _, role, person, grant_id, token = real
            key = expected[2]
            names.tokens[token] = key
            same = is_named(names.people, key[0], person) and is_named(names.grants, key, grant_id)
            return bool(role == expected[1] and same)
        if real[0] == "waits":
            _, person, request_id, token = real
            key = expected[1]
            names.lobby[key] = token
            return is_named(names.people, key[0], person) and is_named(names.requests, key, request_id)
        if real[0] == "rotated" and real[2] is not None:
            names.passwords[verb.uid] = real[2]
        if real[0] == "invitation":
            names.invitations[verb.uid] = real[1:]
        return True

    def differs(self, model: Model, glance: Glance, names: Names) -> list[tuple[str, Any, Any]]:
        """Where the room is another than the model's."""
        room, people = glance.room, {person: who for who, person in names.people.items()}
        members = {people.get(person, person): (row.role, row.by) for person, row in glance.members.items()}
        waiting = {names.requests.get((who, uid)) for who, uid in model.waiting.items() if model.waits(who)}
        same_rows = all(
            is_named(names.grants, (who, row.made_by), glance.members[names.people[who]].grant_id)
            for who, row in model.members.items()
            if names.people.get(who) in glance.members
        )
        found = {
            "members": (members, {who: (row.role, row.by) for who, row in model.members.items()}),
            "rows": (same_rows, True),
            "seats": (glance.seats, len(model.seated())),
            "waiting": ({one.id for one in glance.waiting}, waiting),
            "level": (room.access_level.value, model.level),
            "password": (room.has_password, model.password is not None),
            "approval": (room.require_approval, model.approval),
            "most": (room.max_spectators, model.seats),
            "allowed": (room.allowed_users, model.allowed),
            "blocked": ({people.get(one, one) for one in room.blocked_users}, model.blocked),
            "owner": (room.owner_id, model.owner),
            "generation": (room.generation, model.generation),
            "ends": (room.expires_at_ms, model.ends_ms),
            "active": (room.is_active(glance.now_ms), model.over() is None),
            "code": (is_named(names.codes, model.code, room.code), True),
        }
        return [(what, real, wanted) for what, (real, wanted) in found.items() if real != wanted]

    def take_over(self, verbs: tuple[Verb, ...], glance: Glance) -> None:
        self.room = glance.room
        while len(self.keys) < self.room.generation:
            later = replace(self.room, generation=len(self.keys) + 1)
            self.keys.append(self.nodes[0].manager.owner_token(later))
        for verb in verbs:
            if verb.who.startswith("s") and verb.who in self.names.people and verb.who not in self.strangers:
                self.strangers.append(verb.who)
                ends_ms = self.model.now_ms + 30 * DAY
                self.own[verb.who] = SECRETS.sign("visitor", {"p": self.names.people[verb.who]}, ends_ms)

    def glance(self) -> Glance:
        found: Glance | None = self.run(self.nodes[0].manager.glance(self.room.id))
        assert found is not None
        return found

    # ------------------------------------------------------------ what everybody may

    @invariant()
    def seats_are_for_members(self) -> None:
        if self.ways:
            assert self.model.seated() <= set(self.model.members)

    @invariant()
    def a_token_is_worth_what_the_model_says(self) -> None:
        if self.ways:
            self.run(self.check_tokens())

    async def check_tokens(self) -> None:
        grants = list(self.names.tokens.items())[-8:]
        others = [*self.keys, *(self.own[user] for user in USERS), self.foreigner, self.elsewhere]
        found = await asyncio.gather(*(self.role_of(token) for token, _ in grants))

        def roles(model: Model) -> list[str | None]:
            rows = [(who, made_by, model.members.get(who)) for _, (who, made_by) in grants]
            return [
                row.role if row and row.made_by == made_by and model.stands(who) and not expired else None
                for (who, made_by, row), (_, expired) in zip(rows, found, strict=True)
            ]

        self.keep(roles, [role for role, _ in found])
        real = [role for role, _ in await asyncio.gather(*(self.role_of(token) for token in others))]
        self.keep(
            lambda model: [
                *("owner" if one == model.generation else None for one in range(1, len(self.keys) + 1)),
                *("owner" if user == model.owner else None for user in USERS),
                *(None, None),
            ],
            real,
        )

    async def role_of(self, token: str | None) -> tuple[str | None, bool]:
        """What a credential is to the room now, and whether its time is over."""
        manager = self.nodes[1].manager
        caller = await manager.caller(token)
        return await manager.role(caller, self.room), caller.expired

    @invariant()
    def everybody_sees_what_the_model_says(self) -> None:
        if self.ways:
            self.run(self.check_sight())

    async def check_sight(self) -> None:
        code = self.names.codes[self.model.code]
        lookers = {**{who: self.own[who] for who in KNOWN}, "nobody": None}
        lookers |= {"foreigner": self.foreigner, "from elsewhere": self.elsewhere}
        asked = [(ref, who) for ref in (code, self.room.id) for who in lookers]
        real = await asyncio.gather(*(self.looks(ref, lookers[who]) for ref, who in asked))
        self.keep(
            lambda model: [model.sees(who, own=who in KNOWN, by_id=ref != code) for ref, who in asked], real
        )
        old = [one for one in self.names.codes.values() if one != code]
        led = await asyncio.gather(*(self.looks(one, self.own["u0"]) for one in old))
        assert not any(led), "a code of old leads somewhere"

    async def looks(self, ref: str, token: str | None) -> bool:
        manager = self.nodes[1].manager
        try:
            await manager.look(ref, await manager.caller(token), "203.0.113.1")
        except RoomNotFound:
            return False
        return True

    @invariant()
    def invitations_are_used_as_often_as_the_model_says(self) -> None:
        if self.ways:
            listed = self.run(self.nodes[1].manager.invitations.list(self.room))
            self.keep(
                lambda model: {
                    self.names.invitations[uid][0]: (one.used, one.uses, one.withdrawn)
                    for uid, one in model.invitations.items()
                },
                {one.id: (one.used, one.uses, one.withdrawn) for one in listed},
            )


@pytest.mark.timeout(max(300, EXAMPLES * 4))  # many small runs, on a machine that may be busy
def test_every_verb_does_what_the_model_does(store: EmbeddedStore) -> None:
    with asyncio.Runner() as runner:
        exits = AsyncExitStack()
        nodes = runner.run(two_nodes(store.url, exits))
        try:
            run_state_machine_as_test(
                partial(Verbs, runner.run, nodes),  # type: ignore[arg-type]  # it is only ever called
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    phases=(Phase.generate,),  # what depends on who was faster cannot be made smaller
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(exits.aclose())


async def two_nodes(url: str, exits: AsyncExitStack) -> list[World]:
    """Two managers with connections of their own, by one clock that stands."""
    first = await exits.enter_async_context(world_on(url, NO_BUDGET))
    clock, nodes = StandingClock(), []
    for _ in range(2):
        connection = await connect(url, clock)
        exits.push_async_callback(connection.close)
        manager = RoomManager(connection, SECRETS, limits=NO_BUDGET)
        exits.push_async_callback(manager.close)
        node = World(connection, clock, manager)
        node.owner = first.owner
        nodes.append(node)
    return nodes
