"""Whoever comes, goes, is killed or forgets to renew, on whatever nodes: here is who has a live connection.

The model knows of each node whose connections it holds and when it renewed them last. The store must say the
same after every step: nobody counted twice, nobody who is gone, never less than nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from rooms import OWNER_PERSON, Limits, Present
from rooms.manager.context import nonce
from rooms.presence import HERE_MS, SEAT_MS
from rooms.store import Held, PeopleStore, PresenceStore, RoomStore, keys
from spectator.embedded import EmbeddedStore
from tests.rooms.made import a_member
from tests.rooms.world import World, world_on

PEOPLE = [f"v_{number}" for number in range(4)]
MODERATOR = "v_mod"
EVERYBODY = [*PEOPLE, MODERATOR, OWNER_PERSON]
SEATS = 3
NAMED = 3
NODES = st.integers(0, 2)


class Presence(RuleBasedStateMachine):
    """One room of three seats, four people, a moderator and an owner, on three nodes."""

    def __init__(self, run: Callable[[Coroutine[Any, Any, Any]], Any], world: World) -> None:
        super().__init__()
        self.run, self.world = run, world
        self.people = PeopleStore(world.connection)
        self.nodes: list[PresenceStore] = []
        self.made = 0
        self.held: dict[tuple[int, str], Held] = {}  # what each node believes it holds
        self.ties: dict[tuple[str, str], int] = {}  # node and person: until when it counts, of dead nodes too
        self.arrived: dict[str, int] = {}

    @initialize()
    def open_room(self) -> None:
        self.run(self.prepare())

    async def prepare(self) -> None:
        await self.world.connection.command("FLUSHALL", "SYNC")
        record = await RoomStore(self.world.connection).read(
            (await self.world.room(max_spectators=SEATS, session_duration_hours=24)).room.id
        )
        assert record is not None
        self.record, self.room_id = record, record.room.id
        self.nodes = [self.node() for _ in range(3)]
        self.names = [f"n_{number}" for number in range(1, 4)]
        await self.admit(MODERATOR)

    def node(self) -> PresenceStore:
        self.made += 1
        return PresenceStore(self.world.connection, f"n_{self.made}")

    @property
    def now(self) -> int:
        return self.world.clock.now_ms()

    async def admit(self, person: str) -> str:
        role = "moderator" if person == MODERATOR else "spectator"
        lease = None if person == MODERATOR else self.now + SEAT_MS
        word, _ = await self.people.admit(
            self.record, a_member(person, role=role), as_member=False, lease_end_ms=lease, nonce=nonce()
        )
        return word

    # ------------------------------------------------------------ steps

    @rule(person=st.sampled_from(PEOPLE))
    def join(self, person: str) -> None:
        assert self.run(self.admit(person)) in {"in", "full"}

    @rule(node=NODES, person=st.sampled_from(EVERYBODY), lag=st.integers(-5, 5000))
    def renew(self, node: int, person: str, lag: int) -> None:
        """A connection comes, or it is time again."""
        [answer] = self.run(self.nodes[node].renew([(self.room_id, person, lag)]))
        assert isinstance(answer, tuple)
        stays, held = answer
        if stays:
            self.held[node, person] = held
            self.ties[self.names[node], person] = held.here_ms
            assert held.seated == (person in PEOPLE)
        else:
            assert person in PEOPLE
            self.held.pop((node, person), None)

    @rule(node=NODES, person=st.sampled_from(EVERYBODY))
    def release(self, node: int, person: str) -> None:
        """The last connection of a person to a node ends."""
        held = self.held.pop((node, person), None)
        if held is None:
            return
        gone = self.run(self.nodes[node].release(self.room_id, person, held))
        self.ties.pop((self.names[node], person), None)
        assert gone == (not self.is_here(person)), "gone is who is on no other node"

    @rule(person=st.sampled_from(PEOPLE))
    def leave(self, person: str) -> None:
        self.run(self.people.leave(self.room_id, person, nonce()))
        self.ties = {tie: till for tie, till in self.ties.items() if tie[1] != person}

    @rule(node=NODES)
    def renew_all(self, node: int) -> None:
        for _, person in [one for one in self.held if one[0] == node]:
            self.renew(node, person, 0)

    @rule(node=NODES)
    def kill(self, node: int) -> None:
        """Nothing is said or given back; another node takes its place."""
        self.held = {one: held for one, held in self.held.items() if one[0] != node}
        self.nodes[node] = self.node()
        self.names[node] = f"n_{self.made}"

    @rule(seconds=st.sampled_from([1, 9, 20, 28, 31]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.push(seconds * 1000)

    # ------------------------------------------------------------ what always holds

    def is_here(self, person: str) -> bool:
        return any(till > self.now for (_, who), till in self.ties.items() if who == person)

    def look(self) -> Present:
        found: dict[str, Present] = self.run(self.nodes[0].present([self.room_id], NAMED))
        return found[self.room_id]

    @invariant()
    def who_is_here_is_who_has_a_live_connection(self) -> None:
        if not self.nodes:
            return
        here = {person for person in EVERYBODY if self.is_here(person)}
        found = self.look()
        assert found.count == len(here)
        assert len(found.first) == len(set(found.first)) == min(len(here), NAMED)
        assert set(found.first) <= here
        lags = self.run(self.nodes[0].lags(self.room_id))
        assert set(lags) == here
        assert all(0 <= lag <= 5000 for lag in lags.values())

    @invariant()
    def who_is_here_has_a_seat_and_nobody_more_than_there_are(self) -> None:
        if not self.nodes:
            return
        members, seated = self.run(self.people.members(self.room_id))
        assert len(seated) <= SEATS
        assert seated <= set(members)
        assert {person for person in PEOPLE if self.is_here(person)} <= seated

    def teardown(self) -> None:
        """When nothing renews any more, nothing is left, and every seat is free."""
        if not self.nodes:
            return
        self.world.clock.push(HERE_MS)
        assert self.look() == Present(0, ())
        self.world.clock.push(SEAT_MS)
        assert self.run(self.people.members(self.room_id))[1] == set()
        names = keys.of_room(self.room_id, "here", "arrived", "ties")
        assert self.run(self.world.connection.command("EXISTS", *names)) == 0


@pytest.mark.timeout(300)  # many small runs, on a machine that may be busy
def test_who_is_here_on_three_nodes(store: EmbeddedStore) -> None:
    with asyncio.Runner() as runner:
        exits = AsyncExitStack()
        world = runner.run(exits.enter_async_context(world_on(store.url, Limits(enabled=False))))
        try:
            run_state_machine_as_test(
                partial(Presence, runner.run, world),  # type: ignore[arg-type]  # it is only ever called
                settings=settings(
                    max_examples=60,
                    stateful_step_count=25,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(exits.aclose())
