"""Every route of the live router x every character x every place: exactly what the table says, and no more.

What is refused is asked for first, all at once: if the server does its work nothing comes of it. Then what is
allowed; last, each in a world of its own, what ends a room.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.server.app import make_app
from tests.spectator.server.conftest import Reply, Site, running
from tests.spectator.server.matrix.cast import OPERATOR_KEY, Cast, gather
from tests.spectator.server.matrix.expected import (
    CHARACTERS,
    CLOSES,
    METRICS,
    OWN_CLOSES,
    PLACES,
    ROUTES,
    SOCKET,
    STATUS,
    Right,
    expected,
)
from tests.spectator.server.sockets.watching import Watcher, watching

AT_ONCE = 24
ROOT = "/api/v1"

BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/rooms/{room}"): {"name": "another name"},
    ("POST", "/rooms/{room}/extend"): {"hours": 1},
    ("POST", "/rooms/{room}/join"): {"display_name": "Ann"},
    ("POST", "/rooms/{room}/rotate"): {"what": "key"},
    ("POST", "/rooms/{room}/transfer"): {"user_id": "eve"},
    ("POST", "/rooms/{room}/invitations"): {},
    ("POST", "/identities"): {"user_id": "ann"},
    ("POST", "/tenants"): {"id": "one"},
    ("PATCH", "/tenants/{tenant}"): {"name": "x"},
    ("POST", "/keys"): {"tenant": "one", "scopes": ["read"]},
}
"""The smallest valid body of a call that reads one."""

ENDINGS = {
    ("DELETE", "/rooms/{room}"),
    ("POST", "/rooms/{room}/rotate"),
    ("POST", "/rooms/{room}/transfer"),
    ("POST", "/rooms/{room}/leave"),
    ("POST", "/rooms/{room}/join"),
    ("POST", "/rooms/{room}/requests/approve-all"),
}
"""Calls after which the cast is not what it was."""

OWN_ANSWERS = frozenset({
    "request_not_found", "spectator_not_found", "invitation_not_found", "tenant_not_found", "key_not_found",
    "tenant_taken", "approval_denied",
})  # fmt: skip
"""Refusals with which a call answers that was allowed, and found nothing to do."""


@dataclass(frozen=True)
class Case:
    """One cell of the matrix."""

    route: tuple[str, str]
    right: Right
    character: str
    place: str | None

    @property
    def answer(self) -> str:
        return expected(self.right, self.character, self.place)

    def __str__(self) -> str:
        return f"{' '.join(self.route)} as {self.character}" + (f" about {self.place}" if self.place else "")


CASES = [
    Case(route, right, character, place)
    for route, right in ROUTES.items()
    for character in CHARACTERS
    for place in (PLACES if "{room}" in route[1] else (None,))
]


@pytest_asyncio.fixture
async def cast(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> AsyncIterator[Cast]:
    settings = {"static_dir": page_folder, "operator_key": SecretStr(OPERATOR_KEY)}
    async with running(store.url, tmp_path, **settings) as site:
        yield await gather(site)


async def ask(cast: Cast, case: Case) -> Reply:
    """Make the call of a case."""
    method, path = case.route
    for name, value in {
        "room": cast.places.get(case.place or "", ""),
        "id": "q_nobody",
        "tenant": "nobody",
    }.items():
        path = path.replace(f"{{{name}}}", value)
    body = BODIES.get(case.route)
    if case.route == ("POST", "/claims"):
        body = {"claim": await cast.claim() if case.answer == "allowed" else "cl_x"}
    given: dict[str, Any] = {"headers": {}}
    if (token := cast.tokens[case.character]) is not None:
        given["headers"]["Authorization"] = f"Bearer {token}"
    if body is not None:
        given["json"] = body
    if path.endswith("/stream"):
        return await _head(cast.site, path, given)
    return await cast.site.send(method, ROOT + path, **given)


async def _head(site: Site, path: str, given: dict[str, Any]) -> Reply:
    """The answer of a stream, without what follows where it does not end."""
    async with site.session.get(site.url + ROOT + path, **given) as answer:
        raw = b"" if answer.status == 200 else await answer.read()
        return Reply(answer.status, answer.headers.copy(), raw)


async def ask_all(cast: Cast, cases: Sequence[Case], at_once: int = AT_ONCE) -> list[tuple[Case, Reply]]:
    """Make many calls, some at a time."""
    waiting = iter(cases)

    async def work() -> list[tuple[Case, Reply]]:
        return [(case, await ask(cast, case)) for case in waiting]

    return [one for answered in await asyncio.gather(*[work() for _ in range(at_once)]) for one in answered]


VARIES = {"Date", "X-Request-ID"}
"""Headers that differ between any two answers: the time, and a random name."""


def shown(reply: Reply) -> tuple[Any, ...]:
    """All that somebody can see of an answer."""
    return reply.status, tuple(sorted((k, v) for k, v in reply.headers.items() if k not in VARIES)), reply.raw


def is_allowed(reply: Reply) -> bool:
    return reply.status < 300 or reply.code in OWN_ANSWERS


def told(wrong: Iterable[tuple[Case, Reply]]) -> list[str]:
    return [f"{case}: {case.answer}, not {reply.status} {reply.raw[:120]!r}" for case, reply in wrong]


async def test_every_route_is_in_the_matrix(site: Site) -> None:
    app = make_app(site.manager, site.manager.settings)
    live = {
        (route.method, route.resource.canonical.removeprefix(ROOT))
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith(ROOT)
    }
    assert live == ROUTES.keys()


@pytest.mark.timeout(300)
async def test_everybody_may_what_the_table_says_and_nothing_else(cast: Cast) -> None:
    refused = await ask_all(cast, [case for case in CASES if case.answer != "allowed"])
    assert not told((case, reply) for case, reply in refused if reply.status != STATUS[case.answer])
    _see_nothing_of_what_is_not_theirs(refused)

    allowed = [case for case in CASES if case.answer == "allowed"]
    harmless = [case for case in allowed if case.route not in ENDINGS]
    # Few may read all of a log at once: those one after the other.
    reading = [case for case in harmless if case.route[1].endswith(("export", "stream"))]
    answered = await ask_all(cast, [case for case in harmless if case not in reading])
    answered += await ask_all(cast, reading, at_once=1)
    for case in allowed:
        if case.route in ENDINGS:
            ours = (
                cast
                if case.route[1].endswith("join")
                else await cast.elsewhere(case.character, case.place or "")
            )
            answered.append((case, await ask(ours, case)))
    assert not told((case, reply) for case, reply in answered if not is_allowed(reply))
    assert len(refused) + len(answered) == len(CASES)


def _see_nothing_of_what_is_not_theirs(refused: list[tuple[Case, Reply]]) -> None:
    """Another tenant's room, a private one and none at all: the same bytes, the same headers."""
    absent = {
        (case.route, case.character): shown(reply) for case, reply in refused if case.place == "unknown"
    }
    differ = [
        (case, reply)
        for case, reply in refused
        if case.place is not None
        and case.answer in {"absent", "nobody", "another", "worthless"}
        and shown(reply) != absent[case.route, case.character]
    ]
    assert not told(differ)


