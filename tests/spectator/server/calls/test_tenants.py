"""What an operator does by HTTP, and what quotas answer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from rooms import Connection
from rooms.tenants import DEFAULTS, QUOTAS
from spectator.embedded import EmbeddedStore
from tests.harness.waiting import eventually
from tests.spectator.server.conftest import Reply, Site, running
from tests.spectator.server.sockets.watching import watching

OPERATOR = "op_the-operator-of-the-tests"
METRICS = {"type": "training_metrics", "data": {"step": 1, "current_reward": 1.0}}


@pytest_asyncio.fixture
async def site(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> AsyncIterator[Site]:
    """A running server that has an operator."""
    key = SecretStr(OPERATOR)
    async with running(store.url, tmp_path, static_dir=page_folder, operator_key=key) as found:
        yield found


async def operate(site: Site, method: str, path: str, body: Any = None) -> Reply:
    return await site.call(method, path, body, token=OPERATOR)


async def tenant(site: Site, name: str, **quotas: int | None) -> str:
    """A tenant; returns a key of it with all scopes."""
    made = await operate(site, "POST", "/tenants", {"id": name, "quotas": quotas})
    assert made.status == 201, made.raw
    key = await operate(site, "POST", "/keys", {"tenant": name})
    assert key.status == 201, key.raw
    return str(key.body["key"])


async def room(site: Site, key: str, **fields: Any) -> Any:
    made = await site.call("POST", "/rooms", fields, token=key)
    assert made.status == 201, made.raw
    return made.body


class TestTenants:
    async def test_a_tenant_is_made_listed_shown_changed_and_deleted(self, site: Site) -> None:
        made = await operate(site, "POST", "/tenants", {"id": "acme", "name": "Acme", "quotas": {"rooms": 5}})
        assert (made.status, made.body["status"], made.body["name"]) == (201, "active", "Acme")
        assert made.body["quotas"] == {**DEFAULTS, "rooms": 5}
        listed = await operate(site, "GET", "/tenants")
        assert [one["id"] for one in listed.body["tenants"]] == ["acme", "local"]
        changed = await operate(site, "PATCH", "/tenants/acme", {"quotas": {"rooms": None, "seats": 7}})
        assert changed.body["quotas"] == {**DEFAULTS, "rooms": None, "seats": 7}
        assert changed.body["name"] == "Acme"
        shown = await operate(site, "GET", "/tenants/acme")
        assert shown.body == changed.body
        gone = await operate(site, "DELETE", "/tenants/acme")
        assert (gone.status, gone.body) == (200, {"status": "deleted"})
        assert (await operate(site, "GET", "/tenants/acme")).code == "tenant_not_found"
        assert (await operate(site, "DELETE", "/tenants/acme")).code == "tenant_not_found"

    async def test_the_audit_tells_what_was_changed_and_which_way(self, site: Site) -> None:
        await tenant(site, "acme")
        for patch in (
            {"status": "suspended"},
            {"status": "active", "name": "hunter2"},
            {"quotas": {"seats": 77, "rooms": None}},
        ):
            assert (await operate(site, "PATCH", "/tenants/acme", patch)).status == 200
        await operate(site, "PATCH", "/tenants/nobody", {"status": "suspended"})
        await operate(site, "PATCH", "/tenants/local", {"status": "suspended"})
        await site.manager.rooms.audit.flush()
        entries, _ = await site.manager.rooms.audit.entries(None, what="tenant_change")
        assert {(one.outcome, one.subject) for one in entries} == {
            ("ok", "acme: suspended"),
            ("ok", "acme: active, name"),
            ("ok", "acme: rooms, seats"),
            ("tenant_not_found", None),
            ("not_allowed", None),
        }
        assert {one.actor.kind for one in entries} == {"operator"}

    async def test_an_id_is_taken_once(self, site: Site) -> None:
        await tenant(site, "acme")
        again = await operate(site, "POST", "/tenants", {"id": "acme"})
        assert (again.status, again.code) == (409, "tenant_taken")
        assert (await operate(site, "POST", "/tenants", {"id": "local"})).code == "tenant_taken"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"id": "Acme"}, "id"),
            ({"id": "a" * 33}, "id"),
            ({"id": ""}, "id"),
            ({}, "id"),
            ({"id": "acme", "quotas": {"room": 1}}, "quotas.room"),
            ({"id": "acme", "quotas": {"rooms": -1}}, "quotas.rooms"),
            ({"id": "acme", "quotas": {"rooms": "many"}}, "quotas.rooms"),
            ({"id": "acme", "name": "a\u202eb"}, "name"),
        ],
    )
    async def test_what_is_wrong_is_named(self, site: Site, body: Any, field: str) -> None:
        reply = await operate(site, "POST", "/tenants", body)
        assert (reply.status, reply.code, reply.body["field"]) == (422, "invalid_request", field)

    async def test_tenant_local_can_neither_be_suspended_nor_deleted(self, site: Site) -> None:
        suspended = await operate(site, "PATCH", "/tenants/local", {"status": "suspended"})
        deleted = await operate(site, "DELETE", "/tenants/local")
        bounded = await operate(site, "PATCH", "/tenants/local", {"quotas": {"seats": 5}})
        for reply in (suspended, deleted, bounded):
            assert (reply.status, reply.code) == (403, "not_allowed")
            assert "local" in reply.body["detail"]
        changed = await operate(site, "PATCH", "/tenants/local", {"quotas": {"rooms": 1}})
        assert changed.body["quotas"] == {**dict.fromkeys(QUOTAS), "rooms": 1}
        await site.create()
        assert (await site.call("POST", "/rooms", {}, token="key")).code == "quota_exceeded"

    async def test_nobody_else_may(self, site: Site) -> None:
        key = await tenant(site, "acme")
        for method, path in (
            ("GET", "/tenants"),
            ("POST", "/tenants"),
            ("DELETE", "/tenants/acme"),
            ("POST", "/keys"),
            ("GET", "/keys"),
            ("DELETE", "/keys/k_1"),
        ):
            for token in (key, "key"):
                assert (await site.call(method, path, token=token)).code == "not_allowed"
            assert (await site.call(method, path)).code == "unauthorized"

    async def test_a_suspended_tenant_is_told_so_and_nobody_else_of_it(self, site: Site) -> None:
        key = await tenant(site, "acme")
        made = await room(site, key)
        code, room_key = made["room"]["code"], made["owner_token"]
        grant = (await site.join(code))["token"]
        missing = await site.call("GET", "/rooms/ZZZZZZ")
        await operate(site, "PATCH", "/tenants/acme", {"status": "suspended"})
        told = await site.call("GET", "/rooms", token=key)
        assert (told.status, told.code) == (403, "not_allowed")
        assert "suspended" in told.body["detail"]
        assert (await site.publish(code, METRICS, token=key)).code == "not_allowed"
        for token in (None, grant, room_key):
            reply = await site.call("GET", f"/rooms/{code}", token=token)
            assert (reply.status, reply.raw) == (404, missing.raw)
        assert (await site.publish(code, METRICS, token=room_key)).code == "room_not_found"
        assert (await site.call("POST", f"/rooms/{code}/join", {})).code == "room_not_found"
        await operate(site, "PATCH", "/tenants/acme", {"status": "active"})
        assert (await site.publish(code, METRICS, token=room_key)).status == 200
        assert (await site.call("GET", f"/rooms/{code}", token=grant)).status == 200

    async def test_its_publishers_lock_nobody_out(
        self, store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
    ) -> None:
        given: dict[str, Any] = {"rate_limits": True, "operator_key": SecretStr(OPERATOR)}
        async with running(store.url, tmp_path, static_dir=page_folder, **given) as site:
            made = await room(site, await tenant(site, "acme"))
            room_id, room_key = made["room"]["id"], made["owner_token"]
            grant = (await site.join(made["room"]["code"]))["token"]
            other = await room(site, "key")
            await operate(site, "PATCH", "/tenants/acme", {"status": "suspended"})
            for _ in range(40):  # more than the budget of codes that lead nowhere
                reply = await site.publish(room_id, METRICS, token=room_key)
                assert (reply.status, reply.code) == (404, "room_not_found")
                reply = await site.call("GET", f"/rooms/{room_id}", token=grant)
                assert reply.code == "room_not_found"
                rejoined = await site.call("POST", f"/rooms/{room_id}/join", {}, token=grant)
                assert rejoined.code == "room_not_found"
            assert (await site.call("GET", f"/rooms/{other['room']['code']}")).status == 200
            guesses = [(await site.call("GET", "/rooms/ZZZZZZ")).code for _ in range(40)]
            assert guesses[-1] == "too_many_attempts"
            assert (await operate(site, "GET", f"/rooms/{room_id}")).code != "too_many_attempts"

    async def test_deleting_by_http_leaves_nothing_either(self, site: Site) -> None:
        await operate(site, "GET", "/tenants")
        names = site.manager.connection
        before = set(await names.command("KEYS", "*"))
        key = await tenant(site, "acme")
        made = await room(site, key)
        code = made["room"]["code"]
        await site.publish(code, METRICS, token=key)
        await site.call("POST", f"/rooms/{code}/claims", token=key)
        await site.manager.rooms.audit.flush()
        assert (await operate(site, "DELETE", "/tenants/acme")).status == 200
        await site.manager.rooms.audit.flush()
        left = {name for name in await names.command("KEYS", "*") if b"acme" in name or b"{r_" in name}
        assert left - before == set()
        assert (await site.call("GET", "/rooms", token=key)).code == "unauthorized"
        assert (await site.call("GET", f"/rooms/{code}")).code == "room_not_found"


class TestKeys:
    async def test_a_key_is_shown_once(self, site: Site) -> None:
        await tenant(site, "acme")
        asked = {"tenant": "acme", "scopes": ["publish", "read"], "name": "cluster", "expires_hours": 1}
        made = (await operate(site, "POST", "/keys", asked)).body
        assert made["key"].startswith("sk_acme_")
        assert (made["kind"], made["tenant"], made["scopes"]) == ("api_key", "acme", ["publish", "read"])
        assert made["expires_at"] > made["created_at"]
        listed = await operate(site, "GET", "/keys?tenant=acme")
        assert made["id"] in [one["id"] for one in listed.body["keys"]]
        assert b"sk_" not in listed.raw
        assert (await operate(site, "GET", "/keys?tenant=nobody")).code == "tenant_not_found"

    async def test_a_revoked_key_is_refused(self, site: Site) -> None:
        await tenant(site, "acme")
        made = (await operate(site, "POST", "/keys", {"tenant": "acme"})).body
        assert (await site.call("GET", "/rooms", token=made["key"])).status == 200
        gone = await operate(site, "DELETE", f"/keys/{made['id']}")
        assert (gone.status, gone.body) == (200, {"status": "revoked"})
        refused = await site.call("GET", "/rooms", token=made["key"])
        assert (refused.status, refused.code) == (401, "unauthorized")
        assert "revoked" in refused.body["detail"]
        assert refused.raw == (await site.call("GET", "/rooms", token="sk_acme_" + "x" * 32)).raw
        assert (await operate(site, "DELETE", f"/keys/{made['id']}")).code == "key_not_found"

    async def test_what_a_revoked_key_opened_publishes_no_more(self, site: Site) -> None:
        await tenant(site, "acme")
        made = (await operate(site, "POST", "/keys", {"tenant": "acme", "scopes": ["publish"]})).body
        opened = await room(site, made["key"])
        path, room_key = opened["room"]["id"], opened["owner_token"]
        assert (await site.publish(path, METRICS, token=room_key)).status == 200
        async with watching(site, path, token=room_key) as owner:
            await owner.next("welcome")
            revoked = asyncio.get_running_loop().create_task(operate(site, "DELETE", f"/keys/{made['id']}"))
            assert await owner.closed() == 4501
            assert (await site.publish(path, METRICS, token=room_key)).code == "unauthorized"
            assert (await revoked).status == 200
        claim = opened["owner_url"].partition("#claim=")[2]
        assert (await site.call("POST", "/claims", {"claim": claim})).status == 401

    async def test_scopes_permit_what_they_name(self, site: Site) -> None:
        await tenant(site, "acme")
        keys = {
            scope: (await operate(site, "POST", "/keys", {"tenant": "acme", "scopes": [scope]})).body["key"]
            for scope in ("publish", "read", "manage")
        }
        made = await room(site, keys["publish"])
        code = made["room"]["code"]
        assert (await site.publish(code, METRICS, token=keys["publish"])).status == 200
        assert (await site.publish(code, METRICS, token=keys["read"])).code == "not_allowed"
        assert (await site.call("GET", f"/rooms/{code}/history", token=keys["read"])).status == 200
        assert (await site.call("GET", "/rooms", token=keys["publish"])).code == "not_allowed"
        assert (await site.call("PATCH", f"/rooms/{code}", {"name": "x"}, token=keys["read"])).status == 403
        assert (await site.call("PATCH", f"/rooms/{code}", {"name": "x"}, token=keys["manage"])).status == 200
        assert (await site.call("POST", "/identities", {"user_id": "a"}, token=keys["publish"])).status == 403

    async def test_an_operator_makes_another(self, site: Site) -> None:
        made = (await operate(site, "POST", "/keys", {"operator": True})).body
        assert made["key"].startswith("op_")
        assert (made["kind"], made["tenant"], made["scopes"]) == ("operator", None, [])
        assert (await site.call("GET", "/tenants", token=made["key"])).status == 200

    async def test_the_key_of_the_settings_ends_with_the_settings(
        self, site: Site, store: EmbeddedStore, tmp_path: Path
    ) -> None:
        listed = (await operate(site, "GET", "/keys")).body["keys"]
        [own] = [one for one in listed if one["kind"] == "operator"]
        assert own["name"] == "SPECTATOR_OPERATOR_KEY"
        assert (await operate(site, "DELETE", f"/keys/{own['id']}")).code == "not_allowed"
        async with running(store.url, tmp_path) as without:
            assert (await operate(without, "GET", "/tenants")).code == "unauthorized"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "tenant"),
            ({"operator": True, "tenant": "acme"}, "tenant"),
            ({"operator": True, "scopes": ["read"]}, "scopes"),
            ({"tenant": "acme", "scopes": []}, "scopes"),
            ({"tenant": "acme", "scopes": ["all"]}, "scopes.0"),
            ({"tenant": "acme", "expires_hours": 0}, "expires_hours"),
        ],
    )
    async def test_contradictions_are_named(self, site: Site, body: Any, field: str) -> None:
        await tenant(site, "acme")
        reply = await operate(site, "POST", "/keys", body)
        assert (reply.status, reply.code, reply.body["field"]) == (422, "invalid_request", field)

    async def test_the_key_of_a_data_folder_stays_revoked(self, site: Site) -> None:
        listed = (await operate(site, "GET", "/keys?tenant=local")).body["keys"]
        assert (await operate(site, "DELETE", f"/keys/{listed[0]['id']}")).status == 200
        assert (await site.call("GET", "/rooms", token="key")).code == "unauthorized"
        with pytest.raises(Exception, match="revoked"):
            await site.manager.keep_key()
        assert (await site.call("GET", "/rooms", token="key")).code == "unauthorized"
        assert (await operate(site, "GET", "/keys?tenant=local")).body["keys"] == []


class TestQuotas:
    async def test_over_a_quota_the_answer_names_it_and_others_go_on(self, site: Site) -> None:
        acme, other = await tenant(site, "acme", events_per_second=1), await tenant(site, "other")
        mine, theirs = (await room(site, acme))["room"]["id"], (await room(site, other))["room"]["id"]
        headers = {"Spectator_Producer": "p"}
        first = await site.publish(mine, *[METRICS] * 100, token=acme, Spectator_Sequence="1", **headers)
        assert first.body["accepted"] == 100
        refused = await site.publish(mine, METRICS, token=acme, Spectator_Sequence="2", **headers)
        assert (refused.status, refused.code) == (429, "quota_exceeded")
        assert (refused.body["quota"], refused.body["limit"]) == ("events_per_second", 1)
        assert int(refused.headers["Retry-After"]) > 90
        assert (await site.publish(theirs, *[METRICS] * 100, token=other)).body["accepted"] == 100
        await operate(site, "PATCH", "/tenants/acme", {"quotas": {"events_per_second": None}})

        async def taken() -> Reply | None:
            reply = await site.publish(mine, METRICS, token=acme, Spectator_Sequence="2", **headers)
            return reply if reply.status == 200 else None

        again = await eventually(taken, what="the refusal a second ago is forgotten")
        assert again is not None
        assert again.body["offset"] == 101, "nothing of what was refused was stored, and no number skipped"

    async def test_a_heartbeat_is_never_refused(self, site: Site) -> None:
        key = await tenant(site, "acme", events_per_second=0, bytes_per_second=0, stored_bytes=0)
        made = (await room(site, key))["room"]["id"]
        assert (await site.publish(made, METRICS, token=key)).code == "quota_exceeded"
        assert (await site.publish(made, token=key)).status == 200

    async def test_calls_a_minute(self, site: Site) -> None:
        key = await tenant(site, "acme", requests_per_minute=3)
        made = await room(site, key)
        code = made["room"]["code"]
        assert (await site.call("GET", "/rooms", token=key)).status == 200
        assert (await site.call("GET", f"/rooms/{code}", token=made["owner_token"])).status == 200
        for token in (key, made["owner_token"]):
            refused = await site.call("GET", f"/rooms/{code}", token=token)
            assert (refused.status, refused.body["quota"]) == (429, "requests_per_minute")
            assert 1 <= int(refused.headers["Retry-After"]) <= 20
        assert (await site.call("POST", f"/rooms/{code}/join", {}, token=made["owner_token"])).status == 429
        assert (await site.publish(code, METRICS, token=key)).status == 200, "publishing has its own quotas"
        assert (await site.join(code))["status"] == "approved", "and who watches is not the tenant's key"

    async def test_what_is_kept_is_bounded(self, site: Site) -> None:
        key = await tenant(site, "acme", stored_bytes=2000)
        made = (await room(site, key))["room"]["id"]
        text = {"type": "log", "level": "info", "message": "x" * 3000}
        assert (await site.publish(made, text, token=key)).status == 200

        async def refused() -> Reply | None:
            reply = await site.publish(made, METRICS, token=key)
            return reply if reply.status == 429 else None

        reply = await eventually(refused, deadline=60, what="the bytes are counted")
        assert reply is not None
        assert (reply.body["quota"], reply.body["limit"]) == ("stored_bytes", 2000)
        used = (await site.call("GET", "/usage", token=key)).body["usage"][0]["quotas"]["stored_bytes"]
        assert used["used"] > 2000
        await site.call("DELETE", f"/rooms/{made}", token=key)
        assert (await site.call("DELETE", f"/rooms/{made}?keep=false", token=key)).status == 200
        used = (await site.call("GET", "/usage", token=key)).body["usage"][0]["quotas"]["stored_bytes"]
        assert used["used"] == 0

    async def test_usage_is_one_s_own_or_the_operator_s(self, site: Site) -> None:
        key = await tenant(site, "acme")
        code = (await room(site, key))["room"]["code"]
        await site.join(code)
        await site.publish(code, *[METRICS] * 50, token=key)
        own = (await site.call("GET", "/usage", token=key)).body["usage"]
        assert [one["tenant"] for one in own] == ["acme"]
        quotas = own[0]["quotas"]
        assert set(quotas) == set(QUOTAS)
        assert quotas["rooms"] == {"used": 1, "limit": DEFAULTS["rooms"]}
        assert quotas["seats"]["used"] == 1
        assert quotas["events_per_second"]["used"] == 5, "fifty in ten seconds"
        assert quotas["requests_per_minute"]["used"] == 2
        assert (await site.call("GET", "/usage?tenant=local", token=key)).code == "not_allowed"
        everybody = (await operate(site, "GET", "/usage")).body["usage"]
        assert [one["tenant"] for one in everybody] == ["acme", "local"]
        assert everybody[1]["quotas"]["events_per_second"] == {"used": None, "limit": None}
        assert (await operate(site, "GET", "/usage?tenant=acme")).status == 200
        assert (await operate(site, "GET", "/usage?tenant=nobody")).code == "tenant_not_found"
        reader = (await operate(site, "POST", "/keys", {"tenant": "acme", "scopes": ["publish"]})).body["key"]
        assert (await site.call("GET", "/usage", token=reader)).code == "not_allowed"


class TestLocal:
    async def test_a_laptop_pays_nothing_for_what_guards_a_shared_server(self, site: Site) -> None:
        """Ten batches are ten scripts, beside what is looked at once a second; a bounded tenant pays more."""
        key = await tenant(site, "acme")
        bounded = (await room(site, key))["room"]["id"]
        made = await site.create()
        await site.manager.hub._tasks.stop()  # what it asks each second would be counted too
        await site.manager._housekeeping.stop()
        for token in ("key", made["owner_token"]):
            began = site.manager.now_ms()
            asked = await commands(site, made["room"]["id"], token)
            looks = 2 + (site.manager.now_ms() - began) // 1000
            assert 10 <= asked["evalsha"] <= 10 + looks, asked
            assert asked.get("get", 0) <= looks, "the key, once a second"
            assert not asked.keys() & {"hgetall", "hget", "hkeys"}, "tenants are not asked about"
        assert (await commands(site, bounded, key))["evalsha"] >= 20


async def commands(site: Site, room_id: str, token: str) -> dict[str, int]:
    """What ten batches of one event cost the store: how often each command was called."""
    await site.publish(room_id, METRICS, token=token)
    site.manager.rooms.tenants._tenancy.forget()  # what is read once a second is read now
    await site.manager.connection.command("CONFIG", "RESETSTAT")
    for _ in range(10):
        assert (await site.publish(room_id, METRICS, token=token)).status == 200
    told = await site.manager.connection.command("INFO", "commandstats")
    return {name.removeprefix("cmdstat_"): int(about["calls"]) for name, about in told.items()}
