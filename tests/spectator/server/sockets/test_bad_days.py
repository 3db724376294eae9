"""The store goes away, the server stops, viewers do not read: real servers, raw sockets where it matters."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.hub import Policy, Stage
from spectator.tasks import Tasks
from tests.harness.hoarding import hoarding
from tests.harness.waiting import eventually
from tests.spectator.hub.decoder import Decoder
from tests.spectator.server.conftest import Site, running
from tests.spectator.server.sockets.watching import flat, metrics, watching


class OwnStore:
    """A store that may be stopped and killed."""

    def __init__(self, store: EmbeddedStore, pid: int) -> None:
        self.url = store.url
        self.pid = pid

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)


@pytest_asyncio.fixture
async def own_store(tmp_path_factory) -> AsyncIterator[OwnStore]:
    import rooms

    store = await asyncio.to_thread(EmbeddedStore.start, tmp_path_factory.mktemp("own"))
    connection: Connection = await rooms.connect(store.url)
    (info,) = await connection.info()
    await connection.close()
    own = OwnStore(store, int(info["process_id"]))
    yield own
    own.go_on()
    await asyncio.to_thread(store.stop)


@pytest_asyncio.fixture
async def own_site(own_store: OwnStore, tmp_path, page_folder) -> AsyncIterator[Site]:
    async with running(own_store.url, tmp_path, static_dir=page_folder) as site:
        yield site


async def room_of(site: Site, **fields):
    made = await site.create(**fields)
    return made, made["room"]["id"], (await site.join(made["room"]["code"]))["token"]


@pytest.mark.faults
class TestStoreAway:
    async def test_live_ones_stay_and_are_told_new_ones_come_later(self, own_store, own_site):
        site = own_site
        _, room, token = await room_of(site)
        async with watching(site, room, token=token) as ann:
            await ann.next("snapshot")
            await site.publish(room, metrics(1))
            await ann.events(1)
            own_store.stop()
            notice = await ann.next("notice")
            assert notice["code"] == "store_unavailable"
            async with watching(site, room, token=token) as late:
                began = time.monotonic()
                assert await late.closed() == 4004
                assert time.monotonic() - began < 10, "nobody waits for a store that is known to be away"
                assert late.seen[-1]["reconnect"]
            assert (await site.publish(room, metrics(2))).status == 503
            own_store.go_on()
            assert (await ann.next("notice"))["code"] == "store_back"
            await eventually_published(site, room, 3)
            steps = [event["data"]["step"] for event in await ann.events(1)]
            while 3 not in steps:
                steps += [event["data"]["step"] for event in await ann.events(1)]
            assert steps == sorted(steps)
            async with watching(site, room, token=token) as late:
                assert (await late.next())["type"] == "welcome"

    async def test_what_was_acknowledged_is_not_lost_by_a_killed_store(self, own_store, own_site):
        site = own_site
        _, room, token = await room_of(site)
        async with watching(site, room, token=token) as ann:
            await ann.next("snapshot")
            assert (await site.publish(room, *[metrics(step) for step in range(5)])).status == 200
            await ann.events(5)
            os.kill(own_store.pid, signal.SIGKILL)  # whoever uses an embedded store revives it
            await eventually_published(site, room, 5)
            assert [event["data"]["step"] for event in await ann.events(1)] == [5]
            assert {message["type"] for message in ann.seen} >= {"tick"}


async def eventually_published(site: Site, room: str, step: int) -> None:
    async def accepted() -> bool:
        return (await site.publish(room, metrics(step))).status == 200

    await eventually(accepted, deadline=60)


class Raw:
    """A WebSocket by hand: it reads when it is told to, and sometimes never."""

    def __init__(self, site: Site, room: str, token: str, *, receive_buffer: int | None = None) -> None:
        host, port = site.url.removeprefix("http://").split(":")
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(5)
        self.socket.connect((host, int(port)))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws/rooms/{room} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Protocol: spectator.v1\r\n\r\n".encode()
        )
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            self.head += self.socket.recv(1)
        self.say({"type": "hello", "token": token})

    def say(self, message: dict) -> None:
        payload = json.dumps(message).encode()
        mask = b"\1\2\3\4"
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        length = (
            bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        )
        self.socket.sendall(b"\x81" + length + mask + masked)

    def rest(self) -> bytes:
        """All that still comes until the other end closes."""
        data = b""
        with contextlib.suppress(ConnectionError):
            while part := self.socket.recv(65536):
                data += part
        return data

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def raws() -> Iterator[list[Raw]]:
    made: list[Raw] = []
    yield made
    for raw in made:
        raw.close()


@pytest_asyncio.fixture
async def quick_site(store, connection, tmp_path, page_folder) -> AsyncIterator[Site]:
    """A server whose patience with slow viewers is short."""
    async with running(store.url, tmp_path, static_dir=page_folder) as site:
        await with_patience(site, Policy(dead_s=1.5, ping_s=2.0, pong_s=0.5, look_s=0.2, abort_s=0.5))
        yield site


async def with_patience(site: Site, policy: Policy) -> None:
    """Give the server's hub other numbers; before anybody watches."""
    await site.manager.hub.stop()
    hub = type(site.manager.hub)(site.manager.log, site.manager.rooms, policy=policy)
    await hub.start()
    site.manager.hub = hub


