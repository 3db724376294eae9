"""Making, listing, showing, changing and ending rooms, by HTTP."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.spectator.server.conftest import Site


async def test_a_room_is_made_with_everything_its_owner_needs(site: Site) -> None:
    made = await site.create(name="cartpole", config={"lr": 0.1})
    room = made["room"]
    assert re.fullmatch(r"r_[a-z0-9]{16}", room["id"])
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{6}", room["code"])
    assert (room["name"], room["config"], room["status"]) == ("cartpole", {"lr": 0.1}, "active")
    assert made["owner_token"].startswith("rk_")
    assert made["join_url"] == f"{site.url}/r/{room['code']}"
    owner = urlsplit(made["owner_url"])
    assert owner.path == f"/r/{room['code']}"
    assert owner.query == ""
    assert owner.fragment.startswith("claim=")
    assert made["ws_url"] == f"{site.url.replace('http', 'ws', 1)}/ws/rooms/{room['id']}"
    assert made["qr"].startswith("<svg")
    assert "password" not in made


async def test_a_generated_password_is_shown_once(site: Site) -> None:
    made = await site.create(password_protected=True)
    assert made["room"]["access_level"] == "password"
    assert made["password"]
    shown = await site.call("GET", f"/rooms/{made['room']['id']}", token="key")
    assert made["password"] not in shown.raw.decode()


async def test_a_given_password_is_not_repeated(site: Site) -> None:
    reply = await site.call("POST", "/rooms", {"password": "s3cret-word"}, token="key")
    assert reply.status == 201
    assert b"s3cret-word" not in reply.raw
    assert b"argon2" not in reply.raw


async def test_the_same_idempotency_key_is_the_same_room(site: Site) -> None:
    first = await site.call("POST", "/rooms", {"name": "a"}, token="key", Idempotency_Key="k1")
    again = await site.call("POST", "/rooms", {"name": "a"}, token="key", Idempotency_Key="k1")
    other = await site.call("POST", "/rooms", {"name": "a"}, token="key", Idempotency_Key="k2")
    assert first.status == 201
    assert first.body["room"]["id"] == again.body["room"]["id"] != other.body["room"]["id"]


async def test_reuse_finds_the_room_again_until_somebody_publishes(site: Site) -> None:
    first = await site.call("POST", "/rooms", {"name": "run", "reuse": True, "idle_hours": 24}, token="key")
    assert first.status == 201
    room = first.body["room"]
    await site.publish(room["id"], {"type": "log", "level": "info", "message": "hello"})
    beside = await site.call("POST", "/rooms", {"name": "run", "reuse": True, "idle_hours": 24}, token="key")
    assert (beside.status, beside.body["room"]["name"]) == (201, "run-2")
    await site.publish(room["id"], {"type": "training_event", "event": "training_finished"})
    again = await site.call("POST", "/rooms", {"name": "run", "reuse": True, "idle_hours": 24}, token="key")
    assert (again.status, again.body["room"]["id"]) == (200, room["id"])
    assert again.body["owner_token"].startswith("rk_")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"max_spectators": 0}, "max_spectators"),
        ({"max_spectators": "10"}, "max_spectators"),
        ({"access_level": "secret"}, "access_level"),
        ({"mode": "dream"}, "mode"),
        ({"session_duration_hours": -1}, "session_duration_hours"),
        ({"name": "a" * 65}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"nonsense": 1}, "nonsense"),
        ({"custom_code": "ABC"}, "custom_code"),
        ({"graphs": [{"title": "no id"}]}, "graphs[0]"),
        ({"access_level": "public", "password": "x"}, None),
    ],
)
async def test_wrong_fields_are_refused_by_name(site: Site, body: dict[str, Any], field: str | None) -> None:
    reply = await site.call("POST", "/rooms", body, token="key")
    assert (reply.status, reply.code) == (422, "invalid_request")
    if field is not None:
        assert reply.body["field"] == field


async def test_a_taken_code_is_refused(site: Site) -> None:
    await site.create(custom_code="MYKEY2")
    reply = await site.call("POST", "/rooms", {"custom_code": "my-key 2"}, token="key")
    assert (reply.status, reply.code) == (409, "code_taken")


@pytest.mark.parametrize("token", [None, "sk_local_wrong", "gr_wrong", "rubbish", "rk_x.y"])
async def test_only_a_key_makes_rooms(site: Site, token: str | None) -> None:
    reply = await site.call("POST", "/rooms", {}, token=token)
    assert (reply.status, reply.code) == (401, "unauthorized")
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert token is None or token not in reply.raw.decode()


async def test_a_room_key_makes_no_rooms(site: Site) -> None:
    made = await site.create()
    reply = await site.call("POST", "/rooms", {}, token=made["owner_token"])
    assert (reply.status, reply.code) == (403, "not_allowed")


async def test_the_rooms_of_the_tenant(site: Site) -> None:
    made = [await site.create(name=name) for name in ("a", "b")]
    reply = await site.call("GET", "/rooms", token="key")
    assert reply.status == 200
    assert {room["id"] for room in reply.body["rooms"]} == {one["room"]["id"] for one in made}
    assert {room["waiting"] for room in reply.body["rooms"]} == {0}
    assert (await site.call("GET", "/rooms")).code == "unauthorized"
    assert (await site.call("GET", "/rooms", token=made[0]["owner_token"])).code == "not_allowed"


async def test_the_lobby_shows_public_listed_rooms_to_anyone(site: Site) -> None:
    listed = await site.create(name="listed", listed=True)
    await site.create(name="not listed")
    reply = await site.call("GET", "/lobby")
    assert [room["code"] for room in reply.body["rooms"]] == [listed["room"]["code"]]
    assert "id" not in reply.body["rooms"][0]
    assert "config" not in reply.body["rooms"][0]


async def test_a_stranger_sees_what_is_needed_to_join(site: Site) -> None:
    made = await site.create(name="exam", password="x", require_approval=True, config={"lr": 1})
    reply = await site.call("GET", f"/rooms/{made['room']['code'].lower()}")
    assert reply.body == {
        "code": made["room"]["code"],
        "name": "exam",
        "access_level": "password",
        "has_password": True,
        "require_approval": True,
        "max_spectators": 10,
        "current_spectators": 0,
        "status": "active",
        "run": None,
    }


async def test_the_id_answers_those_who_hold_a_credential(site: Site) -> None:
    made = await site.create()
    room = made["room"]["id"]
    grant = (await site.join(made["room"]["code"]))["token"]
    assert (await site.call("GET", f"/rooms/{room}")).code == "room_not_found"
    assert (await site.call("GET", f"/rooms/{room}", token=grant)).body["id"] == room
    owner = await site.call("GET", f"/rooms/{room}", token=made["owner_token"])
    assert owner.body["turned_away"] == 0
    other = await site.create()
    assert (await site.call("GET", f"/rooms/{room}", token=other["owner_token"])).code == "room_not_found"


async def test_unknown_private_and_nonsense_are_the_same_bytes(site: Site) -> None:
    private = (await site.create(access_level="private"))["room"]
    replies = [
        await site.call("GET", f"/rooms/{ref}")
        for ref in (private["code"], private["id"], "ZZZZZZ", "r_0000000000000000", "%00", "a%2Fb", "x" * 300)
    ]
    assert {reply.raw for reply in replies} == {replies[0].raw}
    assert {reply.status for reply in replies} == {404}
    joins = [
        await site.call("POST", f"/rooms/{ref}/join", {"display_name": "Ann", "password": "x"})
        for ref in (private["code"], private["id"], "ZZZZZZ", "r_0000000000000000", "%00")
    ]
    assert {reply.raw for reply in joins} == {replies[0].raw}
    names = [sorted(reply.headers) for reply in (*replies, *joins)]
    assert all(one == names[0] for one in names)


async def test_an_owner_changes_a_room(site: Site) -> None:
    made = await site.create()
    room = f"/rooms/{made['room']['id']}"
    reply = await site.call("PATCH", room, {"name": "new", "max_spectators": 3}, token=made["owner_token"])
    assert (reply.status, reply.body["name"], reply.body["max_spectators"]) == (200, "new", 3)
    assert "password" not in reply.body
    assert (await site.call("PATCH", room, {"custom_code": "NEWKEY"}, token="key")).body["code"] == "NEWKEY"
    assert (await site.call("GET", "/rooms/NEWKEY")).status == 200
    protected = await site.call("PATCH", room, {"password_protected": True}, token="key")
    assert protected.body["password"]
    assert protected.body["has_password"]


@pytest.mark.parametrize(
    "body", [{"max_spectators": 0}, {"nonsense": 1}, {"graphs": [{}]}, {"idle_hours": "x"}]
)
async def test_a_wrong_change_changes_nothing(site: Site, body: dict[str, Any]) -> None:
    made = await site.create(name="before")
    room = f"/rooms/{made['room']['id']}"
    assert (await site.call("PATCH", room, {"name": "after", **body}, token="key")).code == "invalid_request"
    assert (await site.call("GET", room, token="key")).body["name"] == "before"


OWNER_CALLS = [
    ("PATCH", "", {"name": "x"}),
    ("DELETE", "", None),
    ("POST", "/extend", {"hours": 1}),
    ("POST", "/claims", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), OWNER_CALLS)
async def test_only_the_owner_may(site: Site, method: str, path: str, body: Any) -> None:
    made = await site.create()
    code = made["room"]["code"]
    grant = (await site.join(code))["token"]
    assert (await site.call(method, f"/rooms/{code}{path}", body)).code == "unauthorized"
    assert (await site.call(method, f"/rooms/{code}{path}", body, token=grant)).code == "not_allowed"
    other = await site.create()
    foreign = await site.call(method, f"/rooms/{code}{path}", body, token=other["owner_token"])
    absent = await site.call(method, f"/rooms/ZZZZZZ{path}", body, token=other["owner_token"])
    assert (foreign.status, foreign.raw) == (absent.status, absent.raw) == (404, absent.raw)
    assert (await site.call("GET", f"/rooms/{code}")).body["status"] == "active"


async def test_a_room_lives_longer(site: Site) -> None:
    made = await site.create(session_duration_hours=1)
    reply = await site.call("POST", f"/rooms/{made['room']['id']}/extend", {"hours": 5}, token="key")
    assert reply.status == 200
    assert reply.body["expires_at"] > made["room"]["expires_at"]
    wrong = await site.call("POST", f"/rooms/{made['room']['id']}/extend", {"hours": 0}, token="key")
    assert (wrong.code, wrong.body["field"]) == ("invalid_request", "hours")


async def test_a_closed_room_stays_closed(site: Site) -> None:
    made = await site.create()
    room = f"/rooms/{made['room']['id']}"
    closed = await site.call("DELETE", room, token=made["owner_token"])
    assert (closed.status, closed.body["status"]) == (200, "ended")
    assert (await site.call("DELETE", room, token=made["owner_token"])).status == 200
    assert (await site.call("POST", f"{room}/extend", {"hours": 1}, token="key")).code == "room_closed"
    assert (await site.call("PATCH", room, {"name": "x"}, token="key")).code == "room_closed"
    code = made["room"]["code"]
    assert (await site.call("POST", f"/rooms/{code}/join", {"display_name": "A"})).code == "room_closed"
    assert (await site.publish(made["room"]["id"], {"type": "log"})).code == "room_closed"


async def test_a_claim_is_exchanged_once_for_the_key(site: Site) -> None:
    made = await site.create()
    room = f"/rooms/{made['room']['id']}"
    url = (await site.call("POST", f"{room}/claims", {}, token=made["owner_token"])).body["owner_url"]
    claim = urlsplit(url).fragment.removeprefix("claim=")
    shown = await site.call("GET", room, token=made["owner_token"])
    assert shown.body["join_url"] == made["join_url"]
    reply = await site.call("POST", "/claims", {"claim": claim})
    assert reply.status == 200
    assert reply.body["room"]["id"] == made["room"]["id"]
    assert (await site.call("PATCH", room, {"name": "x"}, token=reply.body["owner_token"])).status == 200
    again = await site.call("POST", "/claims", {"claim": claim})
    assert (again.status, again.code) == (401, "unauthorized")
    assert claim not in again.raw.decode()


@pytest.mark.parametrize("claim", ["", "x", "cl_" + "x" * 100, 7, None])
async def test_a_wrong_claim_is_worth_nothing(site: Site, claim: Any) -> None:
    reply = await site.call("POST", "/claims", {"claim": claim})
    assert reply.code in {"unauthorized", "invalid_request"}


async def test_an_identity_is_vouched_for_by_the_key(site: Site) -> None:
    made = await site.create(access_level="private", allowed_users=["ada"])
    reply = await site.call("POST", "/identities", {"user_id": "ada", "name": "Ada"}, token="key")
    assert reply.status == 200
    assert (reply.body["user_id"], reply.body["name"]) == ("ada", "Ada")
    code = made["room"]["code"]
    joined = await site.call("POST", f"/rooms/{code}/join", {}, token=reply.body["token"])
    assert joined.status == 200
    stranger = await site.call("POST", "/identities", {"user_id": "bob"}, token="key")
    refused = await site.call("POST", f"/rooms/{code}/join", {}, token=stranger.body["token"])
    assert refused.code == "room_not_found"


async def test_identities_need_the_key(site: Site) -> None:
    made = await site.create()
    assert (await site.call("POST", "/identities", {"user_id": "a"})).code == "unauthorized"
    reply = await site.call("POST", "/identities", {"user_id": "a"}, token=made["owner_token"])
    assert reply.code == "not_allowed"
    assert (await site.call("POST", "/identities", {"user_id": ""}, token="key")).code == "invalid_request"
