import asyncio

import pytest

from tests.harness.waiting import DeadlineExceeded, eventually, until


def test_until_returns_what_came_true():
    answers = iter([None, 0, "here"])
    assert until(lambda: next(answers)) == "here"


def test_until_says_what_it_waited_for():
    with pytest.raises(DeadlineExceeded, match="the moon"):
        until(lambda: False, deadline=0.05, what="the moon")


async def test_eventually_awaits_coroutines():
    bell = asyncio.Event()
    asyncio.get_running_loop().call_later(0.03, bell.set)

    async def rung() -> bool:
        return bell.is_set()

    assert await eventually(rung)


async def test_eventually_ends_at_its_deadline():
    with pytest.raises(DeadlineExceeded):
        await eventually(lambda: False, deadline=0.05)
