import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from spectator.server.door import Door
from spectator.server.garbage import ENDED, Garbage, garbage_collected
from tests.harness.waiting import eventually
from tests.spectator.server.sockets.watching import watching


class Crowd:
    def __init__(self) -> None:
        self.connections = self.ended = 0


class Knot:
    """What reference counting never frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def garbage() -> Iterator[tuple[Crowd, Garbage]]:
    crowd = Crowd()
    yield crowd, Garbage(crowd)
    gc.unfreeze()


def knot() -> "weakref.ref[Knot]":
    return weakref.ref(Knot())


def test_a_look_is_due_when_many_have_left(garbage):
    crowd, one = garbage
    assert not one.due
    crowd.ended = ENDED
    assert one.due
    one.look()
    assert not one.due


def test_of_a_larger_crowd_more_have_to_leave(garbage):
    crowd, one = garbage
    crowd.ended, crowd.connections = ENDED, 20 * ENDED
    assert not one.due
    crowd.ended = 5 * ENDED
    assert one.due


def test_a_look_finds_what_died_among_what_was_set_aside(garbage):
    _, one = garbage
    held = Knot()
    seen = weakref.ref(held)
    one.look()
    assert gc.get_freeze_count() > 0
    del held
    one.look(everything=False)
    assert seen() is not None, "what was set aside is not looked at each time"
    one.look()
    assert seen() is None


def test_the_small_look_finds_what_came_since(garbage):
    _, one = garbage
    one.look()
    seen = knot()
    one.look(everything=False)
    assert seen() is None


async def test_the_process_is_left_as_it_was():
    before = gc.get_threshold()
    async with garbage_collected(Crowd()):
        assert gc.get_threshold() != before
        assert gc.isenabled()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def doors() -> int:
    """Connections that are there still, ended or not."""
    return sum(isinstance(one, Door) for one in gc.get_objects())


async def asked(url: str, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_what_belonged_to_a_connection_goes_with_it(site):
    """Nobody looks for garbage here: what held each other would stay, twenty kilobytes a viewer."""
    made = await site.create()
    path = f"/api/v1/rooms/{made['room']['code']}/join"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    token = (await site.join(made["room"]["code"]))["token"]
    gc.collect()
    gc.disable()
    try:
        before = doors()
        for _ in range(3):
            assert (await asked(site.url, head.encode())).startswith(b"HTTP/1.1 200 ")
            async with watching(site, made["room"]["id"], token=token) as watcher:
                await watcher.next("snapshot")
        await eventually(lambda: doors() <= before, what="the connections are gone")
    finally:
        gc.enable()
