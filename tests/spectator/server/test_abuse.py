"""What a stranger cannot do: lock others out, guess for ever, take all places, tell what is hidden."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.server.app import make_app
from spectator.server.keys import GUESSING, LISTING
from spectator.server.turns import GUESSES_AT_ONCE, LISTS_AT_ONCE
from tests.spectator.server.conftest import Reply, Site, running
from tests.spectator.server.sockets.watching import metrics, watching


@pytest_asyncio.fixture
async def strict(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> AsyncIterator[Site]:
    """A server with its limits on; all of its visitors come from one address."""
    async with running(store.url, tmp_path, static_dir=page_folder, rate_limits=True) as found:
        yield found


async def guess(site: Site, code: str, times: int, **fields: Any) -> list[Reply]:
    body = {"display_name": "Eve", "password": "guess", **fields}
    return [await site.call("POST", f"/rooms/{code}/join", body) for _ in range(times)]


async def test_a_lock_out_never_touches_those_who_are_in(strict: Site) -> None:
    made = await strict.create(password="s3cret", max_spectators=5)
    room, code = made["room"]["id"], made["room"]["code"]
    ann = await strict.join(code, password="s3cret")
    async with watching(strict, room, token=ann["token"]) as watcher:
        await watcher.next("welcome")
        snapshot = await watcher.next("snapshot")
        guesses = await guess(strict, code, 16)
        assert guesses[-1].code == "too_many_attempts"
        assert int(guesses[-1].headers["Retry-After"]) >= 1
        await strict.publish(room, metrics(1))
        (event,) = await watcher.events(1)
    misses = await guess(strict, "ZZZZZZ", 20)
    assert misses[-1].code == "too_many_attempts"
    assert (
        await strict.call("POST", f"/rooms/{code}/join", {"password": "s3cret"})
    ).code == "too_many_attempts"
    # She comes back, goes on where she was, and refreshes her grant, by either of her credentials.
    async with watching(strict, room, token=ann["token"], since=snapshot["cursor"]) as watcher:
        assert (await watcher.next("welcome"))["resume"] == "exact"
        assert (await watcher.events(1))[0] == event
        for bearer in (ann["token"], ann["visitor"]):
            again = await strict.call("POST", f"/rooms/{code}/join", {}, token=bearer)
            assert (again.status, again.body["spectator_id"]) == (200, ann["spectator_id"])
            assert again.body["room"]["id"] == room
            await watcher.say(type="auth", token=again.body["token"])
        await strict.publish(room, metrics(2))
        await watcher.events(1)
    for method, path, token in (
        ("GET", f"/rooms/{room}", made["owner_token"]),
        ("GET", f"/rooms/{code}", "key"),
        ("POST", f"/rooms/{code}/join", made["owner_token"]),
        ("GET", f"/rooms/{room}/history", ann["token"]),
    ):
        assert (await strict.call(method, path, token=token)).status == 200, path


async def test_a_room_is_one_by_its_code_and_by_its_id(strict: Site) -> None:
    made = await strict.create(password="s3cret")
    minted = (await strict.call("POST", "/identities", {"user_id": "eve"}, token="key")).body["token"]
    codes = []
    for number in range(16):
        ref = made["room"]["id" if number % 2 else "code"]
        reply = await strict.call("POST", f"/rooms/{ref}/join", {"password": "guess"}, token=minted)
        codes.append(reply.code)
    assert codes == ["wrong_password"] * 15 + ["too_many_attempts"]


async def test_a_class_behind_one_address_comes_in_at_once_and_a_crowd_without_end_does_not(
    strict: Site,
) -> None:
    made = await strict.create(max_spectators=1000)
    code = made["room"]["code"]
    body = {"display_name": "Ann"}
    class_ = await asyncio.gather(*(strict.call("POST", f"/rooms/{code}/join", body) for _ in range(40)))
    assert {one.status for one in class_} == {200}
    more = [await strict.call("POST", f"/rooms/{code}/join", body) for _ in range(120)]
    assert (more[-1].code, more[-1].status) == ("too_many_attempts", 429)
    assert int(more[-1].headers["Retry-After"]) >= 1
    assert 80 <= sum(one.status == 200 for one in more) <= 100
    first = class_[0].body
    again = await strict.call("POST", f"/rooms/{code}/join", body, token=first["visitor"])
    assert again.status == 200, "who is in is not new"
    vouched = await strict.call("POST", "/identities", {"user_id": "ann"}, token="key")
    named = await strict.call("POST", f"/rooms/{code}/join", body, token=vouched.body["token"])
    assert named.status == 200, "nor is a user whom the tenant vouches for"


async def test_one_stranger_takes_no_more_than_half_of_the_places_to_wait(strict: Site) -> None:
    made = await strict.create(require_approval=True)
    replies = [
        await strict.call("POST", f"/rooms/{made['room']['code']}/join", {"display_name": "Eve"})
        for _ in range(55)
    ]
    assert [one.status for one in replies] == [202] * 50 + [429] * 5
    assert replies[-1].code == "quota_exceeded"
    assert "Retry-After" in replies[-1].headers


async def test_rooms_are_not_made_without_end(strict: Site) -> None:
    replies: list[Reply] = []
    while not replies or replies[-1].status == 201:  # on a busy machine some come back meanwhile
        replies.append(await strict.call("POST", "/rooms", {"name": "x"}, token="key"))
        assert len(replies) <= 600
    assert len(replies) > 120
    assert replies[-1].code == "too_many_attempts"
    assert int(replies[-1].headers["Retry-After"]) >= 1


async def test_wrong_passwords_wait_in_a_line_of_their_own_and_hold_up_nobody(site: Site) -> None:
    """Without the budgets, so that every one wants to be checked; how many are, depends on the machine."""
    made = await site.create(password="s3cret", max_spectators=5)
    room, code = made["room"]["id"], made["room"]["code"]
    ann = await site.join(code, password="s3cret")
    async with watching(site, room, token=ann["token"]) as watcher:
        await watcher.next("snapshot")
        body = {"display_name": "Eve", "password": "guess"}
        storm = asyncio.gather(*(site.call("POST", f"/rooms/{code}/join", body) for _ in range(200)))
        for step in range(20):
            await site.publish(room, metrics(step))
        await watcher.events(20)
        replies = await storm
    told = {one.code for one in replies}
    assert told <= {"wrong_password", "busy"}
    busy = [one for one in replies if one.code == "busy"]
    assert all(one.status == 503 and "Retry-After" in one.headers for one in busy)
    # Busy is no verdict: whoever knows the password comes in as soon as the storm is over.
    assert (await site.join(code, "Ben", password="s3cret"))["status"] == "approved"


async def test_who_tries_a_password_holds_up_only_who_tries_one(site: Site) -> None:
    """Every turn of those who try passwords is taken: whoever brings none comes in all the same."""
    public, guarded = await site.create(), await site.create(password="s3cret")
    app = make_app(site.manager, site.manager.settings)
    async with TestServer(app) as server, AsyncExitStack() as crowd:
        for _ in range(GUESSES_AT_ONCE):
            await crowd.enter_async_context(app[GUESSING].turn())

        async def join(made: dict[str, Any], **more: str) -> int:
            url = server.make_url(f"/api/v1/rooms/{made['room']['code']}/join")
            async with site.session.post(url, json={"display_name": "Ann", **more}) as answer:
                return answer.status

        assert await join(public) == 200
        assert await join(guarded, password="s3cret") == 503
        await crowd.aclose()
        assert await join(guarded, password="s3cret") == 200


async def test_who_lists_all_rooms_many_times_at_once_waits_for_itself(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    app = make_app(site.manager, site.manager.settings)
    async with TestServer(app) as server, AsyncExitStack() as crowd:
        for _ in range(LISTS_AT_ONCE):
            await crowd.enter_async_context(app[LISTING].of("local").turn())

        async def get(path: str) -> int:
            headers = {"Authorization": f"Bearer {site.key}"}
            async with site.session.get(server.make_url(f"/api/v1{path}"), headers=headers) as answer:
                return answer.status

        async with asyncio.TaskGroup() as group:
            lists = group.create_task(get("/rooms"))
            for _ in range(20):
                assert await get(f"/rooms/{room}") == 200
            assert not lists.done()
            await crowd.aclose()
        assert lists.result() == 200


DROPPED = {"date", "server", "x-request-id"}  # the last is random, for every answer


def shown(reply: Reply) -> tuple[int, Mapping[str, str], bytes]:
    """The whole answer, without what differs between any two."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    return reply.status, {name: value for name, value in headers.items() if name not in DROPPED}, reply.raw


