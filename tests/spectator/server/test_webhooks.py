"""The webhook of a room: what it is told, whom it never reaches, and that nobody waits for it."""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from rooms import Connection, InvalidRequest
from spectator.embedded import EmbeddedStore
from spectator.server import webhooks
from spectator.server.webhooks import QUEUED_OF_ROOM, Webhooks, signature
from tests.harness.waiting import eventually
from tests.rooms.made import NOW, a_request, a_room
from tests.spectator.server.conftest import Site, running

HERE = (ipaddress.ip_network("127.0.0.0/8"),)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver:
    """A server on loopback that somebody's webhook leads to."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[Handler] = []
        self.connections = 0
        self.port = 0

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/hook/s3cret-path?token=s3cret-query"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        if self.answers:
            return await self.answers.pop(0)(request)
        return web.Response(text="thanks")


@asynccontextmanager
async def receiving(context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", found.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    found.port = runner.addresses[0][1]
    try:
        yield found
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


class Names(AbstractResolver):
    """A name server of the tests: each look at a name gives the next of its answers, then the last again."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.looks = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.looks += 1
        text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        kind = socket.AF_INET6 if ":" in text else socket.AF_INET
        return [ResolveResult(hostname=host, host=text, port=port, family=kind, proto=6, flags=0)]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def hooks(networks: Sequence[Any] = HERE, **given: Any) -> AsyncIterator[Webhooks]:
    opened = Webhooks(networks, **{"pauses_s": (0.0, 0.0), **given})
    try:
        yield opened
    finally:
        await opened.stop()


def announce(opened: Webhooks, url: str, **fields: Any) -> None:
    room = replace(a_room(**fields), webhook=url)
    opened.announce(room, a_request(name="Ann", user_id="ann"), NOW, ["wh_new", "wh_old"])


def settled(opened: Webhooks, count: int = 1) -> Callable[[], bool]:
    return lambda: opened.delivered + opened.failed + opened.dropped >= count


async def test_it_is_told_who_waits_for_which_room_and_can_prove_it(receiver: Receiver) -> None:
    async with hooks() as opened:
        announce(opened, receiver.url())
        await eventually(settled(opened))
    assert (opened.delivered, opened.failed, opened.dropped) == (1, 0, 0)
    (body,), (headers,) = receiver.bodies, receiver.headers
    assert json.loads(body) == {
        "event": "request",
        "room": {"id": "r_0123456789abcdef", "code": "ABC234", "name": "a room"},
        "request": {
            "id": "q_1",
            "name": "Ann",
            "user_id": "ann",
            "requested_at": "2023-11-14T22:13:20.000Z",
        },
        "sent_at": "2023-11-14T22:13:20.000Z",
    }
    told = headers["Spectator-Signature"].split(",")
    sent_at = told[0].removeprefix("t=")
    for secret, mark in zip(("wh_new", "wh_old"), told[1:], strict=True):
        expected = hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()
        assert mark == f"v1={expected}"
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)
    assert headers["Content-Type"] == "application/json"


