import asyncio
import time

import pytest

from rooms.patience import Patience


async def test_what_comes_in_time_comes() -> None:
    async with Patience(5):
        await asyncio.sleep(0)


async def test_who_waits_for_nothing_is_told_when_the_time_is_over() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with Patience(0.2):
            await asyncio.Event().wait()
    assert time.monotonic() - began >= 0.2


async def test_time_in_which_nothing_could_be_seen_does_not_count() -> None:
    loop, answer = asyncio.get_running_loop(), asyncio.Event()
    async with Patience(0.08):
        loop.call_later(0.01, answer.set)
        time.sleep(0.1)  # as if the process had been stopped, with the answer on its way
        await answer.wait()
    assert answer.is_set()


async def test_cancelling_is_no_end_of_patience() -> None:
    async def waits() -> None:
        async with Patience(60):
            await asyncio.Event().wait()

    waiting = asyncio.ensure_future(waits())  # noqa: TID251 - awaited below
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_an_error_inside_is_told_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with Patience(60):
            raise KeyError