BODIES: list[dict[str, Any]] = [
    {"display_name": "Eve"},
    {"display_name": "Eve", "password": "guess"},
    {"display_name": "Eve", "invitation": "in_nonsense"},
    {"display_name": "Eve", "password": "guess", "invitation": "FOREIGN"},
]


@pytest.mark.parametrize(
    "who", ["anonymous", "visitor", "identity", "foreign_identity", "grant", "room_key", "api_key"]
)
async def test_what_is_hidden_is_as_what_is_not_there(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path, who: str
) -> None:
    """Unknown or private, whoever asks with whatever proof: the same bytes, headers and hashes."""
    async with running(store.url, tmp_path, static_dir=page_folder) as site:
        private = await site.create(access_level="private", blocked_users=["eve"])
        elsewhere = await site.create()
        invited = await site.call(
            "POST",
            f"/rooms/{elsewhere['room']['id']}/invitations",
            {"uses": 9},
            token=elsewhere["owner_token"],
        )
        bearer = (await bearers(site, elsewhere))[who]

        async def answer(method: str, path: str, body: Any) -> Any:
            return steady(shown(await site.call(method, path, body, token=bearer)))

        room = private["room"]
        for given in BODIES:
            foreign = {"invitation": invited.body["token"]} if given.get("invitation") == "FOREIGN" else {}
            for hidden, absent in ((room["code"], "ZZZZZZ"), (room["id"], "r_aaaaaaaaaaaaaaaa")):
                for method, path, sent in (
                    ("POST", "/rooms/{}/join", given | foreign),
                    ("GET", "/rooms/{}", None),
                    ("GET", "/rooms/{}/requests", None),
                    ("PATCH", "/rooms/{}", {"name": "mine"}),
                    ("POST", "/rooms/{}/leave", None),
                    ("GET", "/rooms/{}/requests/q_1", None),
                ):
                    assert await answer(method, path.format(hidden), sent) == await answer(
                        method, path.format(absent), sent
                    ), (method, path, sent)


