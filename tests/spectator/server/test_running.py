"""The way out of one node: who is told, what is still answered, when it is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.manager import Manager
from spectator.manager.local import local_key
from spectator.server.listening import open_sockets, url_of
from spectator.server.running import answering
from spectator.server.signals import Stop
from spectator.settings import Settings
from tests.harness.waiting import eventually
from tests.spectator.server.conftest import Site
from tests.spectator.server.sockets.watching import metrics, watching

PATIENCE_S = 60


@asynccontextmanager
async def stoppable(store_url: str, data_dir: Path) -> AsyncIterator[tuple[Site, asyncio.Event]]:
    """A server, and an event that sends it on its way out; it is off it when the block ends."""
    settings = Settings(data_dir=data_dir, port=0, rate_limits=False)
    sockets = open_sockets(settings)
    manager = await Manager.open(settings, store_url)
    await manager.start()
    leave, stop = asyncio.Event(), Stop()

    async def serve() -> None:
        async with answering(manager, settings, sockets, stop=stop):
            await leave.wait()
            stop.ask()

    serving = asyncio.get_running_loop().create_task(serve())
    try:
        async with aiohttp.ClientSession() as session:
            site = Site(url_of(sockets[0]), local_key(data_dir), manager, session)
            await eventually(lambda: answers(site), deadline=PATIENCE_S)
            yield site, leave
    finally:
        leave.set()
        await serving
        await manager.stop()


async def _answer(asked: Any) -> tuple[int, Any]:
    async with asked as answer:
        return answer.status, await answer.json()


async def answers(site: Site) -> bool:
    try:
        async with site.session.get(f"{site.url}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def test_who_watches_is_told_and_who_comes_is_sent_on(
    store: EmbeddedStore, connection: Connection, tmp_path: Path
) -> None:
    async with stoppable(store.url, tmp_path) as (site, leave):
        made = await site.create(max_spectators=50)
        code, token = made["room"]["code"], (await site.join(made["room"]["code"]))["token"]
        async with watching(site, code, token=token) as one, watching(site, code, token=token) as slow:
            await one.next("welcome")
            await slow.next("welcome")
            leave.set()
            bye = await one.next("bye", patience=PATIENCE_S)
            assert (bye["code"], bye["reconnect"]) == (4002, True)
            low, high = bye["after_ms"]
            assert 0 < low < high
            # While it waits for the other to go, it answers: not ready, send it elsewhere.
            async with site.session.get(f"{site.url}/readyz") as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
                assert answer.headers["Connection"] == "close"
            async with site.session.get(f"{site.url}/healthz") as answer:
                assert answer.status == 200
            refused = await site.publish(code, metrics(1), token=made["owner_token"])
            assert (refused.status, refused.code) == (503, "busy")
            assert refused.headers["Retry-After"] == "1"
            async with watching(site, code, token=token) as late:
                assert (await late.next("bye"))["code"] == 4002
    async with aiohttp.ClientSession() as session:  # nobody is there any more
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"{site.url}/healthz")


async def test_a_call_under_way_is_answered_and_one_that_waits_as_things_stand(
    store: EmbeddedStore, connection: Connection, tmp_path: Path
) -> None:
    async with stoppable(store.url, tmp_path) as (site, leave):
        made = await site.create(require_approval=True)
        room = made["room"]["id"]
        asked = await site.join(made["room"]["code"])
        event = b'{"type":"training_metrics","data":{"loss_value":1}}'
        half = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield event[:10]
            half.set()
            await eventually(lambda: site.manager.hub.stopping, deadline=PATIENCE_S)
            yield event[10:]

        headers = {"Authorization": f"Bearer {made['owner_token']}", "Content-Type": "application/x-ndjson"}
        posting = asyncio.get_running_loop().create_task(
            _answer(
                site.session.post(f"{site.url}/api/v1/rooms/{room}/events", data=slowly(), headers=headers)
            )
        )
        waiting = asyncio.get_running_loop().create_task(
            _answer(
                site.session.get(
                    f"{site.url}/api/v1/rooms/{room}/requests/{asked['request_id']}?wait=25",
                    headers={"Authorization": f"Bearer {asked['token']}"},
                )
            )
        )
        await asyncio.wait_for(half.wait(), PATIENCE_S)
        await eventually(lambda: site.manager.waiting == 1, deadline=PATIENCE_S)
        leave.set()
        status, answer = await posting
        assert (status, answer["accepted"]) == (200, 1)
        status, answer = await waiting
        assert (status, answer["status"]) == (200, "pending_approval")


async def test_a_step_is_cut_off_in_time_and_told_twice_at_once() -> None:
    stop, began = Stop(), asyncio.Event()

    async def endless() -> None:
        began.set()
        await asyncio.Event().wait()

    stop.ask()
    await stop.within(0.05, endless, "something endless")
    assert began.is_set()
    stop.ask()
    await stop.within(1_000_000, endless, "something endless")


async def test_several_steps_together_take_no_longer_than_was_said() -> None:
    stop = Stop()

    async def endless() -> None:
        await asyncio.Event().wait()

    stop.ask()
    began = asyncio.get_running_loop().time()
    await stop.within(0.2, endless, "the first")
    await stop.within(0.2, endless, "the second, whose time is over")
    assert asyncio.get_running_loop().time() - began < PATIENCE_S
