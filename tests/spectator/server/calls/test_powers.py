"""Powers over HTTP: who may use them, what they answer, and that the old token opens nothing any more."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.harness.waiting import eventually
from tests.spectator.server.conftest import Site
from tests.spectator.server.sockets.watching import flat, metrics, watching
from tests.spectator.server.test_sse import streaming


def person_path(room: str, person: str, verb: str) -> str:
    return f"/rooms/{room}/spectators/{quote(person, safe='')}/{verb}"


async def use(site: Site, made: Any, person: str, verb: str, token: str | None = None) -> Any:
    path = person_path(made["room"]["id"], person, verb)
    return await site.call("POST", path, token=token or made["owner_token"])


async def identity(site: Site, user_id: str) -> str:
    reply = await site.call("POST", "/identities", {"user_id": user_id, "name": user_id.title()}, token="key")
    return str(reply.body["token"])


async def arrive(site: Site, code: str, bearer: str) -> Any:
    reply = await site.call("POST", f"/rooms/{code}/join", {}, token=bearer)
    assert reply.status == 200, reply.raw
    return reply.body


class TestPutOut:
    @pytest.mark.parametrize(("verb", "told", "code"), [("kick", "kicked", 4508), ("block", "blocked", 4512)])
    async def test_live_connections_end_and_the_old_token_opens_nothing(
        self, site: Site, verb: str, told: str, code: int
    ) -> None:
        made = await site.create()
        room, ann = made["room"]["id"], await site.join(made["room"]["code"])
        async with (
            watching(site, room, token=ann["token"]) as one,
            watching(site, room, token=ann["token"], header=True) as two,
            flat(site, room, token=ann["token"]) as three,
            streaming(site, room, ann["token"]) as four,
        ):
            welcome = await one.next("welcome")
            await two.next("snapshot")
            await three.next()
            await four.next("welcome")
            reply = await use(site, made, ann["spectator_id"], verb)
            assert reply.body == {"id": ann["spectator_id"], "name": "Ann", "status": told}
            assert [await one.closed(), await two.closed(), await three.closed()] == [code] * 3
            bye = await four.next("bye")
            assert (bye["code"], bye["reconnect"]) == (code, False)
        await self.refused_everywhere(site, made, ann, welcome["cursor"], verb, code)

    async def refused_everywhere(
        self, site: Site, made: Any, ann: Any, cursor: str, verb: str, code: int
    ) -> None:
        room = made["room"]["id"]
        for method, path in (("GET", "history"), ("POST", "leave"), ("GET", "spectators")):
            reply = await site.call(method, f"/rooms/{room}/{path}", token=ann["token"])
            assert reply.status == 401, path
        why = "approval_denied" if verb == "kick" else "blocked"
        for since in ({}, {"Last_Event_ID": cursor}):
            reply = await site.call("GET", f"/rooms/{room}/stream", token=ann["token"], **since)
            assert reply.code == why
        for bearer in (ann["token"], ann["visitor"]):
            reply = await site.call("POST", f"/rooms/{room}/join", {}, token=bearer)
            assert reply.code == why
            assert ("Retry-After" in reply.headers) == (verb == "kick")
        for since in ({}, {"since": cursor}):
            async with watching(site, room, token=ann["token"], **since) as again:
                assert await again.closed() == code
                assert again.seen[-1]["type"] == "bye"
                assert len(again.seen) == 1, "nothing of the room is told"
        async with flat(site, room, token=ann["token"]) as again:
            assert await again.closed() == code

    async def test_a_fresh_token_does_not_keep_the_old_connection(self, site: Site) -> None:
        made = await site.create()
        room, ann = made["room"]["id"], await site.join(made["room"]["code"])
        ben = await site.join(made["room"]["code"], "Ben")
        await use(site, made, ben["spectator_id"], "kick")
        async with watching(site, room, token=ann["token"]) as watcher:
            await watcher.next("snapshot")
            await watcher.say(type="auth", token=ben["token"])
            assert await watcher.closed() == 4508

    async def test_who_was_approved_and_kicked_gets_no_grant_by_the_request(self, site: Site) -> None:
        made = await site.create(require_approval=True)
        room, asked = made["room"]["id"], await site.join(made["room"]["code"])
        path = f"/rooms/{room}/requests/{asked['request_id']}"
        await site.call("POST", f"{path}/approve", token=made["owner_token"])
        await use(site, made, asked["spectator_id"], "kick")
        reply = await site.call("GET", path, token=asked["token"])
        assert (reply.status, reply.code) == (401, "unauthorized")
        async with watching(site, room, token=asked["token"]) as lobby:
            assert await lobby.closed() == 4508
        for bearer in (asked["token"], asked["visitor"]):
            reply = await site.call("POST", f"/rooms/{room}/join", {}, token=bearer)
            assert reply.code == "approval_denied"


class TestLobby:
    @pytest.mark.parametrize(("what", "code"), [("block", 4512), ("deny", 4503), ("close", 4510)])
    async def test_who_waits_is_told_by_the_code(self, site: Site, what: str, code: int) -> None:
        made = await site.create(require_approval=True)
        room, asked = made["room"]["id"], await site.join(made["room"]["code"])
        async with watching(site, room, token=asked["token"]) as lobby:
            welcome = await lobby.next("welcome")
            assert welcome["room"]["code"] is None, "it may be changed because of them"
            await lobby.next("access")
            if what == "block":
                await use(site, made, asked["spectator_id"], "block")
            elif what == "deny":
                path = f"/rooms/{room}/requests/{asked['request_id']}/deny"
                await site.call("POST", path, token=made["owner_token"])
            else:
                await site.call("DELETE", f"/rooms/{room}", token=made["owner_token"])
            assert await lobby.closed() == code

    async def test_who_waits_goes_on_waiting_when_the_code_changes(self, site: Site) -> None:
        made = await site.create(require_approval=True)
        room, asked = made["room"]["id"], await site.join(made["room"]["code"])
        async with watching(site, room, token=asked["token"]) as lobby:
            await lobby.next("access")
            await site.call("POST", f"/rooms/{room}/rotate", {"what": "code"}, token=made["owner_token"])
            path = f"/rooms/{room}/requests/{asked['request_id']}"
            assert (await site.call("GET", path, token=asked["token"])).body["status"] == "pending_approval"
            await site.call("POST", f"{path}/approve", token=made["owner_token"])
            assert (await lobby.next("access"))["status"] == "approved"
            await lobby.next("snapshot")


class TestModerators:
    async def test_have_powers_over_spectators_and_no_more(self, site: Site) -> None:
        made = await site.create()
        code = made["room"]["code"]
        ann, ben, eve = [await site.join(code, name) for name in ("Ann", "Ben", "Eve")]
        for one in (ann, ben):
            reply = await use(site, made, one["spectator_id"], "promote")
            assert reply.body["status"] == "moderator"
        for verb in ("kick", "block"):
            reply = await use(site, made, ben["spectator_id"], verb, token=ann["token"])
            assert (reply.status, reply.code) == (403, "not_allowed")
        for verb in ("promote", "demote"):
            reply = await use(site, made, eve["spectator_id"], verb, token=ann["token"])
            assert (reply.status, reply.code) == (403, "not_allowed")
        for verb, told in (("block", "blocked"), ("unblock", "unblocked")):
            reply = await use(site, made, eve["spectator_id"], verb, token=ann["token"])
            assert reply.body["status"] == told
        room = made["room"]["id"]
        for path, body in (("rotate", {"what": "code"}), ("transfer", {"user_id": "ann"})):
            reply = await site.call("POST", f"/rooms/{room}/{path}", body, token=ann["token"])
            assert reply.code == "not_allowed"

    async def test_a_spectator_has_none(self, site: Site) -> None:
        made = await site.create()
        ann, ben = [await site.join(made["room"]["code"], name) for name in ("Ann", "Ben")]
        for verb in ("kick", "block", "unblock", "promote", "demote"):
            reply = await use(site, made, ben["spectator_id"], verb, token=ann["token"])
            assert reply.code == "not_allowed"

    async def test_the_live_connection_changes_and_the_old_token_is_the_new_role(self, site: Site) -> None:
        made = await site.create(max_spectators=1)
        room, ann = made["room"]["id"], await site.join(made["room"]["code"])
        async with watching(site, room, token=ann["token"]) as watcher:
            assert "waiting" not in (await watcher.next("welcome"))["room"]
            await use(site, made, ann["spectator_id"], "promote")
            notice = await watcher.next("notice")
            assert (notice["code"], notice["role"], notice["room"]["waiting"]) == (
                "role_changed",
                "moderator",
                0,
            )
            await watcher.next("requests")
            reply = await site.call("GET", f"/rooms/{room}/requests", token=ann["token"])
            assert reply.status == 200
            await use(site, made, ann["spectator_id"], "demote")
            notice = await watcher.next("notice")
            assert (notice["role"], "waiting" in notice["room"]) == ("spectator", False)
            reply = await site.call("GET", f"/rooms/{room}/requests", token=ann["token"])
            assert reply.code == "not_allowed"


class TestPeople:
    @pytest.mark.parametrize("user_id", ["ann", "a/b", "100%", "ü ñ", "a:b", "..", "?x#y", "%2F"])
    async def test_an_id_stands_encoded_in_the_path(self, site: Site, user_id: str) -> None:
        made = await site.create()
        come = await arrive(site, made["room"]["code"], await identity(site, user_id))
        assert come["spectator_id"] == f"u:local:{user_id}"
        for verb, told in (("promote", "moderator"), ("block", "blocked"), ("unblock", "unblocked")):
            reply = await use(site, made, come["spectator_id"], verb)
            assert (reply.body["id"], reply.body["status"]) == (come["spectator_id"], told)

    async def test_nobody_of_that_id(self, site: Site) -> None:
        made = await site.create()
        for verb in ("kick", "block", "unblock", "promote", "demote"):
            for nobody in ("v_0000000000000000", "<script>", "u:other:ann", "x" * 500):
                reply = await use(site, made, nobody, verb)
                assert (reply.status, reply.code) == (404, "spectator_not_found")
                assert nobody.encode() not in reply.raw

    async def test_the_owner_reads_who_is_in_and_who_is_blocked(self, site: Site) -> None:
        made = await site.create(blocked_users=["mallory"])
        room, code = made["room"]["id"], made["room"]["code"]
        ann = await site.join(code, "<b>Ann</b>")
        ben = await arrive(site, code, await identity(site, "ben"))
        await use(site, made, ann["spectator_id"], "block")
        reply = await site.call("GET", f"/rooms/{room}/spectators", token=made["owner_token"])
        assert [(one["id"], one["user_id"]) for one in reply.body["spectators"]] == [
            (ben["spectator_id"], "ben")
        ]
        mallory, blocked = reply.body["blocked"]
        assert mallory == {
            "id": "u:local:mallory",
            "name": "mallory",
            "user_id": "mallory",
            "blocked_at": None,
        }
        assert (blocked["id"], blocked["name"]) == (ann["spectator_id"], "<b>Ann</b>")
        assert blocked["blocked_at"].endswith("Z")
        assert b"source" not in reply.raw


class TestRotate:
    async def test_the_code(self, site: Site) -> None:
        made = await site.create()
        room, ann = made["room"]["id"], await site.join(made["room"]["code"])
        async with (
            watching(site, room, token=ann["token"]) as watcher,
            watching(site, room, token=made["owner_token"]) as owner,
        ):
            await watcher.next("snapshot")
            await owner.next("snapshot")
            reply = await site.call(
                "POST", f"/rooms/{room}/rotate", {"what": "code"}, token=made["owner_token"]
            )
            assert reply.body.keys() - made["room"].keys() == set(), "neither password nor key"
            fresh = reply.body["code"]
            assert reply.body["join_url"].endswith(fresh)
            assert await watcher.closed() == 4003
            assert fresh not in str(watcher.seen), "who is sent away does not learn it"
            assert (await owner.next("notice"))["room"]["code"] == fresh
        stale = await site.call("POST", f"/rooms/{made['room']['code']}/join", {}, token=ann["token"])
        assert stale.code == "room_not_found"
        for token in (ann["token"], ann["visitor"], None):
            reply = await site.call("GET", f"/rooms/{room}", token=token)
            assert fresh.encode() not in reply.raw
            joined = await site.call("POST", f"/rooms/{room}/join", {}, token=token)
            assert joined.code == "room_not_found"

    async def test_the_password(self, site: Site) -> None:
        made = await site.create(password="s3cret")
        room, code = made["room"]["id"], made["room"]["code"]
        ann = await site.join(code, password="s3cret")
        async with watching(site, room, token=ann["token"]) as watcher:
            await watcher.next("snapshot")
            body = {"what": "password"}
            reply = await site.call("POST", f"/rooms/{room}/rotate", body, token=made["owner_token"])
            assert await watcher.closed() == 4003
        password = reply.body["password"]
        assert (await site.join(code, password=password))["status"] == "approved"
        again = await site.call("GET", f"/rooms/{room}", token=made["owner_token"])
        assert "password" not in again.body
        refused = await site.call("POST", f"/rooms/{code}/join", {}, token=ann["token"])
        assert refused.code == "password_required"

    async def test_the_key(self, site: Site) -> None:
        made = await site.create()
        room, old = made["room"]["id"], made["owner_token"]
        assert (await site.publish(room, metrics(1), token=old)).status == 200
        async with (
            watching(site, room, token=old) as owner,
            watching(site, room, token=site.key) as key,
        ):
            for one in (owner, key):
                await one.next("snapshot")
            reply = await site.call("POST", f"/rooms/{room}/rotate", {"what": "key"}, token=old)
            new = reply.body["owner_token"]
            assert await owner.closed() == 4501
            await key.say(type="ping")
            await key.next("pong")
        for method, path, body in (
            ("GET", "requests", None),
            ("PATCH", "", {"name": "mine again"}),
            ("POST", "rotate", {"what": "key"}),
            ("GET", "stream", None),
        ):
            reply = await site.call(method, f"/rooms/{room}/{path}".rstrip("/"), body, token=old)
            assert reply.status == 401, path
        async with watching(site, room, token=old) as again:
            assert await again.closed() == 4501
        assert (await site.publish(room, metrics(2), token=old)).status == 401
        assert (await site.publish(room, metrics(2), token=new)).status == 200

    @pytest.mark.parametrize("body", [{}, {"what": "everything"}, {"what": None}, {"what": "code", "x": 1}])
    async def test_what_it_does_not_know(self, site: Site, body: Any) -> None:
        made = await site.create()
        room = made["room"]["id"]
        reply = await site.call("POST", f"/rooms/{room}/rotate", body, token=made["owner_token"])
        assert reply.code == "invalid_request"


async def test_a_transfer_ends_the_old_key_and_makes_another_user_owner(site: Site) -> None:
    made = await site.create(owner_id="root")
    room = made["room"]["id"]
    async with watching(site, room, token=made["owner_token"]) as owner:
        await owner.next("snapshot")
        reply = await site.call(
            "POST", f"/rooms/{room}/transfer", {"user_id": "ann"}, token=made["owner_token"]
        )
        assert reply.body["owner_id"] == "ann"
        assert "owner_token" not in reply.body
        assert await owner.closed() == 4501
    entered = await arrive(site, room, await identity(site, "ann"))
    assert entered["role"] == "owner"
    async with watching(site, room, token=entered["token"]) as ann:
        await ann.next("snapshot")
    assert (
        await site.call("PATCH", f"/rooms/{room}", {"name": "b"}, token=made["owner_token"])
    ).status == 401
    renamed = await site.call("PATCH", f"/rooms/{room}", {"name": "b"}, token=entered["token"])
    assert renamed.body["name"] == "b"


async def test_what_is_done_is_audited_without_secrets(site: Site) -> None:
    made = await site.create()
    room, ann = made["room"]["id"], await site.join(made["room"]["code"])
    await use(site, made, ann["spectator_id"], "kick")
    rotated = await site.call(
        "POST", f"/rooms/{room}/rotate", {"what": "password"}, token=made["owner_token"]
    )

    async def noted() -> Any:
        reply = await site.call("GET", f"/audit?room={room}", token="key")
        found = {entry["what"]: entry for entry in reply.body["entries"]}
        return reply if {"kick", "rotate"} <= found.keys() else None

    reply = await eventually(noted)
    assert rotated.body["password"].encode() not in reply.raw
    assert made["owner_token"].encode() not in reply.raw
