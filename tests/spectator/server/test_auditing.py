"""What this server was asked is noted once, in one place, with what became of it and without a secret."""

from typing import Any

import pytest

from rooms import AuditEntry
from spectator.server.table import ROUTES
from tests.harness.waiting import eventually
from tests.spectator.server.conftest import Site
from tests.spectator.server.sockets.watching import flat, grant, opened, watching

UNNOTED = {
    ("POST", "/rooms/{room}/events"),  # what is published is the log itself
    ("POST", "/rooms/{room}/frame"),
    ("POST", "/rooms/{room}/leave"),
}
"""Calls that change something and are not noted."""


async def told(site: Site, tenant: str | None = "local", **asked: Any) -> list[AuditEntry]:
    """What was noted, oldest first, without keys at new addresses."""
    await site.manager.rooms.audit.flush()
    entries, _ = await site.manager.rooms.audit.entries(tenant, **asked)
    return [one for one in reversed(entries) if one.what != "key_address"]


def brief(entries: list[AuditEntry]) -> list[tuple[str, str, str | None]]:
    return [(one.what, one.outcome, one.subject) for one in entries]


def test_every_call_that_changes_something_is_noted() -> None:
    unnoted = {(one.method, one.path) for one in ROUTES if one.method != "GET" and one.audit is None}
    assert unnoted <= UNNOTED
    assert not [one.audit for one in ROUTES if one.audit is not None and not one.audit.isidentifier()]


async def test_the_life_of_a_room(site: Site) -> None:
    made, room = await opened(site, name="exam", require_approval=True)
    code, owner = made["room"]["code"], made["owner_token"]
    asked = [await site.join(code, name) for name in ("Ann", "Ben")]
    first, second = (one["request_id"] for one in asked)
    await site.call("POST", f"/rooms/{room}/requests/{first}/approve", {}, token=owner)
    await site.call("POST", f"/rooms/{room}/requests/{second}/deny", {}, token="key")
    await site.call("PATCH", f"/rooms/{room}", {"listed": True, "name": "a secret name"}, token=owner)
    await site.call("POST", f"/rooms/{room}/extend", {"hours": 1}, token=owner)
    await site.call("POST", f"/rooms/{room}/rotate", {"what": "password"}, token=owner)
    await site.call("POST", f"/rooms/{room}/transfer", {"user_id": "grace"}, token="key")
    await site.call("POST", f"/rooms/{room}/extend", {"hours": 1}, token=owner)  # not theirs any more
    await site.call("GET", f"/rooms/{room}/export?format=csv", token="key")
    await site.call("DELETE", f"/rooms/{room}", token="key")
    assert brief(await told(site)) == [
        ("create", "ok", None),
        ("join", "waiting", first),
        ("join", "waiting", second),
        ("approve", "ok", f"{first} Ann"),
        ("deny", "ok", f"{second} Ben"),
        ("change", "ok", "listed, name"),
        ("extend", "ok", None),
        ("rotate", "ok", "password"),
        ("transfer", "ok", "grace"),
        ("extend", "unauthorized", None),
        ("export", "ok", "csv"),
        ("close", "ok", None),
    ]
    entries = await told(site, room=room)
    assert len(entries) == 12
    assert {one.client for one in entries} == {"127.0.0.1"}
    assert [one.actor.kind for one in entries[:6]] == [
        "api_key",
        "anonymous",
        "anonymous",
        "room_key",
        "api_key",
        "room_key",
    ]
    assert [one.actor.name for one in entries[1:3]] == ["Ann", "Ben"]
    assert entries[1].actor.id == asked[0]["spectator_id"]


async def test_who_asks_again_while_waiting_is_no_news(site: Site) -> None:
    made, _ = await opened(site, require_approval=True)
    path = f"/rooms/{made['room']['code']}/join"
    visitor = (await site.call("POST", path, {})).body["visitor"]
    for _ in range(3):
        assert (await site.call("POST", path, {}, token=visitor)).status == 202
    assert [(one.what, one.count) for one in await told(site)] == [("create", 1), ("join", 1)]


