import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.harness.faultproxy import FaultProxy, place
from tests.harness.waiting import eventually

PATIENCE = 30


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[tuple[str, int]]:
    """A server that says everything back."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1024):
            writer.write(piece)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()
    server.close()


@pytest.fixture
def proxy(echo) -> Iterator[FaultProxy]:
    with FaultProxy(echo) as opened:
        yield opened


class Talk:
    """One connection through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def at(cls, proxy: FaultProxy) -> "Talk":
        return cls(*await asyncio.open_connection("127.0.0.1", proxy.port))

    async def say(self, text: bytes) -> bytes:
        self.writer.write(text)
        return await asyncio.wait_for(self.reader.readexactly(len(text)), PATIENCE)

    async def ended(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(1), PATIENCE) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.writer.close()


async def turned_away(proxy: FaultProxy) -> bool:
    """Whether a new connection is reset, be it while it is made."""
    try:
        talk = await Talk.at(proxy)
    except ConnectionError:
        return True
    ended = await talk.ended()
    talk.close()
    return ended


async def test_it_passes_on(proxy):
    talk = await Talk.at(proxy)
    assert await talk.say(b"hello") == b"hello"
    assert (proxy.links, proxy.connected) == (1, 1)
    talk.close()
    await eventually(lambda: proxy.links == 0)


async def test_cut_ends_all_and_lets_new_ones_in(proxy):
    talks = [await Talk.at(proxy) for _ in range(3)]
    for talk in talks:
        await talk.say(b"x")
    assert await asyncio.to_thread(proxy.cut) == 3
    for talk in talks:
        assert await talk.ended()
        talk.close()
    again = await Talk.at(proxy)
    assert await again.say(b"again") == b"again"
    again.close()


async def test_refuse_until_healed(proxy):
    proxy.refuse()
    assert await turned_away(proxy)
    proxy.heal()
    again = await Talk.at(proxy)
    assert await again.say(b"again") == b"again"
    again.close()


async def test_a_black_hole_swallows_and_what_was_on_its_way_arrives_later(proxy):
    talk = await Talk.at(proxy)
    await talk.say(b"x")
    proxy.black_hole()
    talk.writer.write(b"late")
    new = await Talk.at(proxy)  # accepted, and nothing comes of it
    new.writer.write(b"new")
    both = asyncio.gather(talk.reader.readexactly(4), new.reader.readexactly(3))
    await eventually(lambda: proxy.links == 2)
    assert not both.done()
    proxy.heal()
    assert await asyncio.wait_for(both, PATIENCE) == [b"late", b"new"]
    for one in (talk, new):
        one.close()


async def test_delay_holds_up(proxy):
    loop = asyncio.get_running_loop()
    proxy.delay(0.2)
    talk = await Talk.at(proxy)
    began = loop.time()
    await talk.say(b"x")
    assert loop.time() - began >= 0.35, "there and back"
    talk.close()


async def test_resets_again_and_again(proxy):
    proxy.reset_each(0.05)
    for _ in range(3):
        assert await turned_away(proxy)
    proxy.heal()
    talk = await Talk.at(proxy)
    assert await talk.say(b"well") == b"well"
    talk.close()


async def test_unix_sockets_at_both_ends(tmp_path):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(2))
        writer.close()

    server = await asyncio.start_unix_server(answer, tmp_path / "real")
    with FaultProxy(tmp_path / "real", tmp_path / "proxy") as proxy:
        assert proxy.url("unix") == f"unix://{tmp_path}/proxy"
        reader, writer = await asyncio.open_unix_connection(tmp_path / "proxy")
        writer.write(b"hi")
        assert await asyncio.wait_for(reader.readexactly(2), PATIENCE) == b"hi"
        writer.close()
    server.close()


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://:secret@127.0.0.1:6379/0", ("127.0.0.1", 6379)),
        ("http://127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("unix:///run/store.sock?db=0", Path("/run/store.sock")),
    ],
)
def test_where_a_url_leads(url, where):
    assert place(url) == where
