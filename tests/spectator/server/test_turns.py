"""Turns: bounded, in order, given back whatever happens."""

import asyncio

import pytest

from rooms import Busy
from spectator.server.turns import Turns
from spectator.tasks import Tasks


async def test_no_more_than_allowed_and_in_order() -> None:
    turns, inside, most, order = Turns(at_once=3), 0, 0, list[int]()

    async def work(number: int) -> None:
        nonlocal inside, most
        async with turns.turn():
            inside += 1
            most = max(most, inside)
            order.append(number)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(50)))
    assert most == 3
    assert order == sorted(order)


async def test_whoever_waits_too_long_is_told_to_come_back() -> None:
    turns = Turns(at_once=1, longest_wait_s=0.05)
    async with turns.turn():
        with pytest.raises(Busy) as caught:
            async with turns.turn():
                pass
    assert caught.value.retry_after
    async with turns.turn():
        pass


async def test_a_turn_is_given_back_by_who_fails_and_by_who_gives_up() -> None:
    turns, tasks = Turns(at_once=1), Tasks("callers")
    with pytest.raises(KeyError):
        async with turns.turn():
            raise KeyError

    async def stay() -> None:
        async with turns.turn():
            await asyncio.Event().wait()

    for number in range(3):
        tasks.start(stay(), f"caller {number}")
    await asyncio.sleep(0)
    await tasks.stop()
    async with asyncio.timeout(1), turns.turn():
        pass
