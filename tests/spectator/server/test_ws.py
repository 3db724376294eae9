"""Watching over a real socket of a real server on a real store."""

import asyncio
import json

import aiohttp
import pytest

from tests.harness.waiting import eventually
from tests.spectator.server.conftest import running
from tests.spectator.server.sockets.watching import PROTOCOL, flat, metrics, watching


async def opened(site, **fields):
    """A room, its id, and a spectator's grant."""
    made = await site.create(**fields)
    return made, made["room"]["id"]


async def grant(site, made, name="Ann", **fields) -> str:
    return (await site.join(made["room"]["code"], name, **fields))["token"]


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
        assert (await self.code(site, other, token=await grant(site, made)))[0] == 4501

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


class TestProtocol:
    @pytest.mark.parametrize(
        "text",
        ["", "x", "[]", "{}", '{"type":1}', '{"type":"ack"}', '{"type":"ack","seq":-1}', '{"type":"ping"'],
    )
    async def test_what_is_not_the_protocol_ends_it(self, site, text: str):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.next("snapshot")
            await ann.socket.send_str(text)
            assert await ann.closed() == 4500

    async def test_a_long_message(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.socket.send_str('{"type":"ping","x":"%s"}' % ("y" * 5000))
            assert await ann.closed() == 4500

    async def test_a_bomb(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made), compress=15) as ann:
            await ann.socket.send_str('{"type":"ping","x":"%s"}' % ("y" * 10_000_000))
            assert await ann.closed() == 1009

    async def test_bytes(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.socket.send_bytes(b"x")
            assert await ann.closed() == 4500

    async def test_hello_comes_first(self, site):
        _, room = await opened(site)
        async with watching(site, room, hello=False) as ann:
            await ann.say(type="ack", seq=1)
            assert await ann.closed() == 4500

    async def test_hello_comes_once(self, site):
        made, room = await opened(site)
        token = await grant(site, made)
        async with watching(site, room, token=token) as ann:
            await ann.say(type="hello", token=token)
            assert await ann.closed() == 4500

    async def test_a_message_of_tomorrow_is_passed_over(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.say(type="reaction", value="hooray")
            await ann.say(type="ping")
            await ann.next("pong")

    async def test_a_flood(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            for _ in range(200):
                await ann.say(type="ping")
            assert await ann.closed() == 4005

    async def test_a_ping_of_the_protocol_below_is_answered(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made), autoping=False) as ann:
            await ann.next("snapshot")
            await ann.socket.ping(b"there?")
            while (message := await ann.socket.receive(timeout=5)).type is not aiohttp.WSMsgType.PONG:
                pass
            assert message.data == b"there?"

    async def test_another_subprotocol_is_refused_so_that_a_browser_sees_why(self, site):
        _, room = await opened(site)
        async with site.session.ws_connect(f"{site.url}/ws/rooms/{room}", protocols=("mqtt",)) as socket:
            await socket.receive(timeout=5)
            assert (await socket.receive(timeout=5)).type in {
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
            }
            assert socket.close_code == 4500

    async def test_a_plain_request_is_a_problem(self, site):
        _, room = await opened(site)
        reply = await site.send("GET", f"/ws/rooms/{room}")
        assert reply.status == 400

    async def test_a_foreign_page_does_not_get_a_handshake(self, site):
        _, room = await opened(site)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await site.session.ws_connect(
                f"{site.url}/ws/rooms/{room}", headers={"Origin": "http://evil.example"}
            )
        assert refused.value.status == 403

    async def test_the_peers_goodbye_is_answered_at_once(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.next("snapshot")
            started = asyncio.get_running_loop().time()
            await ann.socket.close(code=1001)
            assert ann.socket.close_code == 1001
            assert asyncio.get_running_loop().time() - started < 1
        await eventually(lambda: not site.manager.hub.connections)


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


class TestLobby:
    async def ask(self, site, made, name="Ann"):
        reply = await site.call("POST", f"/rooms/{made['room']['code']}/join", {"display_name": name})
        assert reply.status == 202
        return reply.body

    async def test_approved_turns_the_same_socket_live(self, site):
        made, room = await opened(site, require_approval=True)
        asked = await self.ask(site, made)
        await site.publish(room, metrics(1))
        async with watching(site, room, token=asked["token"]) as ann:
            welcome = await ann.next()
            assert (welcome["mode"], welcome["room"]["name"]) == ("lobby", made["room"]["name"])
            assert "config" not in welcome["room"], "a stranger is not shown the room"
            assert (await ann.next())["status"] == "pending_approval"
            path = f"/rooms/{room}/requests/{asked['request_id']}/approve"
            assert (await site.call("POST", path, token="key")).status == 200
            answer = await ann.next()
            assert (answer["type"], answer["status"]) == ("access", "approved")
            assert (await ann.next())["mode"] == "live"
            assert (await ann.next("snapshot"))["seq"] == 1
            await site.publish(room, metrics(2))
            assert len(await ann.events(1)) == 1
            async with watching(site, room, token=answer["token"]) as other_tab:
                assert (await other_tab.next())["mode"] == "live"

    async def test_denied(self, site):
        made, room = await opened(site, require_approval=True)
        asked = await self.ask(site, made)
        async with watching(site, room, token=asked["token"]) as ann:
            await ann.next("access")
            await site.call("POST", f"/rooms/{room}/requests/{asked['request_id']}/deny", token="key")
            assert (await ann.next("access"))["status"] == "denied"
            assert await ann.closed() == 4503

    async def test_withdrawn(self, site):
        made, room = await opened(site, require_approval=True)
        asked = await self.ask(site, made)
        async with watching(site, room, token=asked["token"]) as ann:
            await ann.next("access")
            path = f"/rooms/{room}/requests/{asked['request_id']}"
            assert (await site.call("DELETE", path, token=asked["token"])).status == 200
            assert await ann.closed() == 4513

    async def test_no_answer_means_no(self, site, connection):
        made, room = await opened(site, require_approval=True)
        asked = await self.ask(site, made)
        async with watching(site, room, token=asked["token"]) as ann:
            await ann.next("access")
            key, request = f"sp:{{{room}}}:requests", asked["request_id"]
            row = json.loads(await connection.command("HGET", key, request))
            past = connection.clock.now_ms() - 1  # as if its time had passed
            await connection.command("HSET", key, request, json.dumps({**row, "expires_at": past}))
            await connection.command("ZADD", f"sp:{{{room}}}:waiting", past, request)
            expired = await asyncio.wait_for(ann.next("access"), 10)
            assert expired["status"] == "expired"
            assert await ann.closed() == 4513

    async def test_answered_before_the_socket_came(self, site):
        made, room = await opened(site, require_approval=True)
        asked = await self.ask(site, made)
        await site.call("POST", f"/rooms/{room}/requests/{asked['request_id']}/approve", token="key")
        async with watching(site, room, token=asked["token"]) as ann:
            assert (await ann.next("access"))["status"] in {"pending_approval", "approved"}
            while (await ann.next("welcome"))["mode"] != "live":
                pass

    async def test_who_waits_sees_nothing_of_the_room(self, site):
        made, room = await opened(site, require_approval=True)
        asked = await self.ask(site, made)
        owner = made["owner_token"]
        async with (
            watching(site, room, token=asked["token"]) as ann,
            watching(site, room, token=owner) as eve,
        ):
            await eve.next("snapshot")
            await ann.say(type="visibility", hidden=True)
            await ann.say(type="visibility", hidden=False)
            await ann.say(type="ack", seq=1)
            await site.publish(room, metrics(1))
            await eve.events(1)
            await ann.say(type="ping")
            await ann.next("pong")
            assert {message["type"] for message in ann.seen} == {"welcome", "access", "pong"}

    async def test_the_owner_sees_who_waits_at_once(self, site):
        made, room = await opened(site, require_approval=True)
        async with watching(site, room, token=made["owner_token"]) as eve:
            first = await eve.next("requests")
            assert (first["waiting"], first["requests"]) == (0, [])
            asked = await self.ask(site, made, "Ben")
            told = await eve.next("requests")
            assert told["waiting"] == 1
            assert [(r["id"], r["name"]) for r in told["requests"]] == [(asked["request_id"], "Ben")]
            assert told["requests"][0]["requested_at"].endswith("Z")
            await site.call("POST", f"/rooms/{room}/requests/{asked['request_id']}/deny", token="key")
            assert (await eve.next("requests"))["waiting"] == 0


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


class TestFreshGrant:
    async def test_the_same_person_goes_on(self, site):
        made, room = await opened(site)
        old = await site.join(made["room"]["code"])
        async with watching(site, room, token=old["token"]) as ann:
            await ann.next("snapshot")
            renewed = await site.call(
                "POST", f"/rooms/{room}/join", {"display_name": "Ann"}, token=old["token"]
            )
            await ann.say(type="auth", token=renewed.body["token"])
            await ann.say(type="ping")
            await ann.next("pong")
            (viewer,) = site.manager.hub.view(room).viewers
            assert viewer.right.expires_at_ms is not None

    async def test_somebody_elses_ends_it(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.next("snapshot")
            await ann.say(type="auth", token=await grant(site, made, "Ben"))
            assert await ann.closed() == 4501

    async def test_a_made_up_one_ends_it(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.next("snapshot")
            await ann.say(type="auth", token="made-up")
            assert await ann.closed() == 4501


class TestCrowd:
    async def test_who_comes_and_goes(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            first = await ann.next("crowd")
            assert (first["watching"], first["names"]) == (1, ["Ann"])
            async with watching(site, room, token=await grant(site, made, "Ben")) as ben:
                await ben.next("snapshot")
                while (told := await ann.next("crowd"))["watching"] != 2:
                    pass
                assert told["names"] == ["Ann", "Ben"]
            while (told := await ann.next("crowd"))["watching"] != 1:
                pass

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