def test_the_matrix_is_large_and_of_every_kind() -> None:
    counted = Counter(case.answer for case in CASES)
    assert set(counted) == {*STATUS, "allowed"}
    assert counted["absent"] > 1000
    assert counted["allowed"] > 500


async def _first(viewer: Watcher) -> Any:
    """As what a socket was welcomed, or with which code it was ended."""
    told = await viewer.next()
    return told["mode"] if told["type"] == "welcome" else await viewer.closed()


async def test_a_socket_shows_the_room_to_the_same_people(cast: Cast) -> None:
    wrong = []
    cases = [(character, place) for character in CHARACTERS for place in PLACES]
    for character, place in cases:
        answer = expected(SOCKET, character, place)
        if answer == "allowed":
            wanted: Any = "lobby" if character == "asker" else "live"
        else:
            wanted = CLOSES[answer] if answer in CLOSES else OWN_CLOSES[character]
        async with watching(cast.site, cast.places[place], token=cast.tokens[character]) as viewer:
            first = await _first(viewer)
            if first != wanted:
                wrong.append(f"{character} at {place}: {wanted}, not {first}")
    assert not wrong


async def test_the_numbers_of_the_server_are_for_its_operator_and_this_machine(cast: Cast) -> None:
    wrong = []
    for character in CHARACTERS:
        token = cast.tokens[character]
        shows = {"Authorization": f"Bearer {token}"} if token is not None else {}
        here = await cast.site.send("GET", "/metrics", headers=shows)
        through = await cast.site.send("GET", "/metrics", headers={**shows, "X-Forwarded-For": "127.0.0.1"})
        answer = expected(METRICS, character, None)
        wanted = 200 if answer == "allowed" else STATUS[answer]
        if (here.status, through.status) != (200, wanted):
            wrong.append(f"{character}: {here.status}, {through.status}, not 200, {wanted}")
    assert not wrong


async def test_a_tenants_numbers_are_not_for_another(cast: Cast) -> None:
    """What a key asks of another tenant is answered as for one that does not exist."""
    for path in ("/usage", "/audit"):
        for character in ("manage key", "read key") if path == "/usage" else ("manage key",):
            token = cast.tokens[character]
            theirs = await cast.site.call("GET", f"{path}?tenant=two", token=token)
            none = await cast.site.call("GET", f"{path}?tenant=nobody", token=token)
            assert shown(theirs) == shown(none), (path, theirs.raw, none.raw)
            assert theirs.status >= 400
            assert (await cast.site.call("GET", f"{path}?tenant=one", token=token)).status == 200


@pytest.mark.parametrize("character", ["foreign manage key", "foreign read key", "room key", "spectator"])
async def test_that_a_room_has_ended_is_not_for_foreign_credentials(cast: Cast, character: str) -> None:
    """Whoever is at home is told that it was closed; to others it is not there, ended or not."""
    await cast.call("DELETE", f"/rooms/{cast.places['other id']}")
    token = cast.tokens[character]
    for path in ("stream", "history", "export"):
        ended = await cast.site.call("GET", f"/rooms/{cast.places['other']}/{path}", token=token)
        none = await cast.site.call("GET", f"/rooms/{cast.places['unknown']}/{path}", token=token)
        assert shown(ended) == shown(none), path
    async with watching(cast.site, cast.places["other"], token=token) as viewer:
        assert await _first(viewer) == 4504
    at_home = await cast.site.call(
        "GET", f"/rooms/{cast.places['other']}/stream", token=cast.tokens["manage key"]
    )
    assert at_home.code == "room_closed"
