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


class Slow(asyncio.SelectorEventLoop):
    """A loop whose time passes only where a test says so."""

    now = 0.0

    def time(self) -> float:
        return self.now


async def busy(round_s: float) -> None:
    """Let each round of the loop take so long."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Slow)
    while True:
        loop.now += round_s
        await asyncio.sleep(0)


async def gives_up_after(seconds: float, round_s: float) -> float:
    """How long a loop with rounds of this length waits for what never comes."""
    loop = asyncio.get_running_loop()
    work = loop.create_task(busy(round_s))
    began = loop.time()
    with pytest.raises(TimeoutError):
        async with Patience(seconds):
            await asyncio.Event().wait()
    work.cancel()
    return loop.time() - began


def test_a_busy_loop_stretches_the_time_by_a_quarter_at_most() -> None:
    with asyncio.Runner(loop_factory=Slow) as runner:
        for round_s in (0.01, 0.15, 0.35):
            took = runner.run(gives_up_after(1.6, round_s))
            assert 1.6 <= took <= 1.25 * 1.6 + 4 * round_s  # found out, and told, a few rounds later


def test_a_pause_beyond_the_end_leaves_time_to_read_the_answer() -> None:
    async def answered_after(waited: int) -> bool:
        loop, answer = asyncio.get_running_loop(), asyncio.Event()
        assert isinstance(loop, Slow)
        async with Patience(1.6):
            for _ in range(waited):
                loop.now += 0.1
                await asyncio.sleep(0)
            loop.now += 3600  # the process was stopped; the answer has come meanwhile
            for _ in range(3):
                await asyncio.sleep(0)
            loop.call_soon(answer.set)
            await answer.wait()
        return answer.is_set()

    with asyncio.Runner(loop_factory=Slow) as runner:
        for waited in (0, 8, 15):
            assert runner.run(answered_after(waited))


def test_pauses_one_after_the_other_come_to_an_end() -> None:
    with asyncio.Runner(loop_factory=Slow) as runner:
        assert runner.run(gives_up_after(1.6, 30.0)) <= 6 * 30.0
