"""Credentials: where they may stand, and what the local network may not do."""

from pathlib import Path

import pytest

from rooms import Connection
from spectator.embedded import EmbeddedStore
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
