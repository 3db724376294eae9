"""What people see when an operator suspends the tenant whose room they watch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.servers import ServerProcess
from tests.stories.actors import Cinema, Room

OPERATOR = "op_the-operators-own-key-of-this-story"


@pytest.fixture
def operated(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server whose operator has a key."""
    server = ServerProcess(tmp_path / "data", SPECTATOR_OPERATOR_KEY=OPERATOR)
    server.start()
    yield server
    server.close()


def key_of(server: ServerProcess, tenant: str) -> str:
    """A fresh tenant's API key."""
    assert server.call("POST", "/tenants", {"id": tenant}, token=OPERATOR)[0] == 201
    status, made = server.call("POST", "/keys", {"tenant": tenant}, token=OPERATOR)
    assert status == 201, made
    return str(made["key"])


async def test_a_suspended_tenants_room_is_gone_and_its_owner_finds_it_again(
    operated: ServerProcess, cinema: Cinema
):
    room = Room(operated, "lab-room", api_key=key_of(operated, "lab"))
    owner, noor = await cinema.person(), await cinema.person()
    await owner.owns(room)
    await noor.comes_in(room.url, "Noor")
    assert operated.call("PATCH", "/tenants/lab", {"status": "suspended"}, token=OPERATOR)[0] == 200
    for person in (owner, noor):
        await person.sees("The room is gone")
    await noor.page.goto(room.url)
    await noor.sees("There is no such room")
    assert operated.call("PATCH", "/tenants/lab", {"status": "active"}, token=OPERATOR)[0] == 200
    await owner.page.reload()
    await owner.sees("Only you see this")
    await noor.comes_in(room.url, "Noor")
