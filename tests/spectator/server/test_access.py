"""Credentials: where they may stand, and what the local network may not do."""

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from yarl import URL

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.server.hosts import Doorman
from spectator.settings import Settings
from tests.spectator.server.conftest import Site, running


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Basic dXNlcjpwYXNz", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Bearer " + "x" * 5000, 401),
        ("sk_local_x", 401),
    ],
)
async def test_a_malformed_credential(site: Site, header: str, status: int) -> None:
    reply = await site.send("GET", "/api/v1/rooms", headers={"Authorization": header})
    assert (reply.status, reply.code) == (status, "unauthorized")


async def test_a_credential_in_the_query_is_worth_nothing(site: Site) -> None:
    reply = await site.send("GET", f"/api/v1/rooms?token={site.key}&access_token={site.key}")
    assert reply.code == "unauthorized"


async def test_over_the_lan_keys_are_not_taken_and_room_keys_are(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    """A proxy's header stands for a client elsewhere on the network: one process has no other address."""
    settings = {"static_dir": page_folder, "lan": True, "behind_proxy": True}
    async with running(store.url, tmp_path, **settings) as site:
        made = await site.create()
        room = f"/rooms/{made['room']['id']}"
        away = {"X_Forwarded_For": "192.168.1.77"}
        refused = await site.call("GET", room, token="key", **away)
        assert (refused.status, refused.code) == (403, "not_allowed")
        assert (await site.call("POST", "/rooms", {}, token="key", **away)).code == "not_allowed"
        assert (
            await site.call("PATCH", room, {"name": "x"}, token=made["owner_token"], **away)
        ).status == 200
        joined = await site.call("POST", f"/rooms/{made['room']['code']}/join", {"display_name": "A"}, **away)
        assert joined.status == 200
        assert (await site.call("GET", room, token="key")).status == 200


@pytest.mark.parametrize("kind", ["gr_", "rk_", "lb_", "vi_", "id_", "cl_", "sk_local_", "op_", ""])
async def test_bytes_that_are_no_text_are_no_credential(site: Site, kind: str) -> None:
    """What no credential of ours is made of is refused at the door, on the wire as it comes."""
    reader, writer = await asyncio.open_connection(URL(site.url).host, URL(site.url).port)
    try:
        credential = kind.encode() + b"\xff\xfe.aaaa"
        writer.write(
            b"GET /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Authorization: Bearer " + credential + b"\r\n\r\n"
        )
        async with asyncio.timeout(10):
            answer = await reader.read()
    finally:
        writer.close()
    assert answer.split()[1] == b"401", answer
    assert b'"code": "unauthorized"' in answer


async def test_on_the_lan_only_a_proxy_of_this_machine_says_who_asks() -> None:
    """Whoever sits on the network may write ``X-Forwarded-For: 127.0.0.1``; it is worth nothing."""
    doorman = Doorman(Settings(data_dir=Path("/nowhere"), lan=True, behind_proxy=True))
    headers = {"X-Forwarded-For": "127.0.0.1", "Host": "192.168.1.5:8000"}
    near = make_mocked_request("GET", "/", headers, transport=_Transport("127.0.0.1"))
    away = make_mocked_request("GET", "/", headers, transport=_Transport("192.168.1.77"))
    assert doorman.client(near) == "127.0.0.1"
    assert doorman.client(away) == "192.168.1.77"


async def test_a_key_that_came_past_the_proxy_crossed_the_network_readable() -> None:
    doorman = Doorman(Settings(data_dir=Path("/nowhere"), behind_proxy=True, trusted_proxies=("10.0.0.0/8",)))
    ways = {"10.0.0.9": False, "127.0.0.1": False, "192.168.1.77": True, "11.0.0.9": True}
    for peer, readable in ways.items():
        assert doorman.readable(make_mocked_request("GET", "/", transport=_Transport(peer))) is readable


class _Transport(asyncio.Transport):
    """A connection from an address this machine cannot have in a test."""

    def __init__(self, peer: str) -> None:
        super().__init__({"peername": (peer, 50000), "sockname": ("192.168.1.5", 8000)})
