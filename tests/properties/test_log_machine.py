"""The log under everything that happens to it, against a list of events kept beside it."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import rooms
from rooms import SequenceGap
from spectator.embedded import EmbeddedStore
from spectator.events import decode
from spectator.log import Appended, Cursor, Log, Retention
from spectator.state import State, advance, compact, restore

ROOM = "r_0123456789abcdef"
KEYS = [f"sp:{{{ROOM}}}:{name}" for name in ("head", "log", "checkpoint", "producers")]
SMALL = Retention(checkpoint_after=1_500, keep_bytes=2_500, page=800)
T = TypeVar("T")


class LogMachine(RuleBasedStateMachine):
    """A publisher that repeats, hubs on two nodes, viewers that come back, checkpoints, failovers.

    A failover loses a tail; that is noticed by one node or by both, at once or one after the other.
    """

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.connection = self.wait(rooms.connect(self.url))
        self.other = self.wait(rooms.connect(self.url))
        self.wait(self.connection.command("FLUSHALL", "SYNC"))
        expires = self.connection.clock.now_ms() + 3_600_000
        self.wait(
            self.connection.command("HSET", f"sp:{{{ROOM}}}:room", "status", "active", "expires_at", expires)
        )
        self.nodes = [Log(self.connection, SMALL), Log(self.other, SMALL)]
        self.log = self.nodes[0]
        self.events: list[float] = []
        self.sequence = 0
        self.answer: Appended | None = None
        self.sent: list[float] = []
        self.replica: tuple[dict[str, Any], list[float], int, Appended | None, list[float]] | None = None
        self.hubs = [State(), State()]
        self.seen: list[list[float]] = [[], []]
        self.cursors: list[tuple[Cursor, list[float]]] = []
        self.epochs: set[int] = set()
        self.failovers = 0
        self.counter = 0

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.wait(self.connection.close())
        self.wait(self.other.close())
        self.loop.close()

    def batch(self, values: list[float]) -> Any:
        lines = (json.dumps({"type": "metric", "name": "n", "value": value}) for value in values)
        return decode("\n".join(lines).encode(), self.connection.clock.now_ms())

    @rule(count=st.integers(1, 5), named=st.booleans())
    def publish(self, count: int, named: bool) -> None:
        values = [float(self.counter + place) for place in range(count)]
        self.counter += count
        if named:
            self.sequence += 1
            self.sent = values
            self.answer = self.wait(
                self.log.append(ROOM, self.batch(values), producer="p", sequence=self.sequence)
            )
            offset = self.answer.offset
        else:
            offset = self.wait(self.log.append(ROOM, self.batch(values))).offset
        self.events += values
        assert offset == len(self.events)

    @precondition(lambda self: self.answer is not None)
    @rule()
    def repeat(self) -> None:
        again = self.wait(self.log.append(ROOM, self.batch(self.sent), producer="p", sequence=self.sequence))
        assert self.answer is not None
        assert again.body == self.answer.body
        assert again.duplicate

    @rule(ahead=st.integers(2, 5))
    def leave_a_hole(self, ahead: int) -> None:
        with pytest.raises(SequenceGap) as gap:
            self.wait(self.log.append(ROOM, self.batch([0.0]), producer="p", sequence=self.sequence + ahead))
        assert gap.value.last == self.sequence

    @rule(node=st.integers(0, 1))
    def follow(self, node: int) -> None:
        self.wait(self.bring_to_the_head(node))

    @rule()
    def follow_on_both_nodes_at_once(self) -> None:
        async def both() -> None:
            await asyncio.gather(self.bring_to_the_head(0), self.bring_to_the_head(1))

        self.wait(both())

    async def bring_to_the_head(self, node: int) -> None:
        """What a hub does at a bell; broken or trimmed it starts again from the checkpoint."""
        log = self.nodes[node]
        while True:
            [tail] = await log.read([(ROOM, self.hubs[node].cursor)])
            if tail.broken or tail.trimmed:
                self.hubs[node], head = await restore(log, ROOM)
                self.seen[node] = self.events[: head.seq]
                break
            for entry in tail.entries:
                for event in advance(self.hubs[node], entry, tail.head.epoch):
                    self.seen[node].append(event.event["value"])
            if not tail.more:
                break
        assert self.seen[node] == self.events
        cursor = self.hubs[node].cursor
        self.cursors.append((cursor, list(self.seen[node])))
        self.epochs.add(cursor.epoch)
        assert len(self.epochs) <= 2 + 2 * self.failovers, "an epoch a loss, and one for a room that begins"

    @precondition(lambda self: self.cursors)
    @rule(data=st.data(), node=st.integers(0, 1))
    def come_back(self, data: st.DataObject, node: int) -> None:
        """A viewer resumes, to any node: it gets exactly what it misses, or is told that it cannot."""
        cursor, seen = data.draw(st.sampled_from(self.cursors))
        missing = []
        while True:
            tail = self.wait(self.nodes[node].resume(ROOM, cursor))
            if tail.broken:
                lost = seen != self.events[: len(seen)]
                assert lost or cursor.epoch != tail.head.epoch, (
                    "whose events are all there is told nothing else"
                )
                return
            if tail.trimmed:
                assert cursor.seq + 1 < tail.head.first
                return
            for entry in tail.entries:
                missing += [json.loads(event)["value"] for event in entry.events]
                cursor = Cursor(tail.head.epoch, entry.last, entry.tag)
            if not tail.more:
                break
        assert seen + missing == self.events

    @rule()
    def checkpoint(self) -> None:
        self.wait(compact(self.log, ROOM))

    @rule()
    def replicate(self) -> None:
        dumps = {key: self.wait(self.connection.command("DUMP", key)) for key in KEYS}
        self.replica = (dumps, list(self.events), self.sequence, self.answer, self.sent)

    @precondition(lambda self: self.replica is not None)
    @rule(regrow=st.booleans())
    def fail_over(self, regrow: bool) -> None:
        """What the replica had is all there is; perhaps as much is published again before anybody looks."""
        assert self.replica is not None
        lost = len(self.events) - len(self.replica[1])
        dumps, self.events, self.sequence, self.answer, self.sent = self.replica
        self.replica = None
        self.failovers += 1
        for key, dump in dumps.items():
            if dump is None:
                self.wait(self.connection.command("DEL", key))
            else:
                self.wait(self.connection.command("RESTORE", key, 0, dump, "REPLACE"))
        self.events = list(self.events)
        if regrow and 0 < lost < 50:
            self.publish(lost, named=False)

    @invariant()
    def a_cold_start_is_what_was_published(self) -> None:
        state, head = self.wait(restore(self.log, ROOM))
        assert head.seq == len(self.events)
        last = state.series["n"].last if self.events else None
        assert last == (self.events[-1] if self.events else None)


@pytest.mark.timeout(300)
def test_the_log_keeps_its_promises(store: EmbeddedStore) -> None:
    machine = type("Machine", (LogMachine,), {"url": store.url})
    run_state_machine_as_test(  # type: ignore[no-untyped-call] # hypothesis leaves it untyped
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
