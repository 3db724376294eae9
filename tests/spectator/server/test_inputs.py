"""What strangers send is refused with a reason or taken as text: never an error of ours, never half done."""

import asyncio
import json
import unicodedata
from typing import Any

import pytest

from rooms import NewKey
from spectator.server.table import ROUTES
from tests.harness.hostile import ACCEPTED, REFUSED
from tests.spectator.server.conftest import Site


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


ODD: dict[str, Any] = {
    "null": None,
    "true": True,
    "a number": 7,
    "a huge number": 10**400,
    "a small number": -1,
    "a fraction": 1e308,
    "empty": "",
    "a list": [],
    "an object": {},
    "a list of lists": [[[]]],
    "an emoji": "\U0001f9ea",
    "a long text": "x" * 100_000,
    "accents": "a" + "\u0300\u0316" * 20_000,
    "nul": "\x00",
    "crlf": "a\r\nb",
    "many": ["x"] * 20_000,
    "deep": nested(300),
    "deep lists": json.loads("[" * 300 + "]" * 300),
    "many keys": {f"k{n}": n for n in range(5_000)},
    "proto": {"__proto__": {"admin": True}},
}
FORMS = [one for one in ROUTES if one.body is not None]


@pytest.mark.parametrize("route", FORMS, ids=lambda one: f"{one.method} {one.path}")
async def test_every_field_of_every_body_takes_anything_and_answers_in_words(site: Site, route: Any) -> None:
    made = await site.create(require_approval=True)
    asked = await site.join(made["room"]["code"])
    path = route.path.replace("{room}", made["room"]["id"]).replace("{id}", asked["request_id"])
    path = path.replace("{tenant}", "local")
    operator = (await site.manager.rooms.tenants.make_key(NewKey(operator=True))).raw
    key = site.key if "api_key" in route.policy.kinds else operator
    for field in (*route.body.model_fields, "no_such_field"):
        for told, value in ODD.items():
            body = json.dumps({field: value}).encode()
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
            reply = await site.send(route.method, f"/api/v1{path}", data=body, headers=headers)
            assert reply.status < 500, (field, told, reply.raw)
            assert reply.code != "not_allowed", "the form itself is meant"
            if reply.status == 422:
                assert len(reply.body["detail"]) < 300, (field, told)


@pytest.mark.parametrize("name", ACCEPTED.values(), ids=ACCEPTED)
async def test_a_name_that_is_taken_comes_back_as_it_was(site: Site, name: str) -> None:
    name = unicodedata.normalize("NFC", name)
    made = await site.create(name=name, allowed_users=[name], metadata={name: name})
    assert made["room"]["name"] == name
    assert made["room"]["metadata"] == {name: name}
    assert made["room"]["allowed_users"] == [name]
    joined = await site.join(made["room"]["code"], name)
    people = (await site.call("GET", f"/rooms/{made['room']['id']}/spectators", token="key")).body[
        "spectators"
    ]
    assert [one["name"] for one in people] == [name]
    assert joined["room"]["name"] == name
    token = (await site.call("POST", "/identities", {"user_id": name, "name": name}, token="key")).body
    assert (token["user_id"], token["name"]) == (name, name)


@pytest.mark.parametrize("name", [text for kind, text in REFUSED.items() if kind != "half a pair"])
async def test_a_name_that_is_refused_is_refused_everywhere_and_never_repeated(site: Site, name: str) -> None:
    made = await site.create()
    room, code = made["room"]["id"], made["room"]["code"]
    calls = [
        ("POST", "/rooms", {"name": name}, "name"),
        ("POST", "/rooms", {"allowed_users": [name]}, "allowed_users.0"),
        ("POST", "/rooms", {"owner_id": name}, "owner_id"),
        ("PATCH", f"/rooms/{room}", {"name": name}, "name"),
        ("POST", f"/rooms/{code}/join", {"display_name": name}, "display_name"),
        ("POST", "/identities", {"user_id": name}, "user_id"),
        ("POST", "/identities", {"user_id": "ada", "name": name}, "name"),
        ("POST", f"/rooms/{room}/invitations", {"note": name}, "note"),
        ("POST", f"/rooms/{room}/transfer", {"user_id": name}, "user_id"),
    ]
    blank = not name.strip()
    for method, path, body, field in calls:
        if blank and field in {"display_name", "note", "name"} and path not in {"/rooms", f"/rooms/{room}"}:
            continue  # an empty label says nothing, as if it were left out
        reply = await site.call(method, path, body, token="key")
        assert (reply.status, reply.code, reply.body["field"]) == (422, "invalid_request", field), (
            path,
            body,
        )
        assert blank or name not in reply.body["detail"]