async def test_a_body_or_a_time_that_was_changed_does_not_fit(receiver: Receiver) -> None:
    assert signature(["a"], b"1").split(",v1=")[1] != signature(["a"], b"2").split(",v1=")[1]
    assert signature(["a"], b"1").split(",v1=")[1] != signature(["b"], b"1").split(",v1=")[1]


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    async def elsewhere(_: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(receiver.url() + "&again")

    receiver.answers = [elsewhere]
    async with hooks() as opened:
        announce(opened, receiver.url())
        await eventually(settled(opened))
    assert (opened.failed, len(receiver.bodies)) == (1, 1)


async def test_what_may_be_over_soon_is_tried_again_and_then_given_up(receiver: Receiver) -> None:
    async def sorry(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    async def no(_: web.Request) -> web.StreamResponse:
        return web.Response(status=403)

    async with hooks() as opened:
        receiver.answers = [sorry, sorry]
        announce(opened, receiver.url())
        await eventually(settled(opened))
        assert (opened.delivered, len(receiver.bodies)) == (1, 3)
        receiver.answers = [sorry, sorry, sorry]
        announce(opened, receiver.url())
        await eventually(settled(opened, 2))
        assert (opened.failed, len(receiver.bodies)) == (1, 6)
        receiver.answers = [no]
        announce(opened, receiver.url())
        await eventually(settled(opened, 3))
        assert (opened.failed, len(receiver.bodies)) == (2, 7)


FORBIDDEN = [
    "127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "fe80::1", "fd00:ec2::254",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_a_name_that_leads_inside_is_not_called(receiver: Receiver, address: str) -> None:
    names = Names(address)
    async with hooks((), resolver=names) as opened:
        announce(opened, receiver.url("hook.example", "https"))
        await eventually(settled(opened))
    assert (opened.failed, names.looks, receiver.bodies) == (1, 1, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "localhost"])
async def test_nor_an_address_however_it_is_written(receiver: Receiver, host: str) -> None:
    async with hooks(()) as opened:
        announce(opened, receiver.url(host, "https"))
        await eventually(settled(opened))
    assert (opened.failed, receiver.bodies) == (1, [])


async def test_a_name_that_is_rebound_is_judged_at_each_connect(receiver: Receiver) -> None:
    async def again(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    receiver.answers = [again] * 3
    names = Names("127.0.0.1", "127.0.0.2")
    only_the_first = (ipaddress.ip_network("127.0.0.1/32"),)
    async with hooks(only_the_first, resolver=names) as opened:
        announce(opened, receiver.url("hook.example"))
        await eventually(settled(opened))
    assert (opened.failed, names.looks, len(receiver.bodies)) == (1, 2, 1)


@pytest.mark.parametrize("name", ["no-such-name.invalid", "x" * 300])
async def test_a_name_that_leads_nowhere_is_a_failure_like_any_other(name: str) -> None:
    async with hooks() as opened:
        announce(opened, f"https://{name}/x")
        await eventually(settled(opened))
        assert opened.failed == 1


async def test_plain_http_reaches_listed_networks_only(receiver: Receiver) -> None:
    names = Names("8.8.8.8")
    async with hooks((ipaddress.ip_network("10.0.0.0/8"),), resolver=names) as opened:
        announce(opened, receiver.url("hook.example"))
        await eventually(settled(opened))
    assert (opened.failed, names.looks) == (1, 1)


async def test_https_is_believed_with_a_certificate_for_the_name_alone() -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("hook.example").configure_cert(context)
    async with receiving(context) as receiver:
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        for host, whom, taken in (
            ("hook.example", None, 0),
            ("other.example", trusted, 0),
            ("hook.example", trusted, 1),
        ):
            async with hooks(resolver=Names("127.0.0.1"), trusted=whom) as opened:
                announce(opened, receiver.url(host, "https"))
                await eventually(settled(opened))
            assert (opened.delivered, len(receiver.bodies)) == (taken, taken)


async def test_what_it_answers_is_not_read(receiver: Receiver) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse(headers={"Content-Encoding": "gzip"})
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"\0" * 65536)
                sent += 65536
        except ConnectionError:
            return answer

    receiver.answers = [endless]
    async with hooks() as opened:
        announce(opened, receiver.url())
        await eventually(settled(opened))
        assert opened.delivered == 1
    assert sent < 50_000_000


async def test_nobody_waits_for_one_that_hangs_and_others_are_told(receiver: Receiver) -> None:
    """One tenant's dead addresses take two of the places; the other tenant's message goes past them."""
    gate = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.Response()

    async with receiving() as dead, hooks() as opened:
        dead.answers = [hang] * 40
        for number in range(40):
            announce(opened, dead.url(), tenant="slow", id=f"r_{number % 2:016}")
        await eventually(lambda: len(dead.bodies) == webhooks.AT_ONCE_OF_TENANT)
        announce(opened, receiver.url(), tenant="quick")
        await eventually(lambda: len(receiver.bodies) == 1)
        assert len(dead.bodies) == webhooks.AT_ONCE_OF_TENANT
        gate.set()
        await eventually(settled(opened, 41))
    assert opened.delivered == 41


async def test_the_queue_is_bounded_and_what_is_too_much_is_counted(receiver: Receiver) -> None:
    gate = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.Response()

    async with receiving() as dead, hooks() as opened:
        dead.answers = [hang] * 100
        for _ in range(60):
            announce(opened, dead.url())
        assert opened.dropped == 60 - QUEUED_OF_ROOM - webhooks.AT_ONCE_OF_TENANT
        for number in range(300):
            announce(opened, dead.url(), id=f"r_{number:016}")
        assert len(opened._queue) == webhooks.QUEUED
        gate.set()


async def test_tenants_that_fill_the_queue_with_dead_addresses_take_no_place_of_others(
    receiver: Receiver,
) -> None:
    """All slots hang, the queue is full, and what another tenant says is the next to be told."""
    gates = [asyncio.Event() for _ in range(4)]

    async with receiving() as dead, hooks() as opened:
        dead.answers = [until(gates[number % 4]) for number in range(8)]
        for number in range(8):
            announce(opened, dead.url(), tenant=f"slow {number % 4}", id=f"r_{number:016}")
        await eventually(lambda: len(dead.bodies) == webhooks.AT_ONCE)
        dead.answers = [until(asyncio.Event()) for _ in range(300)]
        for number in range(300):
            announce(opened, dead.url(), tenant=f"slow {number % 4}", id=f"r_{number:016}")
        assert len(opened._queue) == webhooks.QUEUED
        announce(opened, receiver.url(), tenant="quick")
        assert len(opened._queue) == webhooks.QUEUED
        gates[0].set()
        await eventually(lambda: len(receiver.bodies) == 1)


def until(gate: asyncio.Event) -> Handler:
    async def hang(_: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.Response()

    return hang


async def test_stopping_gives_what_is_queued_a_moment_and_counts_the_rest(receiver: Receiver) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    opened = Webhooks(HERE)
    announce(opened, receiver.url())
    await opened.stop()
    assert (opened.delivered, opened.dropped) == (1, 0)
    announce(opened, receiver.url())
    assert len(receiver.bodies) == 1, "nothing is sent after the end"
    slow = Webhooks(HERE)
    receiver.answers = [hang] * 3
    for _ in range(3):
        announce(slow, receiver.url())
    await slow.stop()
    assert (slow.delivered, slow.dropped) == (0, 3)


async def test_no_log_tells_the_address(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    async def sorry(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    caplog.set_level(logging.DEBUG)
    receiver.answers = [sorry] * 3
    async with hooks() as opened:
        announce(opened, receiver.url())
        announce(opened, receiver.url("192.168.1.1"))
        announce(opened, "http://127.0.0.1:1/s3cret-path")
        await eventually(settled(opened, 3))
    assert "answered 500" in caplog.text
    assert "s3cret" not in caplog.text
    assert "wh_new" not in caplog.text


@pytest.mark.parametrize(
    ("url", "networks", "right"),
    [
        (None, (), True),
        ("https://hooks.example/x", (), True),
        ("https://8.8.8.8/x", (), True),
        ("https://127.0.0.1/x", (), False),
        ("https://[::1]/x", (), False),
        ("http://hooks.example/x", (), False),
        ("http://127.0.0.1/x", HERE, True),
        ("https://127.0.0.1/x", HERE, True),
        ("http://8.8.8.8/x", HERE, False),
    ],
)
async def test_what_can_be_said_at_once_is_said_at_once(
    url: str | None, networks: Sequence[Any], right: bool
) -> None:
    async with hooks(networks) as opened:
        if right:
            opened.check(url)
            return
        with pytest.raises(InvalidRequest) as caught:
            opened.check(url)
        assert caught.value.field == "webhook"


@pytest_asyncio.fixture
async def hooked(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> AsyncIterator[Site]:
    async with running(store.url, tmp_path, static_dir=page_folder, webhook_networks=HERE) as found:
        yield found


async def test_a_knock_is_told_once_and_holds_up_no_join(hooked: Site, receiver: Receiver) -> None:
    made = await hooked.create(require_approval=True, webhook=receiver.url())
    assert made["room"]["webhook"] == receiver.url()
    ann = await hooked.join(made["room"]["code"], "Ann")
    again = await hooked.call(
        "POST", f"/rooms/{made['room']['code']}/join", {"display_name": "Ann"}, token=ann["visitor"]
    )
    assert again.body["request_id"] == ann["request_id"]
    await hooked.join(made["room"]["code"], "Bob")
    await eventually(lambda: len(receiver.bodies) == 2)
    told = [json.loads(body) for body in receiver.bodies]
    assert sorted(one["request"]["name"] for one in told) == ["Ann", "Bob"]
    assert ann["request_id"] in {one["request"]["id"] for one in told}
    secret = made["webhook_secret"]
    for body, headers in zip(receiver.bodies, receiver.headers, strict=True):
        sent_at, mark = headers["Spectator-Signature"].split(",")
        text = sent_at.removeprefix("t=").encode() + b"." + body
        assert mark == f"v1={hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}"


async def test_the_owner_alone_sees_it_and_learns_its_secret_when_it_is_set(hooked: Site) -> None:
    made = await hooked.create()
    room, key = made["room"], made["owner_token"]
    assert "webhook_secret" not in made
    url = "https://hooks.example/s3cret-path"
    changed = await hooked.call("PATCH", f"/rooms/{room['id']}", {"webhook": url}, token=key)
    assert changed.body["webhook"] == url
    assert changed.body["webhook_secret"].startswith("wh_")
    other = await hooked.create(webhook=url)
    assert other["webhook_secret"] != changed.body["webhook_secret"]
    ann = await hooked.join(room["code"])
    for token in (ann["token"], None):
        shown = await hooked.call("GET", f"/rooms/{room['code']}", token=token)
        assert b"hooks.example" not in shown.raw
    await hooked.call("POST", f"/rooms/{room['id']}/spectators/{ann['spectator_id']}/promote", token=key)
    shown = await hooked.call("GET", f"/rooms/{room['code']}", token=ann["token"])
    assert b"hooks.example" not in shown.raw
    renamed = await hooked.call("PATCH", f"/rooms/{room['id']}", {"name": "x"}, token=key)
    assert "webhook_secret" not in renamed.body
    cleared = await hooked.call("PATCH", f"/rooms/{room['id']}", {"webhook": None}, token=key)
    assert cleared.body["webhook"] is None


async def test_an_inner_address_is_refused_when_it_is_set(site: Site) -> None:
    made = await site.create()
    for url in (
        "https://127.0.0.1/x",
        "http://hooks.example/x",
        "https://user:pw@hooks.example/x",
        "nonsense",
    ):
        for method, path in (("PATCH", f"/rooms/{made['room']['id']}"), ("POST", "/rooms")):
            reply = await site.call(method, path, {"webhook": url}, token="key")
            assert (reply.status, reply.body["field"]) == (422, "webhook"), url
            assert b"hooks.example" not in reply.raw
