"""What an operator does on one node is felt on the others: by publishers, sockets and calls."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from rooms import Connection
from spectator.embedded import EmbeddedStore
from tests.harness.waiting import eventually
from tests.spectator.server.calls.test_tenants import METRICS, OPERATOR, operate, room, tenant
from tests.spectator.server.conftest import Site, running
from tests.spectator.server.sockets.watching import watching

Nodes = tuple[Site, Site]


@pytest_asyncio.fixture
async def nodes(store: EmbeddedStore, connection: Connection, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Two servers over one store: here the operator works, there people watch."""
    async with (
        running(store.url, tmp_path, operator_key=SecretStr(OPERATOR)) as here,
        running(store.url, tmp_path) as there,
    ):
        yield here, there


async def refused(site: Site, code: str, key: str) -> str | None:
    return (await site.publish(code, METRICS, token=key)).code


async def test_a_revoked_key_ends_sockets_and_publishers_everywhere(nodes: Nodes) -> None:
    here, there = nodes
    lasting = await tenant(here, "acme")
    made = (await operate(here, "POST", "/keys", {"tenant": "acme"})).body
    code = (await room(there, made["key"]))["room"]["code"]
    async with (
        watching(there, code, token=made["key"], header=True) as mine,
        watching(there, code, token=lasting, header=True) as another,
        watching(there, code, token=(await there.join(code))["token"]) as spectator,
    ):
        for one in (mine, another, spectator):
            await one.next("welcome")
        assert await refused(there, code, made["key"]) is None
        assert (await operate(here, "DELETE", f"/keys/{made['id']}")).status == 200

        async def unauthorized() -> bool:
            return await refused(there, code, made["key"]) == "unauthorized"

        await eventually(unauthorized, what="the publisher's key is refused")
        assert await mine.closed() == 4501
        assert await refused(there, code, lasting) is None
        for one in (another, spectator):
            await one.next("tick")
            assert not one.socket.closed


@pytest.mark.parametrize("how", ["suspended", "deleted"])
async def test_a_tenant_that_is_shut_out_is_shut_out_everywhere(nodes: Nodes, how: str) -> None:
    here, there = nodes
    key, other = await tenant(here, "acme"), await tenant(here, "other")
    made = await room(there, key)
    code, theirs = made["room"]["code"], (await room(there, other))["room"]["code"]
    async with (
        watching(there, code, token=key, header=True) as owner,
        watching(there, code, token=(await there.join(code))["token"]) as spectator,
        watching(there, theirs, token=(await there.join(theirs))["token"]) as spared,
    ):
        for one in (owner, spectator, spared):
            await one.next("welcome")
        if how == "suspended":
            reply = await operate(here, "PATCH", "/tenants/acme", {"status": "suspended"})
        else:
            reply = await operate(here, "DELETE", "/tenants/acme")
        assert reply.status == 200
        assert await spectator.closed() == 4504
        assert await owner.closed() in {4501, 4504}

        async def shut() -> bool:
            told = {await refused(there, code, key), await refused(there, code, made["owner_token"])}
            return told == {"not_allowed" if how == "suspended" else "unauthorized", "room_not_found"}

        await eventually(shut, what="nobody publishes any more")
        assert (await there.call("GET", f"/rooms/{code}")).code == "room_not_found"
        assert (await there.publish(theirs, METRICS, token=other)).status == 200
        await spared.next("tick")
