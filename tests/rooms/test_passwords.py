import asyncio
import threading

import pytest
from argon2 import extract_parameters

from rooms import Busy, Passwords
from tests.harness.waiting import eventually


async def test_a_hash_is_right_for_its_password_alone() -> None:
    passwords = Passwords()
    hashed = await passwords.hash("s3cret")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(hashed, "s3cret")
    assert not await passwords.verify(hashed, "S3cret")
    assert await passwords.hash("s3cret") != hashed
    passwords.close()


async def test_what_is_no_hash_is_never_right() -> None:
    passwords = Passwords()
    assert not await passwords.verify("not a hash", "s3cret")
    passwords.close()


async def test_a_room_that_is_not_there_costs_the_same_and_is_never_right() -> None:
    passwords = Passwords(threads=1)
    hashed = await passwords.hash("s3cret")
    assert extract_parameters(passwords._dummy) == extract_parameters(hashed)
    assert not await passwords.verify(None, "s3cret")
    passwords.close()


async def test_more_than_the_queue_holds_is_busy_and_the_queue_empties() -> None:
    passwords = Passwords(threads=1, queue=2)
    tasks = [asyncio.create_task(passwords.hash("x")) for _ in range(3)]  # noqa: TID251 - gathered below
    await asyncio.sleep(0)
    with pytest.raises(Busy) as caught:
        await passwords.hash("x")
    assert caught.value.retry_after == 1.0
    assert len(await asyncio.gather(*tasks)) == 3
    assert await passwords.hash("x")
    passwords.close()


async def test_who_asks_for_much_waits_behind_who_asks_for_little() -> None:
    """One party fills the queue: another one takes a place where none is free, and is next."""
    passwords = Passwords(threads=1, queue=6)
    begun, begin = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        begin.wait()

    done: list[str] = []

    async def hashed(whose: str) -> None:
        try:
            await passwords.hash("x", whose)
        except Busy:
            done.append(f"{whose} busy")
        else:
            done.append(whose)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(passwords._run(hold, "greedy"))  # the one thread has something to do
        assert await eventually(begun.is_set)
        for whose in ["greedy"] * 8 + ["one", "other", "other"]:
            tasks.create_task(hashed(whose))
        assert await eventually(lambda: len(done) == 5)
        assert done == ["greedy busy"] * 5
        begin.set()
    assert done[5:] == ["greedy", "one", "other", "greedy", "other", "greedy"]
    passwords.close()


async def test_a_caller_that_goes_away_does_not_free_the_thread() -> None:
    passwords = Passwords(threads=1, queue=0)
    task = asyncio.create_task(passwords.hash("x"))  # noqa: TID251 - awaited below
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def free() -> bool:
        try:
            return bool(await passwords.hash("x"))
        except Busy:
            return False

    assert await eventually(free)
    passwords.close()
