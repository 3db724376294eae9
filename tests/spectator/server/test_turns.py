"""Turns: bounded, in order, given back whatever happens."""

import asyncio
import gc

import pytest

from rooms import Busy, StoreUnavailable
from spectator.server.turns import Lanes, Turns
from spectator.tasks import Tasks
from tests.harness.waiting import eventually


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


async def test_a_store_that_is_gone_fails_all_who_wait_at_once() -> None:
    """Each behind would wait as long for nothing, one after the other; who comes later tries anew."""
    turns, gone, waiting = Turns(at_once=1), asyncio.Event(), Tasks("callers")
    told: list[str] = []

    async def ask() -> None:
        try:
            async with turns.turn():
                await gone.wait()
                raise StoreUnavailable
        except StoreUnavailable as error:
            told.append(error.code)

    for number in range(50):
        waiting.start(ask(), f"caller {number}")
    await asyncio.sleep(0)
    gone.set()
    await eventually(lambda: len(told) == 50)
    assert turns.entered == 1
    async with asyncio.timeout(1), turns.turn():
        pass
    await waiting.stop()


async def test_a_turn_given_to_somebody_who_gives_up_goes_to_the_next() -> None:
    turns, quitter, others = Turns(at_once=1), Tasks("quitter"), Tasks("others")
    order: list[str] = []

    async def work(name: str) -> None:
        async with turns.turn():
            order.append(name)

    async with turns.turn():
        quitter.start(work("first"), "first")
        await asyncio.sleep(0)
        others.start(work("second"), "second")
        await asyncio.sleep(0)
    await quitter.stop()  # its turn was given to it just now
    await eventually(lambda: order)
    assert order == ["second"]
    await others.stop()


async def test_each_has_turns_of_its_own() -> None:
    lanes, tasks, inside = Lanes(at_once=1), Tasks("callers"), list[str]()

    async def work(name: str) -> None:
        async with lanes.of(name).turn():
            inside.append(name)

    async with lanes.of("lab").turn():
        tasks.start(work("lab"), "lab")
        tasks.start(work("school"), "school")
        await eventually(lambda: inside)
        assert inside == ["school"]
    await eventually(lambda: len(inside) == 2)
    await tasks.stop()


async def test_turns_that_nobody_uses_are_forgotten() -> None:
    lanes = Lanes(at_once=1)
    for number in range(10):
        async with lanes.of(f"tenant-{number}").turn():
            gc.collect()
            assert len(lanes) == 1
