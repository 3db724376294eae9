"""Watching over a real socket of a real server on a real store."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from rooms import NewKey, NewTenant, TenantPatch
from spectator.hub import Variant
from spectator.server.turns import AT_ONCE
from tests.harness.waiting import eventually
from tests.spectator.server.conftest import running
from tests.spectator.server.sockets.watching import PROTOCOL, flat, grant, metrics, opened, watching


async def test_a_spectator_sees_the_picture_and_then_every_event(site):
    made, room = await opened(site)
    await site.publish(room, *[metrics(step) for step in range(5)])
    async with watching(site, room, token=await grant(site, made)) as ann:
        welcome = await ann.next()
        assert welcome["type"] == "welcome"
        assert (welcome["mode"], welcome["resume"], welcome["heartbeat"]) == ("live", "none", 25)
        assert welcome["room"]["id"] == room
        assert set(welcome["reconnect"]) == {"min_ms", "max_ms"}
        snapshot = await ann.next("snapshot")
        assert snapshot["seq"] == 5
        assert snapshot["series"]["loss_value"]["last"][-1] == 4.0
        for step in range(5, 10):
            await site.publish(room, metrics(step))
        assert [event["data"]["step"] for event in await ann.events(5)] == list(range(5, 10))
        ticks = [message for message in ann.seen if message["type"] == "tick"]
        assert ticks[0]["from"] == 6
        assert ticks[-1]["to"] == 10


@pytest.mark.parametrize("compress", [0, 15, 9])
async def test_with_and_without_compression_the_same(site, compress: int):
    made, room = await opened(site)
    token = await grant(site, made)
    async with watching(site, room, token=token, compress=compress) as ann:
        await ann.next("snapshot")
        for start in range(0, 200, 20):
            await site.publish(room, *[metrics(step) for step in range(start, start + 20)])
        assert [event["data"]["step"] for event in await ann.events(200)] == list(range(200))


async def test_the_token_may_come_by_header(site):
    made, room = await opened(site)
    async with watching(site, room, token=await grant(site, made), header=True) as ann:
        assert (await ann.next())["type"] == "welcome"


async def test_a_code_or_an_id_names_the_room(site):
    made, _ = await opened(site)
    async with watching(site, made["room"]["code"].lower(), token=await grant(site, made)) as ann:
        assert (await ann.next())["type"] == "welcome"


class TestReturning:
    async def test_exactly_what_was_missed(self, site):
        made, room = await opened(site)
        token = await grant(site, made)
        async with watching(site, room, token=token) as ann:
            await ann.next("snapshot")
            await site.publish(room, metrics(1))
            cursor = (await ann.next("tick"))["cursor"]
        for step in range(2, 30):
            await site.publish(room, metrics(step))
        async with watching(site, room, token=token, since=cursor) as ann:
            welcome = await ann.next()
            assert (welcome["resume"], welcome["cursor"]) == ("exact", cursor)
            assert [event["data"]["step"] for event in await ann.events(28)] == list(range(2, 30))
            assert "snapshot" not in {message["type"] for message in ann.seen}

    async def test_on_a_node_that_never_saw_it(self, site, store, tmp_path, page_folder):
        made, room = await opened(site)
        token = await grant(site, made)
        async with watching(site, room, token=token) as ann:
            await ann.next("snapshot")
            await site.publish(room, metrics(1))
            cursor = (await ann.next("tick"))["cursor"]
        await site.publish(room, {"type": "training_metrics", "data": {"step": 2, "reward": 1.0}})
        async with (
            running(store.url, tmp_path, static_dir=page_folder) as other,
            watching(other, room, token=token, since=cursor) as ann,
        ):
            assert (await ann.next())["resume"] == "exact"
            (event,) = await ann.events(1)
            assert event["data"]["step"] == 2
            assert event["derived"], "what the overlay adds is there after a cold start too"
            await site.publish(room, metrics(3))
            assert [event["data"]["step"] for event in await ann.events(1)] == [3], "from the other node"

    @pytest.mark.parametrize("since", ["0.99.00000000", "nonsense", "1.2.3.4"])
    async def test_with_a_place_nobody_knows(self, site, since: str):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made), since=since) as ann:
            assert (await ann.next())["resume"] == "full"
            assert (await ann.next("snapshot"))["seq"] == 0


class TestTurnedAway:
    async def code(self, site, room, **given) -> tuple[int | None, list[dict]]:
        async with watching(site, room, **given) as ann:
            return await ann.closed(), ann.seen

    async def test_nobody_in_particular(self, site):
        _, room = await opened(site)
        code, seen = await self.code(site, room)
        assert code == 4501
        (bye,) = seen
        assert bye["type"] == "bye"
        assert (bye["code"], bye["reconnect"]) == (4501, False)
        assert bye["reason"]

    async def test_an_unknown_room(self, site):
        assert (await self.code(site, "ZZZZZZ"))[0] == 4501
        assert (await self.code(site, "ZZZZZZ", token=site.key))[0] == 4504

    async def test_a_made_up_token(self, site):
        _, room = await opened(site)
        assert (await self.code(site, room, token="not-a-token"))[0] == 4501

    async def test_a_token_of_another_room(self, site):
        made, _ = await opened(site)
        _, other = await opened(site)
        assert (await self.code(site, other, token=await grant(site, made)))[0] == 4504

    async def test_a_private_room_is_not_there(self, site):
        public, _ = await opened(site)
        _, room = await opened(site, access_level="private")
        token = await grant(site, public)
        assert (await self.code(site, room, token=token))[0] == 4504
        assert (await self.code(site, "r_aaaaaaaaaaaaaaaa", token=token))[0] == 4504

    async def test_who_left_must_join_again(self, site):
        made, room = await opened(site)
        token = await grant(site, made)
        await site.call("POST", f"/rooms/{room}/leave", token=token)
        code, seen = await self.code(site, room, token=token)
        assert code == 4003
        assert seen[-1]["reconnect"]

    async def test_a_closed_room(self, site):
        made, room = await opened(site)
        token = await grant(site, made)
        await site.call("DELETE", f"/rooms/{room}", token="key")
        assert (await self.code(site, room, token=token))[0] == 4510

    async def test_a_publishers_key_does_not_watch(self, site):
        _, room = await opened(site)
        key = "sk_local_" + "p" * 32
        await site.manager.rooms.ensure_key(key, "local", frozenset({"publish"}), "trainer")
        assert (await self.code(site, room, token=key))[0] == 4501

    async def test_a_full_room_has_no_seat_for_a_lapsed_one(self, site, connection):
        made, room = await opened(site, max_spectators=1)
        token = await grant(site, made)
        await connection.command("DEL", f"sp:{{{room}}}:seats")
        await grant(site, made, "Ben")
        assert (await self.code(site, room, token=token))[0] == 4509


class TestFlat:
    async def test_a_public_room_admits_at_once(self, site):
        made, room = await opened(site)
        await site.publish(room, metrics(1), {"type": "alert", "alert": {"level": "info", "message": "hi"}})
        async with flat(site, made["room"]["code"]) as ann:
            first = await ann.next()
            assert first["type"] == "graph_config"
            await ann.next("training_metrics")
            await ann.next("training_status")
            await site.publish(room, metrics(2))
            event = await ann.next("training_metrics")
            assert (event["seq"], event["data"]) == (3, {"step": 2, "loss_value": 2.0})
            assert event["timestamp"].endswith("Z")
            assert "derived" not in event
            points = await ann.next("graph_update")
            assert points["graphs"][0]["data_points"]["loss_value"] == 2.0
            assert {m["type"] for m in ann.seen} & {"welcome", "tick", "snapshot", "crowd"} == set()
            shown = await site.call("GET", f"/rooms/{room}", token="key")
            assert shown.body["current_spectators"] == 1

    async def test_it_takes_a_seat(self, site):
        made, _ = await opened(site, max_spectators=1)
        async with flat(site, made["room"]["code"]) as first:
            await first.next("graph_config")
            async with flat(site, made["room"]["code"]) as second:
                assert await second.closed() == 4509

    async def test_each_second_the_status(self, site):
        made, room = await opened(site)
        await site.publish(room, metrics(1))
        async with flat(site, room, token=await grant(site, made)) as ann:
            status = await ann.next("training_status")
            assert (status["status"], status["watching"]) == ("active", 1)
            assert status["last_event_at"].endswith("Z")
            await ann.next("training_status")

    async def test_a_room_with_a_password_wants_the_header_or_hello(self, site):
        made, room = await opened(site, password="s3cret-word")
        token = await grant(site, made, password="s3cret-word")
        async with flat(site, room, token=token) as ann:
            await ann.next("graph_config")
        async with flat(site, room) as ann:
            await ann.say(type="hello", token=token)
            await ann.next("graph_config")
        async with flat(site, room) as ann:
            await ann.say(type="hello")
            assert await ann.closed() == 4501

    async def test_what_it_says_does_not_matter(self, site):
        made, room = await opened(site)
        async with flat(site, made["room"]["code"]) as ann:
            await ann.next("graph_config")
            await ann.say(type="subscribe", channel="metrics")
            await site.publish(room, metrics(1))
            await ann.next("training_metrics")


class TestWithdrawn:
    """What is withdrawn ends live sockets within a second."""

    @pytest.fixture
    async def watched(self, site):
        made, room = await opened(site)
        token = await grant(site, made)
        async with watching(site, room, token=token) as ann, flat(site, room, token=token) as ben:
            await ann.next("snapshot")
            await ben.next("graph_config")
            yield made, room, token, ann, ben

    async def test_closed(self, site, watched):
        _, room, _, ann, ben = watched
        await site.call("DELETE", f"/rooms/{room}", token="key")
        assert await asyncio.wait_for(ann.closed(), 1) == 4510
        assert await asyncio.wait_for(ben.closed(), 1) == 4510

    async def test_the_membership_is_gone(self, site, watched):
        _, room, token, ann, _ = watched
        await site.call("POST", f"/rooms/{room}/leave", token=token)
        assert await asyncio.wait_for(ann.closed(), 1) == 4003

    async def test_expired(self, site, connection, watched):
        _, room, _, ann, _ = watched
        await connection.command("HSET", f"sp:{{{room}}}:room", "expires_at", str(connection.clock.now_ms()))
        assert await asyncio.wait_for(ann.closed(), 7) == 4511, "nobody rang: the poll finds it"

    async def test_the_store_forgot_the_room(self, connection, watched):
        _, room, _, ann, _ = watched
        await connection.command("DEL", f"sp:{{{room}}}:room")
        assert await asyncio.wait_for(ann.closed(), 7) == 4504


class TestRevoked:
    """Keys and tenants, which no bell rings for: they are asked of all the time."""

    async def test_a_revoked_key_ends_its_sockets_and_streams_and_opens_none(self, site):
        _, room = await opened(site)
        key = await site.manager.rooms.tenants.make_key(NewKey(tenant="local", scopes=["read"]))
        bearer = {"Authorization": f"Bearer {key.raw}"}
        async with (
            watching(site, room, token=key.raw) as ann,
            flat(site, room, token=key.raw) as ben,
            site.session.get(f"{site.url}/api/v1/rooms/{room}/stream", headers=bearer) as stream,
            watching(site, room, token=site.key) as eve,
        ):
            for seen in (ann, eve):
                await seen.next("snapshot")
            await ben.next("graph_config")
            await site.manager.rooms.tenants.revoke(key.key.id)
            assert await ann.closed() == 4501
            assert await ben.closed() == 4501
            assert b'"code":4501' in await asyncio.wait_for(stream.content.read(), 5)
            await eve.say(type="ping")
            await eve.next("pong")
        async with watching(site, room, token=key.raw) as late:
            assert await late.closed() == 4501

    async def test_a_suspended_tenants_rooms_are_gone_for_those_in_them_and_at_the_door(self, site):
        tenants = site.manager.rooms.tenants
        await tenants.create(NewTenant(id="acme"))
        key = (await tenants.make_key(NewKey(tenant="acme"))).raw
        reply = await site.call("POST", "/rooms", {"require_approval": True}, token=key)
        code, room = reply.body["room"]["code"], reply.body["room"]["id"]
        waiting = await site.join(code)
        async with (
            watching(site, room, token=waiting["token"]) as ann,
            watching(site, room, token=reply.body["owner_token"]) as eve,
        ):
            await ann.next("access")
            await eve.next("snapshot")
            await tenants.change("acme", TenantPatch(status="suspended"))
            assert await ann.closed() == 4504
            assert await eve.closed() == 4504
        async with watching(site, room, token=reply.body["owner_token"]) as late:
            assert await late.closed() == 4504


class TestCrowd:
    async def test_who_comes_and_goes(self, site):
        made, room = await opened(site, presence="names")
        async with watching(site, room, token=await grant(site, made)) as ann:
            first = await ann.next("crowd")
            assert (first["watching"], first["names"]) == (1, ["Ann"])
            async with watching(site, room, token=await grant(site, made, "Ben")) as ben:
                await ben.next("snapshot")
                while (told := await ann.next("crowd"))["watching"] != 2:
                    pass
                assert told["names"] == ["Ann", "Ben"]
            # Ben's page might only be loading again: for that long he counts.
            while (told := await ann.next("crowd", patience=10))["watching"] != 1:
                pass
            assert told["names"] == ["Ann"]

    async def test_guests_learn_what_the_room_allows_and_the_owner_everything(self, site):
        made, room = await opened(site)
        async with (
            watching(site, room, token=made["owner_token"]) as owner,
            watching(site, room, token=await grant(site, made)) as ann,
        ):
            assert await ann.next("crowd") == {"type": "crowd", "watching": 2}
            while (told := await owner.next("crowd"))["watching"] != 2:
                pass
            assert told["names"] == ["Ann"]
            changed = await site.call("PATCH", f"/rooms/{room}", {"presence": "nothing"}, token="key")
            assert changed.body["current_spectators"] == 1
            notice = await ann.next("notice")
            assert (notice["room"]["presence"], notice["room"]["current_spectators"]) == ("nothing", None)
        token = await grant(site, made, "Ben")
        async with watching(site, room, token=token) as ben:
            assert (await ben.next("welcome"))["room"]["current_spectators"] is None
            await ben.say(type="ping")
            await ben.next("pong")
            assert "crowd" not in {message["type"] for message in ben.seen}
        for shown in (None, token):  # whoever looks without the grant learns no more
            found = await site.call("GET", f"/rooms/{made['room']['code']}", token=shown)
            assert found.body["current_spectators"] is None

    async def test_two_tabs_are_one_person(self, site):
        made, room = await opened(site, max_spectators=1)
        token = await grant(site, made)
        async with watching(site, room, token=token) as one, watching(site, room, token=token) as two:
            await one.next("snapshot")
            await two.next("snapshot")
            assert site.manager.hub.view(room).watching() == 1

    async def test_the_publisher_hears_who_watches(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.next("snapshot")

            async def told() -> bool:
                answer = (await site.publish(room, metrics(1))).body
                return answer["watching"] == 1 and answer["wants"]["decisions"]

            await eventually(told)


async def test_the_right_to_watch_is_not_told_to_others(site):
    """No token of anybody in what anybody is sent, except one's own grant after an approval."""
    made, room = await opened(site, password="s3cret-word")
    token = await grant(site, made, password="s3cret-word")
    async with (
        watching(site, room, token=token) as ann,
        watching(site, room, token=made["owner_token"]) as eve,
    ):
        await ann.next("snapshot")
        await eve.next("snapshot")
        told = json.dumps([*ann.seen, *eve.seen])
        for secret in (token, made["owner_token"], "s3cret-word", site.key):
            assert secret not in told