async def bearers(site: Site, elsewhere: Any) -> dict[str, str | None]:
    """Credentials of every kind, none of them for the room in question."""
    rooms, key = site.manager.rooms, "sk_other_bbbbbbbbbbbbbbbbbbbbbbbb"
    await rooms.ensure_key(key, "other", frozenset({"publish", "read", "manage"}), "other")
    ann = await site.join(elsewhere["room"]["code"])
    return {
        "anonymous": None,
        "visitor": ann["visitor"],
        "identity": await rooms.mint_identity("local", "eve"),
        "foreign_identity": await rooms.mint_identity("other", "eve"),
        "grant": ann["token"],
        "room_key": elsewhere["owner_token"],
        "api_key": key,
    }


def steady(answer: tuple[int, Mapping[str, str], bytes]) -> Any:
    """Of somebody who came in elsewhere (by the invitation that was shown) only what does not change."""
    status, headers, raw = answer
    return answer if status >= 400 else (status, headers.keys(), json.loads(raw)["room"]["id"])


@pytest.mark.parametrize("kind", ["none", "grant", "identity", "room_key"])
async def test_a_socket_to_what_is_hidden_ends_as_one_to_what_is_not_there(site: Site, kind: str) -> None:
    private = await site.create(access_level="private")
    elsewhere = await site.create()
    token = {
        "none": None,
        "grant": (await site.join(elsewhere["room"]["code"]))["token"],
        "identity": await site.manager.rooms.mint_identity("local", "eve"),
        "room_key": elsewhere["owner_token"],
    }[kind]
    ends = []
    for ref in (private["room"]["code"], private["room"]["id"], "ZZZZZZ", "r_aaaaaaaaaaaaaaaa"):
        async with watching(site, ref, token=token) as watcher:
            code = await watcher.closed()
            ends.append((code, [{**one, "after_ms": None} for one in watcher.seen]))
    assert all(one == ends[0] for one in ends), ends
