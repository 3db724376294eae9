"""Several producers, two nodes, answers that are lost: one total order, and each producer's own within it."""

import asyncio
import json
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rooms
from rooms import Connection, SequenceGap
from spectator.embedded import EmbeddedStore
from spectator.events import Decoded, decode
from spectator.log import Appended, Entry, Log, Retention
from spectator.state import State, advance, compact

ROOM = "r_0123456789abcdef"
SMALL = Retention(checkpoint_after=2_000, keep_bytes=10**9, page=900)

Told = tuple[str, int]
"""One event: whose, and which of theirs."""


@dataclass(frozen=True)
class Post:
    """One batch: how many events, on which node first, on which it comes again: its answer was lost."""

    events: int
    node: int
    again: tuple[int, ...]
    hole: bool


posts = st.builds(
    Post,
    events=st.integers(1, 6),
    node=st.integers(0, 1),
    again=st.lists(st.integers(0, 1), max_size=2).map(tuple),
    hole=st.booleans(),
)
plans = st.lists(st.lists(posts, min_size=1, max_size=8), min_size=2, max_size=5)


class World:
    """An empty room, two nodes that reach it, and a hub on each that follows."""

    def __init__(self, connections: list[Connection]) -> None:
        self.connections = connections
        self.nodes = [Log(one, SMALL) for one in connections]
        self.answers: dict[tuple[str, int], set[bytes]] = {}
        self.sent: dict[str, list[Told]] = {}

    async def produce(self, name: str, plan: list[Post]) -> None:
        sent = self.sent[name] = []
        for sequence, post in enumerate(plan, 1):
            mine = [(name, len(sent) + place) for place in range(post.events)]
            sent += mine
            if post.hole:
                with pytest.raises(SequenceGap):
                    await self.post(post.node, name, sequence + 1, [(name, -1)])
            for node in (post.node, *post.again):
                answer = await self.post(node, name, sequence, mine)
                self.answers.setdefault((name, sequence), set()).add(answer.body)

    async def post(self, node: int, name: str, sequence: int, events: list[Told]) -> Appended:
        answer = await self.nodes[node].append(ROOM, batch(events), producer=name, sequence=sequence)
        if answer.compact:
            await compact(self.nodes[node], ROOM)
        return answer

    async def follow(self, node: int, done: asyncio.Event) -> list[Told]:
        """Everything in the order in which a hub on this node sees it, without a gap."""
        hub, seen = State(), []
        while True:
            ended = done.is_set()
            [tail] = await self.nodes[node].read([(ROOM, hub.cursor)])
            assert not tail.broken
            for entry in tail.entries:
                assert entry.first == len(seen) + 1
                advance(hub, entry, tail.head.epoch)
                seen += told(entry)
            if ended and not tail.more:
                return seen
            await asyncio.sleep(0)


def batch(events: list[Told]) -> Decoded:
    lines = (json.dumps({"type": "data", "stream": name, "data": {"n": n}}) for name, n in events)
    return decode("\n".join(lines).encode(), 1_700_000_000_000)


def told(entry: Entry) -> list[Told]:
    found = map(json.loads, entry.events)
    return [(event["stream"], event["data"]["n"]) for event in found]


async def played(url: str, plan: list[list[Post]]) -> None:
    connections = [await rooms.connect(url) for _ in range(2)]
    try:
        first = connections[0]
        await first.command("FLUSHALL", "SYNC")
        expires = first.clock.now_ms() + 3_600_000
        await first.command("HSET", f"sp:{{{ROOM}}}:room", "status", "active", "expires_at", expires)
        world, done = World(connections), asyncio.Event()
        hubs = [asyncio.create_task(world.follow(node, done)) for node in range(2)]  # noqa: TID251 - awaited below
        await asyncio.gather(*(world.produce(f"p{n}", posts) for n, posts in enumerate(plan)))
        done.set()
        here, there = await asyncio.gather(*hubs)
        assert here == there, "one total order"
        assert len(here) == sum(map(len, world.sent.values())), "nothing twice, nothing left out"
        for name, sent in world.sent.items():
            assert [one for one in here if one[0] == name] == sent, "a producer's own order"
        assert all(len(bodies) == 1 for bodies in world.answers.values()), "byte for byte"
    finally:
        for connection in connections:
            await connection.close()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=plans)
def test_every_hub_sees_one_order_and_each_producers_own_within_it(
    store: EmbeddedStore, plan: list[list[Post]]
) -> None:
    asyncio.run(played(store.url, plan))