async def test_protocol_is_chosen(site):
    made, room = await opened(site)
    async with watching(site, room, token=await grant(site, made)) as ann:
        assert ann.socket.protocol == PROTOCOL


async def test_who_does_not_say_hello_keeps_no_turn(site):
    """More silent sockets than there are turns: a newcomer comes in all the same."""
    made, room = await opened(site)
    async with AsyncExitStack() as stack:
        for _ in range(AT_ONCE + 5):
            await stack.enter_async_context(watching(site, room, hello=False))
        async with asyncio.timeout(4), watching(site, room, token=await grant(site, made)) as ann:
            await ann.next("snapshot")


@pytest.mark.parametrize(("compress", "protocols", "form"), [
    (0, (), Variant.FLAT), (15, (), Variant.FLAT_DEFLATED),
    (0, ("spectator.v1",), Variant.V1), (15, ("spectator.v1",), Variant.V1_DEFLATED),
    (10, ("spectator.v1",), Variant.V1),  # the shared frames need the full window
])  # fmt: skip
async def test_who_agrees_to_deflate_gets_what_is_deflated(site, compress, protocols, form):
    made, room = await opened(site)
    given = {"compress": compress, "protocols": protocols}
    watch = watching if protocols else flat
    async with watch(site, room, token=made["owner_token"], **given) as owner:
        await eventually(lambda: (view := site.manager.hub.view(room)) and view.viewers)
        (viewer,) = site.manager.hub.view(room).viewers
        assert viewer.variant is form
        long = {"type": "log", "level": "info", "message": "same " * 200, "metadata": {}}
        assert (await site.publish(room, long)).status == 200
        if protocols:
            (event,) = await owner.events(1)
        else:
            event = await owner.next("log")
        assert event["message"] == "same " * 200
