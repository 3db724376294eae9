"""Invitations by HTTP: the token is told once, and the link carries it where no server sees it."""

import pytest

from tests.spectator.server.conftest import Site
from tests.spectator.server.sockets.watching import watching


async def test_an_owner_invites_lists_and_withdraws(site: Site) -> None:
    made = await site.create(access_level="private")
    room, key = made["room"], made["owner_token"]
    path = f"/rooms/{room['id']}/invitations"
    reply = await site.call("POST", path, {"uses": 3, "hours": 2, "note": "the class"}, token=key)
    assert reply.status == 201
    invited = reply.body
    assert invited["token"].startswith("in_")
    assert invited["url"] == f"{site.url}/r/{room['code']}#invite={invited['token']}"
    assert {name: invited[name] for name in ("uses", "used", "note", "user_id", "status")} == {
        "uses": 3,
        "used": 0,
        "note": "the class",
        "user_id": None,
        "status": "open",
    }
    joined = await site.join(room["code"], invitation=invited["token"])
    assert joined["status"] == "approved"
    (listed,) = (await site.call("GET", path, token=key)).body["invitations"]
    assert listed == {
        **{name: value for name, value in invited.items() if name not in {"token", "url"}},
        "used": 1,
    }
    withdrawn = await site.call("DELETE", f"{path}/{invited['id']}", token=key)
    assert (withdrawn.status, withdrawn.body["status"]) == (200, "withdrawn")
    refused = await site.call(
        "POST", f"/rooms/{room['code']}/join", {"display_name": "Bob", "invitation": invited["token"]}
    )
    assert (refused.status, refused.code) == (404, "room_not_found")
    async with watching(site, room["id"], token=joined["token"]) as ann:
        assert (await ann.next("welcome"))["mode"] == "live"


async def test_one_that_is_not_there_is_said_to_be_none(site: Site) -> None:
    made = await site.create()
    path = f"/rooms/{made['room']['id']}/invitations/i_none"
    assert (await site.call("DELETE", path, token=made["owner_token"])).code == "invitation_not_found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"uses": 0}, "uses"),
        ({"uses": 1001}, "uses"),
        ({"uses": 1.5}, "uses"),
        ({"hours": 0}, "hours"),
        ({"hours": 1e9}, "hours"),
        ({"note": "x" * 65}, "note"),
        ({"user_id": ""}, "user_id"),
        ({"who": "ann"}, "who"),
    ],
)
async def test_a_wrong_field_is_named(site: Site, body: dict[str, object], field: str) -> None:
    made = await site.create()
    reply = await site.call(
        "POST", f"/rooms/{made['room']['id']}/invitations", body, token=made["owner_token"]
    )
    assert (reply.status, reply.code, reply.body["field"]) == (422, "invalid_request", field)


async def test_only_the_owner_may(site: Site) -> None:
    made = await site.create()
    room = made["room"]["id"]
    ann = await site.join(made["room"]["code"])
    other = await site.create(name="other")
    for token, code in (
        (ann["token"], "not_allowed"),
        (None, "unauthorized"),
        (other["owner_token"], "room_not_found"),
    ):
        for method, path in (("POST", ""), ("GET", ""), ("DELETE", "/i_1")):
            reply = await site.call(method, f"/rooms/{room}/invitations{path}", token=token)
            assert reply.code == code, (method, path)


async def test_an_ended_room_takes_none(site: Site) -> None:
    made = await site.create()
    room, key = made["room"]["id"], made["owner_token"]
    await site.call("DELETE", f"/rooms/{room}", token=key)
    assert (await site.call("POST", f"/rooms/{room}/invitations", token=key)).code == "room_closed"


@pytest.mark.parametrize("level", ["public", "password", "invite_only", "private"])
async def test_a_link_with_an_identity_opens_what_the_list_opens(site: Site, level: str) -> None:
    fields = {"password": "s3cret"} if level == "password" else {"access_level": level}
    made = await site.create(**fields, allowed_users=["ann"], require_approval=True)
    code = made["room"]["code"]
    minted = await site.call("POST", "/identities", {"user_id": "ann", "name": "Ann A."}, token="key")
    secret = {"password": "s3cret"} if level == "password" else {}
    joined = await site.call(
        "POST", f"/rooms/{code}/join", {"display_name": "root", **secret}, token=minted.body["token"]
    )
    assert joined.status == 200
    assert joined.body["spectator_id"] == "u:local:ann"
    async with watching(site, made["room"]["id"], token=joined.body["token"]) as ann:
        await ann.next("welcome")
    stranger = await site.call("POST", f"/rooms/{code}/join", {"display_name": "Ann A.", **secret})
    assert stranger.status == {"public": 202, "password": 202, "invite_only": 403, "private": 404}[level]


async def test_an_invitation_opens_no_call_but_the_join(site: Site) -> None:
    made = await site.create()
    room, key = made["room"]["id"], made["owner_token"]
    token = (await site.call("POST", f"/rooms/{room}/invitations", token=key)).body["token"]
    for method, path in (
        ("GET", f"/rooms/{room}"),
        ("GET", "/rooms"),
        ("POST", f"/rooms/{room}/join"),
        ("GET", f"/rooms/{room}/requests"),
    ):
        assert (await site.call(method, path, token=token)).code == "unauthorized"
    async with watching(site, room, token=token) as ann:
        assert await ann.closed() == 4501
