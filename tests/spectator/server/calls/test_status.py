"""How the server is, and who may know of its store."""

from pathlib import Path

import msgspec
import pytest
from pydantic import SecretStr

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.nodes import KEY, NodeRow
from spectator.server.calls.status import store_view
from tests.spectator.server.conftest import Site, running

OPERATOR_KEY = "op_the-key-of-the-operator"


async def test_this_machines_own_key_learns_of_server_and_store(site: Site) -> None:
    told = (await site.call("GET", "/status", token="key")).body
    assert told["version"]
    assert told["nodes"] == 1
    assert told["most_open_files"] > 0
    assert told["store"]["eviction"] == "noeviction"
    assert told["store"]["kind"] in {"valkey", "redis"}
    assert told["store"]["trip_ms"] > 0
    assert told["time"].endswith("Z")
    assert told["store_time"].endswith("Z")


async def test_a_node_that_has_just_come_or_gone_is_told_at_once(site: Site, connection: Connection) -> None:
    async def living() -> set[str]:
        return {row["name"] for row in (await site.call("GET", "/status", token="key")).body["living"]}

    here = await living()
    now_ms = await connection.tell_time()
    for number in range(5):  # each sooner than a node's beat could bring it
        row = msgspec.json.encode(NodeRow(name=f"n{number}", seen_ms=now_ms, started_ms=now_ms))
        await connection.command("HSET", KEY, f"n{number}", row)
        assert await living() == {*here, f"n{number}"}
        await connection.command("HDEL", KEY, f"n{number}")
    assert await living() == here


async def test_another_tenant_learns_nothing_of_the_store_and_the_operator_does(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    given = {"static_dir": page_folder, "operator_key": SecretStr(OPERATOR_KEY)}
    async with running(store.url, tmp_path, **given) as site:
        await site.call("POST", "/tenants", {"id": "school"}, token=OPERATOR_KEY)
        made = await site.call(
            "POST", "/keys", {"tenant": "school", "scopes": ["manage"]}, token=OPERATOR_KEY
        )
        told = (await site.call("GET", "/status", token=made.body["key"])).body
        assert "store" not in told
        assert "store" in (await site.call("GET", "/status", token=OPERATOR_KEY)).body


@pytest.mark.parametrize(
    ("info", "persistence"),
    [
        ({"aof_enabled": 1}, "appendonly"),
        ({"aof_enabled": 0}, "none"),
        ({"aof_enabled": 1, "aof_last_write_status": "err"}, "broken"),
    ],
)
def test_what_the_store_says_of_its_file(info: dict[str, object], persistence: str) -> None:
    told = {"redis_version": "7.2.4", "redis_mode": "cluster", "used_memory": 10, "maxmemory": 100, **info}
    found = store_view([told, told], 0.5)
    assert (found.kind, found.mode, found.persistence, found.primaries) == (
        "redis",
        "cluster",
        persistence,
        2,
    )
    assert (found.memory_bytes, found.memory_limit_bytes) == (20, 200)
