"""One connection from hello to its end, on a real server."""

import asyncio
import json

import aiohttp
import pytest

from tests.harness.waiting import eventually
from tests.spectator.server.sockets.watching import grant, metrics, opened, watching


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

    async def test_a_message_of_tomorrow_is_refused_in_words_and_nothing_ends(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.say(type="reaction", value="hooray")
            assert (await ann.next("notice"))["code"] == "not_understood"
            await ann.say(type="ping")
            await ann.next("pong")
            assert "hooray" not in str(ann.seen)

    async def test_a_message_at_the_wrong_time_ends_it(self, site):
        made, room = await opened(site, require_approval=True)
        asked = await site.join(made["room"]["code"])
        async with watching(site, room, token=asked["token"]) as ann:
            await ann.next("access")
            await ann.say(type="ack", seq=1)
            assert await ann.closed() == 4500

    async def test_who_reads_by_a_key_has_nothing_to_renew(self, site):
        made, room = await opened(site)
        reader = "sk_local_" + "r" * 32
        await site.manager.rooms.ensure_key(reader, "local", frozenset({"read"}), "reader")
        async with watching(site, room, token=reader) as eve:
            await eve.next("snapshot")
            await eve.say(type="auth", token=made["owner_token"])
            assert await eve.closed() == 4500

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

    async def test_one_of_another_room_ends_it_and_opens_nothing(self, site):
        made, room = await opened(site)
        other, _ = await opened(site)
        joined = await site.join(other["room"]["code"], "Ann")
        for foreign in (joined["token"], joined["visitor"], other["owner_token"]):
            async with watching(site, room, token=await grant(site, made)) as ann:
                await ann.next("snapshot")
                await ann.say(type="auth", token=foreign)
                assert await ann.closed() in {4501, 4504}, "as if there were none"
        assert site.manager.hub.view(other["room"]["id"]) is None

    async def test_a_fresh_one_of_the_owner_goes_on_and_is_asked_of_its_key(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=made["owner_token"]) as eve:
            await eve.next("snapshot")
            await eve.say(type="auth", token=site.key)
            await eve.say(type="ping")
            await eve.next("pong")
            (viewer,) = site.manager.hub.view(room).keyed
            assert (viewer.right.role, viewer.right.key_id is None) == ("owner", False)

    async def test_a_made_up_one_ends_it(self, site):
        made, room = await opened(site)
        async with watching(site, room, token=await grant(site, made)) as ann:
            await ann.next("snapshot")
            await ann.say(type="auth", token="made-up")
            assert await ann.closed() == 4501
