"""Coming back, over real connections: what was missed, or what stands for it, or the whole; never a part.

Each way is tried by a socket and by a stream, which take the same cursor.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest

from spectator.log import Cursor
from spectator.state import compact
from tests.harness.waiting import eventually
from tests.spectator.server.conftest import running
from tests.spectator.server.sockets.watching import flat, watching

PATIENCE = 60.0
LONG = 10_000  # bytes of one event: some fifty of them are more than is sent again one by one
FORMS = ("v1", "sse")


@dataclass
class Return:
    """What somebody was told who came back: the welcome's word, and the events by their numbers."""

    resume: str
    since: int
    kinds: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    cursor: str = ""

    def take(self, told: dict[str, Any]) -> None:
        """Note one message; what it covers must begin where the one before it ended."""
        kind = told["type"]
        if kind not in {"tick", "conflated", "snapshot"}:
            return
        first, last = (1, told["seq"]) if kind == "snapshot" else (told["from"], told["to"])
        if kind == "snapshot":
            self.spans.clear()
        else:
            expected = self.spans[-1][1] + 1 if self.spans else self.since + 1
            assert first == expected, f"a part: {kind} {first}..{last} where {expected} was due ({self})"
        if kind == "tick":
            assert len(told["events"]) == last - first + 1
        self.kinds.append(kind)
        self.spans.append((first, last))
        self.cursor = told["cursor"]

    @property
    def seq(self) -> int:
        """Up to where it has everything, or knows that it has not."""
        return self.spans[-1][1] if self.spans else self.since