async def test_powers_over_people_name_whom(site: Site) -> None:
    made, room = await opened(site)
    person = (await site.join(made["room"]["code"], "Ann"))["spectator_id"]
    for power in ("promote", "demote", "kick", "block", "unblock"):
        reply = await site.call("POST", f"/rooms/{room}/spectators/{person}/{power}", {}, token="key")
        assert reply.status == 200, reply.raw
    await site.call("POST", f"/rooms/{room}/spectators/v_nobody/kick", {}, token="key")
    assert [(one.what, one.outcome, one.subject) for one in (await told(site))[2:]] == [
        *((power, "ok", f"{person} Ann") for power in ("promote", "demote", "kick", "block", "unblock")),
        ("kick", "spectator_not_found", None),
    ]


async def test_a_refused_join_stands_in_the_audit_of_its_room_and_a_miss_in_nobodys(site: Site) -> None:
    made, room = await opened(site, password="hunter2")
    code = made["room"]["code"]
    path = f"/rooms/{code.lower()}/join"
    for _ in range(3):
        await site.call("POST", path, {"display_name": "hunter3", "password": "wrong-word"})
    await site.call("POST", path, {})
    await site.call("POST", "/rooms/ZZZ999/join", {"password": "wrong-word"})
    entries = await told(site, what="join")
    # Alike are joined second by second, so the three may be one entry or two.
    assert {(one.outcome, one.room) for one in entries} == {
        ("wrong_password", room),
        ("password_required", room),
    }
    assert entries[-1].outcome == "password_required"
    assert sum(one.count for one in entries) == 4
    (missed,) = await told(site, None)
    assert (missed.what, missed.outcome, missed.room, missed.subject) == (
        "join",
        "room_not_found",
        None,
        None,
    )
    assert "hunter3" not in repr(entries), "who types a password into the wrong field is not given away"


async def test_who_comes_by_a_socket_without_a_word_has_joined(site: Site) -> None:
    made, room = await opened(site)
    async with flat(site, made["room"]["code"]) as watcher:
        await watcher.next("training_status")
    (_, one) = await told(site)
    assert (one.what, one.outcome, one.room, one.actor.kind) == ("join", "ok", room, "anonymous")
    assert one.actor.id is not None


async def test_a_socket_with_a_grant_is_no_news_and_one_with_a_wrong_token_is(site: Site) -> None:
    made, room = await opened(site)
    async with watching(site, room, token=await grant(site, made)) as watcher:
        await watcher.next("welcome")
    async with watching(site, made["room"]["code"], token="gr_nonsense") as watcher:
        await watcher.closed()
    async with watching(site, room, token=site.key) as watcher:
        await watcher.next("welcome")
    assert brief(await told(site)) == [
        ("create", "ok", None),
        ("join", "ok", None),
        ("watch", "unauthorized", None),
        ("watch", "ok", None),
    ]
    assert {one.room for one in await told(site)} == {room}


async def test_a_stream_is_noted_when_it_begins(site: Site) -> None:
    _, room = await opened(site)
    headers = {"Authorization": f"Bearer {site.key}"}
    async with site.session.get(f"{site.url}/api/v1/rooms/{room}/stream", headers=headers) as stream:
        await stream.content.readline()
        assert ("watch", "ok", None) in brief(await told(site))
    await eventually(lambda: not site.manager.hub.connections, what="the stream is over")
    assert [one.what for one in await told(site)].count("watch") == 1


async def test_a_room_found_again_and_a_link_used_are_told_apart(site: Site) -> None:
    for _ in range(2):
        made = (await site.call("POST", "/rooms", {"name": "again", "reuse": True}, token="key")).body
        fields = f"sp:{{{made['room']['id']}}}:room"
        await site.manager.connection.command("HSET", fields, "publisher_until", 0)  # it has gone
    claim = made["owner_url"].partition("#claim=")[2]
    assert (await site.call("POST", "/claims", {"claim": claim})).status == 200
    assert (await site.call("POST", "/claims", {"claim": claim})).status == 401
    await site.call("POST", "/identities", {"user_id": "ada"}, token="key")
    whats = [(one.what, one.outcome) for one in await told(site)]
    assert whats == [("create", "ok"), ("reuse", "ok"), ("redeem", "ok"), ("identity", "ok")]
    assert ("redeem", "unauthorized") in [(one.what, one.outcome) for one in await told(site, None)]