async def test_thousands_of_fields_are_refused_at_once(site: Site) -> None:
    made = await site.create()
    body = {f"field{number}": number for number in range(10_000)}
    for path, token in ((f"/rooms/{made['room']['code']}/join", None), ("/rooms", "key")):
        reply = await site.call("POST", path, body, token=token)
        assert (reply.status, reply.code) == (422, "invalid_request")
        assert "10000 fields" in reply.body["detail"]


async def test_a_user_is_the_same_however_it_is_spelt(site: Site) -> None:
    spelt = (
        await site.call("POST", "/identities", {"user_id": " e\u0301va ", "name": "e\u0301"}, token="key")
    ).body
    assert (spelt["user_id"], spelt["name"]) == ("\u00e9va", "\u00e9")


@pytest.mark.parametrize(
    "ref",
    [
        "%00",
        "%0d%0aX:1",
        "..%2f..%2fetc",
        "%ff%fe",
        "\U0001f9ea",
        "x" * 4000,
        "%2e%2e",
        "r_" + "A" * 16,
        "{room}",
        "%F0%9F",
    ],
)
@pytest.mark.parametrize("path", ["", "/join", "/requests/{}", "/spectators/{}/kick", "/export", "/history"])
async def test_odd_references_are_just_not_there(site: Site, ref: str, path: str) -> None:
    method = "POST" if path.endswith(("join", "kick")) else "GET"
    reply = await site.send(
        method, f"/api/v1/rooms/{ref}{path.format(ref)}", headers={"Authorization": f"Bearer {site.key}"}
    )
    assert reply.status in {400, 403, 404}, reply.raw
    assert b"etc" not in reply.raw


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Idempotency-Key", "x" * 7000),
        ("Idempotency-Key", "\u00e9"),
        ("Last-Event-ID", "9" * 5000),
        ("Spectator-Producer", "../../x"),
        ("Spectator-Sequence", "9" * 400),
        ("Spectator-Sequence", "1e5"),
        ("Content-Encoding", "gzip, gzip, gzip"),
        ("Authorization", "Bearer " + "x" * 5000),
        ("Authorization", "Basic dXNlcjpwYXNz"),
        ("X-Forwarded-For", "1.2.3.4\t, <script>"),
        ("Content-Type", "application/json; charset=utf-7"),
    ],
)
async def test_odd_headers_are_answered_in_words(site: Site, name: str, value: str) -> None:
    made = await site.create()
    room = made["room"]["id"]
    for method, path, body in (
        ("POST", "/rooms", b"{}"),
        ("POST", f"/rooms/{room}/events", b'{"type":"log","message":"x"}'),
        ("GET", f"/rooms/{room}/history", None),
    ):
        headers = {"Authorization": f"Bearer {site.key}", "Content-Type": "application/json", name: value}
        reply = await site.send(method, f"/api/v1{path}", data=body, headers=headers)
        assert reply.status < 500, (path, reply.raw)


async def test_a_line_break_inside_an_event_breaks_nothing(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    body = b'{\n"type"\r:\n"log",\r\n"message":\n"a\\nb\\u2028c"\n}'
    headers = {"Authorization": f"Bearer {site.key}", "Content-Type": "application/json"}
    reply = await site.send("POST", f"/api/v1/rooms/{room}/events", data=body, headers=headers)
    assert reply.body["accepted"] == 1
    lines = (await site.call("GET", f"/rooms/{room}/export", token="key")).raw.splitlines()
    assert len(lines) == 3
    assert json.loads(lines[1])["message"] == "a\nb\u2028c"


async def test_many_towering_names_at_once_do_not_stop_the_loop(site: Site) -> None:
    """The witness of blocked loops watches: normalised unbounded, each of these takes more than a second."""
    made = await site.create()
    body = {"display_name": "a" + "\u0300\u0316" * 15_000}
    calls = [site.call("POST", f"/rooms/{made['room']['code']}/join", body) for _ in range(5)]
    assert {reply.status for reply in await asyncio.gather(*calls)} == {422}
