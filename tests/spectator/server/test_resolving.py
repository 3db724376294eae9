import asyncio
import socket
import threading
from typing import Any

import pytest

from spectator.server.resolving import LOOKS, Resolver
from spectator.tasks import Tasks
from tests.harness.waiting import eventually


async def test_a_name_is_looked_up_as_the_machine_does() -> None:
    found = await Resolver().resolve("localhost", 443)
    assert {one["host"] for one in found} & {"127.0.0.1", "::1"}
    assert {(one["hostname"], one["port"]) for one in found} == {("localhost", 443)}


@pytest.mark.parametrize("name", ["x" * 300, "a..b"])
async def test_what_cannot_be_a_name_is_an_error_of_the_network(name: str) -> None:
    with pytest.raises(OSError, match="not a name"):
        await Resolver().resolve(name, 443)


async def test_a_name_that_leads_nowhere_is_said_to_be_none() -> None:
    with pytest.raises(socket.gaierror):
        await Resolver().resolve("no-such-name.invalid", 443)


async def test_a_name_server_that_hangs_holds_up_nobody_and_is_asked_no_further() -> None:
    gate, asked = threading.Event(), []

    def hang(host: str, *_: Any) -> list[Any]:
        asked.append(host)
        gate.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]

    resolver = Resolver(hang)
    tasks = Tasks("the test")
    looks = [tasks.start(resolver.resolve("hook.example", 443), "look") for _ in range(LOOKS)]
    await eventually(lambda: len(asked) == LOOKS)
    with pytest.raises(OSError, match="too many"):
        await resolver.resolve("hook.example", 443)
    looks[0].cancel()
    gate.set()
    found = await asyncio.gather(*looks[1:])
    assert {one[0]["host"] for one in found} == {"192.0.2.1"}
    assert (await resolver.resolve("hook.example", 443))[0]["port"] == 443
    await tasks.stop()