@asynccontextmanager
async def messages(
    form: str, site, room: str, token: str, since: str | None
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The messages of one connection, by a socket or by a stream."""
    if form == "v1":
        given = {} if since is None else {"since": since}
        async with watching(site, room, token=token, **given) as ann:

            async def told() -> AsyncIterator[dict[str, Any]]:
                while True:
                    yield await ann.next(patience=PATIENCE)

            yield told()
        return
    headers = {"Authorization": f"Bearer {token}"} | ({} if since is None else {"Last-Event-ID": since})
    timeout = aiohttp.ClientTimeout(total=None, sock_read=PATIENCE)
    url = f"{site.url}/api/v1/rooms/{room}/stream"
    async with site.session.get(url, headers=headers, timeout=timeout, read_bufsize=2**24) as answer:
        assert answer.status == 200

        async def streamed() -> AsyncIterator[dict[str, Any]]:
            async for raw in answer.content:
                if raw.startswith(b"data: "):
                    yield json.loads(raw[6:])

        yield streamed()


async def come_back(form: str, site, room: str, token: str, since: str | None, upto: int) -> Return:
    """Connect, and watch until everything up to event ``upto`` has come."""
    try:
        place = Cursor.parse(since).seq if since is not None else 0
    except ValueError:
        place = 0
    async with messages(form, site, room, token, since) as told:
        welcome = await anext(told)
        assert welcome["type"] == "welcome"
        found = Return(welcome["resume"], place if welcome["resume"] in {"exact", "conflated"} else 0)
        while found.seq < upto:
            found.take(await anext(told))
    return found


async def read_by_the_hub(site, room: str, seq: int) -> None:
    """Wait until the room is at its head here: what somebody misses is judged by what the node has read."""
    await eventually(lambda: site.manager.hub.view(room).feed.cursor.seq == seq, PATIENCE)


def event(number: int, size: int = 1) -> dict[str, Any]:
    return {"type": "data", "stream": f"s{number % 7}", "data": {"n": number, "pad": "x" * size}}


async def publish(site, room: str, numbers: Sequence[int], size: int = 1) -> None:
    """One entry for each twenty, so that there are many places to come back to."""
    for start in range(0, len(numbers), 20):
        reply = await site.publish(room, *(event(n, size) for n in numbers[start : start + 20]))
        assert reply.status == 200, reply.raw


@dataclass
class Left:
    """A room in which somebody watched and left."""

    room: str
    code: str
    token: str
    cursor: str


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def left(site, form: str) -> Left:
    """Somebody saw ten events and left."""
    made = await site.create()
    room, code = made["room"]["id"], made["room"]["code"]
    token = (await site.join(code))["token"]
    await publish(site, room, range(1, 11))
    seen = await come_back(form, site, room, token, None, 10)
    assert (seen.resume, seen.kinds[0]) == ("none", "snapshot")
    return Left(room, code, token, seen.cursor)


async def test_a_little_later_exactly_what_was_missed(site, form, left):
    await publish(site, left.room, range(11, 91))
    back = await come_back(form, site, left.room, left.token, left.cursor, 90)
    assert (back.resume, set(back.kinds), back.seq) == ("exact", {"tick"}, 90)


async def test_with_nothing_missed_nothing_is_sent_again(site, form, left):
    async with messages(form, site, left.room, left.token, left.cursor) as told:
        welcome = await anext(told)
        assert (welcome["resume"], welcome["cursor"]) == ("exact", left.cursor)
        await publish(site, left.room, [11])
        back = Return("exact", 10)
        while back.seq < 11:
            back.take(await anext(told))
    assert (back.kinds, back.spans) == (["tick"], [(11, 11)])


async def test_after_much_what_stands_for_it(site, form, left):
    await publish(site, left.room, range(11, 91), LONG)
    await read_by_the_hub(site, left.room, 90)
    back = await come_back(form, site, left.room, left.token, left.cursor, 90)
    assert (back.resume, back.kinds[0]) == ("conflated", "conflated")
    assert "snapshot" not in back.kinds
    assert back.seq == 90


async def test_after_more_than_that_the_whole(site, form, left):
    await publish(site, left.room, range(11, 211), LONG)
    await read_by_the_hub(site, left.room, 210)
    back = await come_back(form, site, left.room, left.token, left.cursor, 210)
    assert (back.resume, back.kinds[0]) == ("full", "snapshot")


async def test_where_the_node_begins_behind_it_the_log_has_the_rest(site, form, left, store, tmp_path):
    """The checkpoint is past the viewer's place, and the node that it comes back to never saw the room."""
    await publish(site, left.room, range(11, 31))
    site.manager.log.retention = replace(site.manager.log.retention, checkpoint_after=1)
    assert await compact(site.manager.log, left.room)
    head = (await site.manager.log.heads([left.room]))[left.room]
    assert head.checkpoint_seq == 30
    async with running(store.url, tmp_path) as other:
        back = await come_back(form, other, left.room, left.token, left.cursor, 30)
    assert (back.resume, set(back.kinds)) == ("exact", {"tick"})


async def test_on_another_node_and_on_again(site, form, left, store, tmp_path):
    await publish(site, left.room, range(11, 21))
    async with running(store.url, tmp_path) as other:
        there = await come_back(form, other, left.room, left.token, left.cursor, 20)
        await publish(other, left.room, range(21, 31))
    here = await come_back(form, site, left.room, left.token, there.cursor, 30)
    assert (there.resume, here.resume) == ("exact", "exact")
    assert set(there.kinds) | set(here.kinds) == {"tick"}


async def test_after_a_restart_of_the_server(store, connection, tmp_path, form):
    async with running(store.url, tmp_path) as site:
        made = await site.create()
        room, token = made["room"]["id"], (await site.join(made["room"]["code"]))["token"]
        await publish(site, room, range(1, 11))
        seen = await come_back(form, site, room, token, None, 10)
        await publish(site, room, range(11, 21))
    async with running(store.url, tmp_path) as site:
        back = await come_back(form, site, room, token, seen.cursor, 20)
        await publish(site, room, range(21, 31))
        again = await come_back(form, site, room, token, back.cursor, 30)
    assert (back.resume, again.resume) == ("exact", "exact")


async def test_to_a_log_that_lost_its_end_the_whole(site, form, left, connection, store, tmp_path):
    """The numbers were given again: by (epoch, number) alone nobody would notice."""
    await connection.command("DEL", f"sp:{{{left.room}}}:log", f"sp:{{{left.room}}}:head")
    await publish(site, left.room, range(101, 131))
    here = await come_back(form, site, left.room, left.token, left.cursor, 30)
    assert here.kinds[0] == "snapshot", "whether this node had noticed before it came back, or just then"
    async with running(store.url, tmp_path) as other:
        there = await come_back(form, other, left.room, left.token, left.cursor, 30)
    assert (there.resume, there.kinds[0]) == ("full", "snapshot")


@pytest.mark.parametrize("made_up", ["9.10.00000000", "1.2.3.4", "nonsense", "9" * 2000, "0.5.ffffffff"])
async def test_with_a_place_that_nobody_gave_the_whole(site, form, left, made_up: str):
    back = await come_back(form, site, left.room, left.token, made_up, 10)
    assert (back.resume, back.kinds[0]) == ("full", "snapshot")


async def test_with_a_place_of_another_room_the_whole(site, form, left):
    made = await site.create()
    other, token = made["room"]["id"], (await site.join(made["room"]["code"]))["token"]
    await publish(site, other, range(1, 21))
    back = await come_back(form, site, other, token, left.cursor, 20)
    assert (back.resume, back.kinds[0]) == ("full", "snapshot")


async def test_while_it_comes_back_more_is_published(site, form, left):
    """Whatever is sent again and whatever is new are one row, without a hole where they meet."""
    for start in range(11, 71, 10):
        await publish(site, left.room, range(start, start + 5))
        back, _ = await asyncio.gather(
            come_back(form, site, left.room, left.token, left.cursor, start + 9),
            publish(site, left.room, range(start + 5, start + 10)),
        )
        assert (back.resume, set(back.kinds)) == ("exact", {"tick"})
        left.cursor = back.cursor


async def test_a_flat_viewer_has_no_place_and_begins_anew(site):
    made = await site.create()
    room, code = made["room"]["id"], made["room"]["code"]
    await publish(site, room, range(1, 8))
    for last in (7, 14):
        async with flat(site, code) as ann:
            begun = await ann.next("graph_config", patience=PATIENCE)
            newest: dict[str, Any] = {}
            while len(newest) < 7:
                told = await ann.next("data", patience=PATIENCE)
                newest[told["stream"]] = told["data"]["n"]
            assert begun["seq"] <= last
            assert sorted(newest.values()) == list(range(last - 6, last + 1))
            await publish(site, room, [last + 1])
            while (told := await ann.next("data", patience=PATIENCE))["data"]["n"] != last + 1:
                pass
        await eventually(lambda: site.manager.hub.connections == 0, PATIENCE)
        await publish(site, room, range(last + 2, 15))
        await read_by_the_hub(site, room, max(14, last + 1))