@pytest.mark.faults
class TestSlow:
    async def raw(self, site: Site, room: str, token: str, **given) -> Raw:
        return await asyncio.to_thread(lambda: Raw(site, room, token, **given))

    async def flood(self, site: Site, room: str, batches: int, start: int = 0) -> int:
        for batch in range(start, start + batches):
            # Logs are of class event: whoever falls behind gets all of them.
            events = [
                {"type": "log", "level": "info", "message": "x" * 1000, "metadata": {"n": batch * 20 + n}}
                for n in range(20)
            ]
            assert (await site.publish(room, *events)).status == 200
        return (start + batches) * 20

    async def test_one_that_never_reads_costs_a_bounded_buffer_and_delays_nobody(self, site, raws):
        made, room, token = await room_of(site, max_spectators=10)
        ben = (await site.join(made["room"]["code"], "Ben"))["token"]
        async with watching(site, room, token=ben) as good:
            await good.next("snapshot")
            raws.append(await self.raw(site, room, token, receive_buffer=4096))
            await eventually(lambda: len(site.manager.hub.view(room).viewers) == 2)
            viewers = site.manager.hub.view(room).viewers
            slow = next(viewer for viewer in viewers if viewer.right.person != _person(good, viewers))
            worst, numbers = 0, []
            for batch in range(100):  # two megabytes
                await self.flood(site, room, 1, batch)
                numbers += [event["metadata"]["n"] for event in await good.events(20)]
                worst = max(worst, *(viewer.buffered() for viewer in viewers))
            assert numbers == list(range(2000)), "the other viewer got every event"
            assert slow.buffered(), "or nothing was shown"
            assert worst <= 64 * 1024 + 1024
            assert sum(map(len, slow.rest)) <= 3 * 64 * 1024, "of its own only a reference to what is shared"
            started = time.monotonic()
            await self.flood(site, room, 1, 100)
            await good.events(20)
            assert time.monotonic() - started < 8, "nobody waits until the other one is ended"

    async def test_one_that_never_reads_is_ended(self, quick_site, raws):
        site = quick_site
        _, room, token = await room_of(site)
        raw = await self.raw(site, room, token, receive_buffer=4096)
        raws.append(raw)
        await eventually(lambda: site.manager.hub.view(room) and site.manager.hub.view(room).viewers)
        (viewer,) = site.manager.hub.view(room).viewers
        await self.flood(site, room, 40)
        await eventually(viewer.buffered)
        await eventually(lambda: not site.manager.hub.connections, deadline=60)
        data = await asyncio.to_thread(raw.rest)
        assert len(data) < 600_000, "it got what the kernel held, not what it missed"

    async def test_one_that_vanished_is_lost_by_its_silence(self, quick_site):
        """It takes everything and answers no ping."""
        site = quick_site
        _, room, token = await room_of(site, max_spectators=1)
        async with watching(site, room, token=token, autoping=False) as ann:
            await ann.next("snapshot")
            started = time.monotonic()
            while (message := await ann.socket.receive(timeout=5)).type is not aiohttp.WSMsgType.CLOSED:
                assert message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.PING}, message
            assert time.monotonic() - started < 4
        made = await site.call("GET", f"/rooms/{room}", token="key")

        async def free() -> bool:
            return (await site.call("GET", f"/rooms/{room}", token="key")).body["current_spectators"] == 0

        assert made.status == 200
        await eventually(free, deadline=20)  # by itself the lease would end after thirty

    async def test_one_that_answers_pings_stays(self, quick_site):
        site = quick_site
        _, room, token = await room_of(site)
        async with watching(site, room, token=token) as ann:
            await ann.next("snapshot")
            end = time.monotonic() + 5
            while time.monotonic() < end:
                await ann.say(type="ping")
                await ann.next("pong")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ann.socket.receive(), 0.5)
            assert not ann.socket.closed

    async def test_a_proxy_that_takes_everything_hides_nobody(self, site, raws):
        """The socket shows nothing; the acks do: the owner is told, no more is sent, at last it is ended."""
        await with_patience(site, Policy(ack_every_s=0.2, ack_s=1.0, dead_s=4.0, look_s=0.2, abort_s=0.5))
        made, room, token = await room_of(site, max_spectators=10)
        ben = (await site.join(made["room"]["code"], "Ben"))["token"]
        async with (
            hoarding(site.url) as proxy,
            watching(Site(proxy.url, "", site.manager, site.session), room, token=token) as slow,
        ):
            await slow.next("snapshot")
            (viewer,) = site.manager.hub.view(room).viewers
            async with watching(site, room, token=ben) as good:
                await good.next("snapshot")
                last = await self.flood(site, room, 1)
                await good.events(20)
                await slow.events(20)
                await slow.say(type="ack", seq=last)
                await eventually(lambda: viewer.acked == last)
                proxy.hold()
                kept: int | None = None  # where it stood when nothing more was sent to it
                lags: dict[str, int] = {}
                due = 0.0
                while viewer.stage is Stage.LIVE:
                    before, last = last, await self.flood(site, room, 1, last // 20)
                    assert [event["metadata"]["n"] for event in await good.events(20)] == list(
                        range(before, last)
                    )
                    if time.monotonic() >= due:  # as often as a page does, for this patience
                        await good.say(type="ack", seq=last)
                        due = time.monotonic() + 0.2
                    assert viewer.buffered() == 0, "the proxy takes everything"
                    if viewer.held:
                        kept = kept or viewer.place
                        assert viewer.place == kept, "what it has not seen is not followed by more"
                    answer = await site.call("GET", f"/rooms/{room}/spectators", token=made["owner_token"])
                    told = {one["name"]: one["lag_ms"] for one in answer.body["spectators"]}
                    if viewer.stage is Stage.LIVE:
                        lags = told
                assert lags["Ann"] > 700
                assert lags["Ben"] < lags["Ann"]
                proxy.let_go()
                assert await slow.closed() == 4001

    async def test_one_that_reads_again_gets_no_gap(self, site, raws):
        _, room, token = await room_of(site)
        raw = await self.raw(site, room, token, receive_buffer=4096)
        raws.append(raw)
        await eventually(lambda: site.manager.hub.view(room) and site.manager.hub.view(room).viewers)
        total = await self.flood(site, room, 60)
        messages = await asyncio.to_thread(_read_until, raw, total)
        at = 0
        for message in messages:
            if message["type"] == "snapshot":
                at = message["seq"]
            elif message["type"] in {"tick", "conflated"}:
                assert message["from"] == at + 1
                at = message["to"]
        assert at == total
        assert any(message["type"] in {"conflated", "snapshot"} for message in messages[3:])


@pytest_asyncio.fixture
async def strict_site(store, connection, tmp_path, page_folder) -> AsyncIterator[Site]:
    """A server with its limits on, and small ones."""
    async with running(store.url, tmp_path, static_dir=page_folder, rate_limits=True) as site:
        await site.manager.hub.stop()
        policy = Policy(hello_s=0.4, client_strangers=2, client_viewers=3)
        site.manager.hub = type(site.manager.hub)(site.manager.log, site.manager.rooms, policy=policy)
        await site.manager.hub.start()
        yield site


class TestDoorstep:
    async def test_who_says_nothing_is_sent_away(self, strict_site):
        _, room, _ = await room_of(strict_site)
        async with watching(strict_site, room, hello=False) as ann:
            assert await ann.closed() == 4500
            assert "hello" in ann.seen[-1]["reason"]

    async def test_a_flat_one_without_a_right_too(self, strict_site):
        made = await strict_site.create(password="s3cret-word")
        async with flat(strict_site, made["room"]["code"]) as ann:
            assert await ann.closed() == 4501

    async def test_strangers_of_one_address_are_few_and_viewers_bounded(self, strict_site):
        site = strict_site
        made, room, token = await room_of(site)
        tokens = [token] + [(await site.join(made["room"]["code"], f"p{n}"))["token"] for n in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for one in tokens[:3]:
                seen = await stack.enter_async_context(watching(site, room, token=one))
                await seen.next("snapshot")
            async with watching(site, room, token=tokens[3]) as late:
                assert await late.closed() == 4005
                assert late.seen[-1]["reconnect"]
        await eventually(lambda: not site.manager.hub.connections)
        async with watching(site, room, token=tokens[3]) as late:
            assert (await late.next())["type"] == "welcome"


class TestOneAddress:
    """What all those behind one address may have, limits on."""

    @pytest_asyncio.fixture
    async def guarded(self, store, connection, tmp_path, page_folder) -> AsyncIterator[Site]:
        async with running(store.url, tmp_path, static_dir=page_folder, rate_limits=True) as site:
            yield site

    async def test_a_class_of_forty_gets_in(self, guarded):
        made = await guarded.create(max_spectators=40)
        room, code = made["room"]["id"], made["room"]["code"]
        joined = await asyncio.gather(*(guarded.join(code, f"pupil {number}") for number in range(40)))
        async with contextlib.AsyncExitStack() as stack:
            for one in joined:
                seen = await stack.enter_async_context(watching(guarded, room, token=one["token"]))
                await seen.next("snapshot")
            assert (await guarded.manager.rooms.present([room]))[room].count == 40

    async def test_connections_that_never_joined_do_not_take_all_seats(self, guarded):
        made = await guarded.create(max_spectators=4)
        room, code = made["room"]["id"], made["room"]["code"]
        async with contextlib.AsyncExitStack() as stack:
            first = await stack.enter_async_context(flat(guarded, code))
            second = await stack.enter_async_context(flat(guarded, code))
            for one in (first, second):
                await one.next("graph_config")
            async with flat(guarded, code) as third:
                assert await third.closed() == 4005
            token = (await guarded.join(code, "Ann"))["token"]
            async with watching(guarded, room, token=token) as ann:
                await ann.next("snapshot")
            await second.socket.close()

            async def left() -> bool:  # and nobody can come back as that person
                people = await guarded.manager.rooms.people(room)
                return [one.name for one in people if one.here or one.seated] == ["Spectator", "Ann"]

            await eventually(left)
            async with flat(guarded, code) as again:
                await again.next("graph_config")
            names = [one.name for one in await guarded.manager.rooms.people(room)]
            assert len(names) <= 3


@pytest.mark.faults
class TestStopping:
    async def test_bye_at_once_and_all_within_seconds(self, own_store, tmp_path, page_folder, raws):
        async with contextlib.AsyncExitStack() as stack:
            site = await stack.enter_async_context(running(own_store.url, tmp_path, static_dir=page_folder))
            _, room, token = await room_of(site)
            ann = await stack.enter_async_context(watching(site, room, token=token))
            await ann.next("snapshot")
            raws.append(await asyncio.to_thread(lambda: Raw(site, room, token, receive_buffer=4096)))
            await eventually(lambda: len(site.manager.hub.view(room).viewers) == 2)
            for _ in range(20):  # the other one does not read
                await site.publish(room, *[{"type": "log", "message": "x" * 1000} for _ in range(20)])
            started = time.monotonic()
            stopping = Tasks("test").start(site.manager.hub.stop(), "stop")
            assert await ann.closed() == 4002
            bye = ann.seen[-1]
            assert (bye["type"], bye["code"], bye["reconnect"]) == ("bye", 4002, True)
            low, high = bye["after_ms"]
            assert 0 < low < high
            await stopping
            assert time.monotonic() - started < 30, "the one who does not read holds up nothing"
            assert not site.manager.hub.connections

    async def test_who_comes_while_it_stops_is_sent_on(self, site):
        _, room, token = await room_of(site)
        await site.manager.hub.stop()
        async with watching(site, room, token=token) as ann:
            assert await ann.closed() == 4002


def _person(watcher, viewers) -> str | None:
    names = {viewer.connection_id: viewer.right.person for viewer in viewers}
    welcome = next(message for message in watcher.seen if message["type"] == "welcome")
    return names[welcome["connection_id"]]


def _read_until(raw: Raw, seq: int) -> list[dict]:
    """Read frames until event ``seq`` has come."""
    data, found = b"", []
    while not found or max(message.get("to", message.get("seq", 0)) for message in found) < seq:
        data += raw.socket.recv(65536)
        found = []
        with contextlib.suppress(AssertionError, IndexError):
            decoder = Decoder()
            position = 0
            while position < len(data):
                length, start = data[position + 1] & 0x7F, 2
                if length == 126:
                    length, start = int.from_bytes(data[position + 2 : position + 4], "big"), 4
                elif length == 127:
                    length, start = int.from_bytes(data[position + 2 : position + 10], "big"), 10
                end = position + start + length
                if end > len(data):
                    break
                with contextlib.suppress(AssertionError):
                    for frame in decoder.feed(data[position:end]):
                        if frame.opcode == 1:
                            found.append(json.loads(frame.payload))
                position = end
    return found