async def test_a_key_at_a_new_address_is_noted_once(site: Site) -> None:
    for _ in range(5):
        await site.call("GET", "/rooms", token="key")
    await site.manager.rooms.audit.flush()
    entries, _ = await site.manager.rooms.audit.entries("local", what="key_address")
    assert [(one.client, one.actor.name) for one in entries] == [("127.0.0.1", "data folder")]


async def test_no_secret_that_was_sent_lies_in_the_audit(site: Site) -> None:
    made, room = await opened(site, password="planted-password")
    code = made["room"]["code"]
    await site.call("POST", f"/rooms/{code}/join", {"password": "planted-wrong", "invitation": "in_planted"})
    await site.call("POST", "/claims", {"claim": "cl_planted"})
    await site.call(
        "PATCH", f"/rooms/{room}", {"webhook": "https://example.org/planted", "name": "planted"}, token="key"
    )
    await site.call("DELETE", "/keys/sk_local_planted_planted_planted", token="key")
    await site.call("POST", f"/rooms/{room}/spectators/rk_planted/kick", {}, token="key")
    await site.call("POST", f"/rooms/{room}/invitations", {"note": "planted"}, token="key")
    await site.call("GET", "/rooms", token="sk_local_plantedplantedplanted")
    await site.manager.rooms.audit.flush()
    command = site.manager.connection.command
    kept = b""
    for part in ("doings", "visits"):
        for tag in ("audit:local", "audit"):
            kept += repr(await command("XRANGE", f"sp:{{{tag}}}:{part}", "-", "+")).encode()
        kept += repr(await command("ZRANGE", "sp:{audit:local}:addresses", 0, -1)).encode()
    assert b"invite" in kept
    assert b"planted" not in kept
    for secret in (site.key, made["owner_token"]):
        assert secret.encode() not in kept


@pytest.mark.parametrize("token", [None, "grant", "room_key"])
async def test_only_who_manages_reads_it(site: Site, token: str | None) -> None:
    made, _ = await opened(site)
    shown = {None: None, "grant": await grant(site, made), "room_key": made["owner_token"]}[token]
    reply = await site.call("GET", "/audit", token=shown)
    assert reply.code == ("unauthorized" if token is None else "not_allowed")


async def test_a_page_by_http(site: Site) -> None:
    made, room = await opened(site)
    await site.call("POST", f"/rooms/{room}/extend", {"hours": 1}, token="key")
    await site.manager.rooms.audit.flush()
    page = (await site.call("GET", "/audit?limit=1", token="key")).body
    (entry,) = page["entries"]
    assert entry.keys() == {
        "id", "at", "what", "outcome", "tenant", "room", "actor", "subject", "client", "count",
    }  # fmt: skip
    assert (entry["what"], entry["room"], entry["tenant"]) == ("extend", room, "local")
    assert entry["actor"]["kind"] == "api_key"
    assert entry["at"].endswith("Z")
    rest = (
        await site.call("GET", f"/audit?before={page['next']}&room={made['room']['code']}", token="key")
    ).body
    assert [one["what"] for one in rest["entries"]] == ["create"]
    assert rest["next"] is None
    assert (
        len(
            (await site.call("GET", f"/audit?what=create&room={room}&since=2020-01-01", token="key")).body[
                "entries"
            ]
        )
        == 1
    )


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("before=x", 422, "before"),
        ("limit=0", 422, "limit"),
        ("limit=1001", 422, "limit"),
        ("what=<script>", 422, "what"),
        ("since=yesterday", 422, "since"),
        ("since=1e300", 422, "since"),
        ("since=nan", 422, "since"),
        ("room=" + "x" * 65, 422, "room"),
        ("nonsense=1", 422, "nonsense"),
        ("room=ZZZ999", 404, None),
        ("tenant=other", 403, None),
        ("tenant=there-is-none-like-this", 403, None),
    ],
)
async def test_what_is_asked_wrongly(site: Site, query: str, status: int, field: str | None) -> None:
    reply = await site.call("GET", f"/audit?{query}", token="key")
    assert reply.status == status
    assert reply.body.get("field") == field
