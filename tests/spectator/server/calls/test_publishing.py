"""Publishing by HTTP: forms of a body, repeats, limits, bombs."""

import asyncio
import gzip
import io
import json
import zlib
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from spectator.server.app import make_app
from spectator.server.keys import TURNS
from spectator.server.turns import AT_ONCE
from tests.spectator.server.conftest import Reply, Site

NDJSON = "application/x-ndjson"


def metrics(step: int, **values: Any) -> dict[str, Any]:
    return {"type": "training_metrics", "data": {"step": step, "current_reward": float(step), **values}}


async def post(site: Site, room: str, body: bytes, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("Authorization", f"Bearer {site.key}")
    return await site.send("POST", f"/api/v1/rooms/{room}/events", data=io.BytesIO(body), headers=named)


async def test_lines_are_appended_in_order_and_bad_ones_listed(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    body = "\n".join([json.dumps(metrics(1)), "{", '{"type":"nope"}', json.dumps(metrics(2))]).encode()
    reply = await post(site, room, body, Content_Type=NDJSON)
    assert reply.status == 200
    assert (reply.body["offset"], reply.body["accepted"]) == (2, 2)
    assert [one["line"] for one in reply.body["rejected"]] == [2, 3]
    assert reply.body["wants"] == {"frames": False, "max_fps": 0, "decisions": False, "episodes": False}
    assert (reply.body["watching"], reply.body["requests"]) == (0, 0)


@pytest.mark.parametrize("value", [metrics(1), [metrics(1), metrics(2)]])
async def test_one_object_or_an_array(site: Site, value: Any) -> None:
    room = (await site.create())["room"]["id"]
    reply = await post(site, room, json.dumps(value).encode(), Content_Type="application/json")
    assert reply.body["accepted"] == (len(value) if isinstance(value, list) else 1)


async def test_gzip(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    body = gzip.compress(json.dumps(metrics(1)).encode())
    reply = await post(site, room, body, Content_Type=NDJSON, Content_Encoding="gzip")
    assert reply.body["accepted"] == 1


@pytest.mark.parametrize("headers", [{}, {"Content_Type": NDJSON}, {"Content_Encoding": "gzip"}])
async def test_an_empty_post_is_the_heartbeat(site: Site, headers: dict[str, str]) -> None:
    room = (await site.create())["room"]["id"]
    await post(site, room, json.dumps(metrics(1)).encode(), Content_Type=NDJSON)
    reply = await post(site, room, b"", **headers)
    assert (reply.status, reply.body["offset"], reply.body["accepted"]) == (200, 1, 0)


async def test_the_room_key_publishes_and_a_grant_does_not(site: Site) -> None:
    made = await site.create()
    code = made["room"]["code"]
    assert (await site.publish(code, metrics(1), token=made["owner_token"])).status == 200
    grant = (await site.join(code))["token"]
    assert (await site.publish(code, metrics(1), token=grant)).code == "not_allowed"
    nobody = await site.send("POST", f"/api/v1/rooms/{code}/events", data=b"")
    assert (nobody.status, nobody.code) == (401, "unauthorized")
    assert (await site.publish("ZZZZZZ", metrics(1))).code == "room_not_found"
    other = await site.create()
    assert (await site.publish(code, metrics(1), token=other["owner_token"])).code == "room_not_found"


async def test_a_repeat_is_answered_byte_for_byte(site: Site) -> None:
    room = (await site.create())["room"]["id"]

    async def send(sequence: int) -> Reply:
        return await site.publish(
            room, metrics(sequence), Spectator_Producer="p1", Spectator_Sequence=str(sequence)
        )

    first = await send(1)
    assert (await send(1)).raw == first.raw
    assert (await send(2)).body["offset"] == 2
    old = await send(1)
    assert (old.status, old.body["duplicate"]) == (200, True)
    gap = await send(4)
    assert (gap.status, gap.code, gap.body["last"]) == (409, "sequence_gap", 2)
    assert (await send(3)).body["offset"] == 3


@pytest.mark.parametrize("sequence", ["0", "-1", "x", "1.5", "", "9" * 30, "\u0661"])
async def test_a_malformed_sequence(site: Site, sequence: str) -> None:
    room = (await site.create())["room"]["id"]
    reply = await site.publish(room, metrics(1), Spectator_Producer="p", Spectator_Sequence=sequence)
    assert (reply.status, reply.code) == (422, "invalid_request")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x"])
async def test_other_types_are_refused(site: Site, content_type: str) -> None:
    room = (await site.create())["room"]["id"]
    reply = await post(site, room, b'{"type":"log"}', Content_Type=content_type)
    assert (reply.status, reply.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize("encoding", ["br", "deflate"])
async def test_other_encodings_are_refused(site: Site, encoding: str) -> None:
    room = (await site.create())["room"]["id"]
    reply = await post(site, room, b"x", Content_Type=NDJSON, Content_Encoding=encoding)
    assert (reply.status, reply.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize("body", [b"garbage", b"[1,2", b"\xff\xfe", b"null", b"[" * 100_000])
async def test_garbage_as_json_is_refused_whole(site: Site, body: bytes) -> None:
    room = (await site.create())["room"]["id"]
    reply = await post(site, room, body, Content_Type="application/json")
    assert reply.status in {200, 422}
    if reply.status == 200:
        assert reply.body["accepted"] == 0
    else:
        assert reply.code == "invalid_request"


async def test_garbage_lines_are_listed(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    deep = b'{"type":"state","state":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    reply = await post(site, room, b"\n".join([b"garbage", b"\xff", deep, b"7"]), Content_Type=NDJSON)
    assert (reply.status, reply.body["accepted"]) == (200, 0)
    assert [one["line"] for one in reply.body["rejected"]] == [1, 2, 3, 4]


async def test_a_large_event_is_left_out_and_large_episodes_pass(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    large = {"type": "log", "level": "info", "message": "x" * 70_000}
    steps = [{"step": n, "action": 0, "reward": 1.0, "done": False} for n in range(3000)]
    episode = {"type": "episode_steps", "episode_id": "e1", "from": 0, "steps": steps}
    reply = await site.publish(room, large, episode)
    assert reply.body["accepted"] == 1, reply.raw
    assert [one["line"] for one in reply.body["rejected"]] == [1]


async def test_more_than_a_thousand_lines_are_refused(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    reply = await post(site, room, b'{"type":"log"}\n' * 1001, Content_Type=NDJSON)
    assert (reply.status, reply.code) == (413, "payload_too_large")


async def test_more_than_a_megabyte_is_refused(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    reply = await post(site, room, b"x" * (1024 * 1024 + 1), Content_Type=NDJSON)
    assert (reply.status, reply.code) == (413, "payload_too_large")


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Less than a megabyte that would become 900."""
    window = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*(window.compress(bytes(1024 * 1024)) for _ in range(900)), window.flush()])


async def test_twenty_bombs_at_once_are_refused_and_the_loop_goes_on(site: Site, bomb: bytes) -> None:
    """The witness of every test fails this one when the loop stands still for half a second."""
    room = (await site.create())["room"]["id"]
    assert len(bomb) < 1024 * 1024
    replies = await asyncio.gather(
        *(post(site, room, bomb, Content_Type=NDJSON, Content_Encoding="gzip") for _ in range(20))
    )
    assert {(reply.status, reply.code) for reply in replies} == {(413, "payload_too_large")}


async def test_a_strangers_bomb_is_not_even_read(site: Site, bomb: bytes) -> None:
    room = (await site.create())["room"]["code"]
    reply = await post(site, room, bomb, Content_Encoding="gzip", Authorization="Bearer sk_local_wrong")
    assert (reply.status, reply.code) == (401, "unauthorized")


async def test_a_large_body_is_decoded_aside(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    lines = [metrics(step, note="x" * 500) for step in range(900)]
    reply = await site.publish(room, *lines)
    assert reply.body["accepted"] == 900


async def test_a_private_room_and_none_cost_a_stranger_the_same(site: Site) -> None:
    """The memory that spares publishers a look must not tell by its speed which codes there are."""
    private = (await site.create(access_level="private"))["room"]["code"]

    foreign = "sk_other_" + "k" * 32
    await site.manager.rooms.ensure_key(foreign, "other", frozenset({"publish"}), "another tenant's")

    async def looks(code: str) -> int:
        before = await _codes_looked_up(site)
        for _ in range(3):
            nobody = await site.publish(code, token=foreign)
            assert (nobody.status, nobody.code) == (404, "room_not_found")
        return await _codes_looked_up(site) - before

    await looks("YYYYYY")  # the key itself is looked up, once

    assert await looks(private) == await looks("ZZZZZZ")


async def _codes_looked_up(site: Site) -> int:
    """How often the store was asked for a name so far."""
    statistics = await site.manager.connection.command("INFO", "commandstats")
    return int(statistics["cmdstat_get"]["calls"])


async def test_a_script_that_was_silent_too_long_appends_nothing_to_what_another_one_took_over(
    site: Site,
) -> None:
    """Two scripts of one name: the first loses its server for over 15 s, the second finds the room free."""
    fields = {"name": "cartpole", "reuse": True}

    async def open_room(key: str) -> Any:
        return (await site.call("POST", "/rooms", fields, token="key", Idempotency_Key=key)).body["room"]

    first = await open_room("first")
    assert (await site.publish(first["id"], metrics(1), Spectator_Claim="first")).status == 200
    twin = await open_room("twin")
    assert twin["name"] == "cartpole-2", "while it is alive another script gets a room of its own"
    await site.manager.connection.command("HSET", f"sp:{{{first['id']}}}:room", "publisher_until", 1)
    second = await open_room("second")
    assert second["id"] == first["id"]
    assert (await site.publish(first["id"], metrics(2), Spectator_Claim="second")).status == 200
    reply = await site.publish(first["id"], metrics(3), Spectator_Claim="first")
    assert (reply.status, reply.code) == (409, "claim_lost")
    assert (await post(site, first["id"], b"", Spectator_Claim="first")).code == "claim_lost"
    assert (await site.publish(first["id"], metrics(4))).status == 200, "who names no claim is as ever"
    rows = await site.manager.connection.command("HGETALL", f"sp:{{{first['id']}}}:room")
    assert b"second" not in rows.values(), "the words of a client are kept as a hash"


async def test_publishers_do_not_stand_in_line_behind_strangers_at_the_door(site: Site) -> None:
    """Every turn of those who ask to come in is taken, and events go through all the same."""
    made = await site.create()
    app = make_app(site.manager, site.manager.settings)
    async with TestServer(app) as server, AsyncExitStack() as crowd:
        for _ in range(AT_ONCE):
            await crowd.enter_async_context(app[TURNS].turn())
        url = server.make_url(f"/api/v1/rooms/{made['room']['id']}/events")
        headers = {"Authorization": f"Bearer {made['owner_token']}"}
        async with asyncio.timeout(5), site.session.post(url, json=metrics(1), headers=headers) as answer:
            assert (await answer.json())["accepted"] == 1
