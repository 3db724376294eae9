"""Waiting for a condition with a deadline: the only way a test lets time pass."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

PAUSE = 0.01


class DeadlineExceeded(AssertionError):
    pass


def until(condition: Callable[[], T], deadline: float = 60.0, what: str = "") -> T:
    """Call ``condition`` until it is truthy; return its value. For threads and processes."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise DeadlineExceeded(
                f"{what or condition} did not come true in {deadline} s; last value {value!r}"
            )
        time.sleep(PAUSE)


@overload
async def eventually(condition: Callable[[], Awaitable[T]], deadline: float = ..., what: str = ...) -> T: ...
@overload
async def eventually(condition: Callable[[], T], deadline: float = ..., what: str = ...) -> T: ...
async def eventually(condition: Callable[[], Any], deadline: float = 60.0, what: str = "") -> Any:
    """Call (and await) ``condition`` until it is truthy; return its value. For coroutines."""
    end = asyncio.get_running_loop().time() + deadline
    while True:
        outcome = condition()
        value = await outcome if inspect.isawaitable(outcome) else outcome
        if value:
            return value
        if asyncio.get_running_loop().time() > end:
            raise DeadlineExceeded(
                f"{what or condition} did not come true in {deadline} s; last value {value!r}"
            )
        await asyncio.sleep(PAUSE)
