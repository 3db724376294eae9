"""What owner and moderators do about people, by HTTP."""

from typing import Any

import pytest

from tests.spectator.server.conftest import Site


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/requests"),
        ("POST", "/requests/approve-all"),
        ("POST", "/requests/q_x/approve"),
        ("POST", "/requests/q_x/deny"),
        ("GET", "/spectators"),
    ],
)
async def test_only_staff_may(site: Site, method: str, path: str) -> None:
    made = await site.create()
    code = made["room"]["code"]
    grant = (await site.join(code))["token"]
    body: Any = {} if method == "POST" else None
    assert (await site.call(method, f"/rooms/{code}{path}", body)).code == "unauthorized"
    assert (await site.call(method, f"/rooms/{code}{path}", body, token=grant)).code == "not_allowed"


@pytest.mark.parametrize("answer", ["approve", "deny"])
async def test_an_unknown_request(site: Site, answer: str) -> None:
    made = await site.create(require_approval=True)
    reply = await site.call("POST", f"/rooms/{made['room']['id']}/requests/q_x/{answer}", {}, token="key")
    assert (reply.status, reply.code) == (404, "request_not_found")


async def test_answers_repeat_and_do_not_contradict(site: Site) -> None:
    made = await site.create(require_approval=True)
    asked = await site.join(made["room"]["code"])
    own = f"/rooms/{made['room']['id']}/requests/{asked['request_id']}"
    for _ in range(2):
        reply = await site.call("POST", f"{own}/approve", {}, token="key")
        assert (reply.status, reply.body["status"]) == (200, "approved")
    other = await site.call("POST", f"{own}/deny", {}, token="key")
    assert (other.status, other.code) == (409, "request_settled")


async def test_all_are_let_in_until_the_room_is_full(site: Site) -> None:
    made = await site.create(require_approval=True, max_spectators=2)
    code, room = made["room"]["code"], made["room"]["id"]
    asked = [await site.join(code, name) for name in ("Ann", "Bob", "Cem")]
    reply = await site.call("POST", f"/rooms/{room}/requests/approve-all", {}, token=made["owner_token"])
    assert [(one["id"], one["status"]) for one in reply.body["requests"]] == [
        (asked[0]["request_id"], "approved"),
        (asked[1]["request_id"], "approved"),
        (asked[2]["request_id"], "pending_approval"),
    ]
    left = await site.call("GET", f"/rooms/{room}/requests", token="key")
    assert [one["name"] for one in left.body["requests"]] == ["Cem"]
    full = await site.call(
        "POST", f"/rooms/{room}/requests/{asked[2]['request_id']}/approve", {}, token="key"
    )
    assert (full.status, full.code) == (409, "room_full")


async def test_who_is_in(site: Site) -> None:
    made = await site.create()
    await site.join(made["room"]["code"], "Ann")
    await site.join(made["room"]["code"], "<b>Bob</b>")
    reply = await site.call("GET", f"/rooms/{made['room']['id']}/spectators", token=made["owner_token"])
    people = reply.body["spectators"]
    assert [one["name"] for one in people] == ["Ann", "<b>Bob</b>"]
    assert people[0].keys() == {"id", "name", "role", "joined_at", "watching", "lag_ms", "user_id"}
    assert reply.body["blocked"] == []
