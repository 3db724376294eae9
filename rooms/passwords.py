"""Passwords: hashed with argon2id, in threads of their own, with a queue that says when it is full."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rooms.errors import Busy

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
"""OWASP's figures for argon2id: 19 MiB, two passes, one lane; about 20 ms of one core."""

_T = TypeVar("_T")


class Passwords:
    """Hashes and checks in ``threads``; above ``queue`` waiting is ``Busy``. ``forms`` bounds lengths."""

    def __init__(self, *, threads: int = 2, queue: int = 20) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._places = threading.BoundedSemaphore(threads + queue)
        self._dummy = self._hasher.hash(secrets.token_hex())

    async def hash(self, password: str) -> str:
        """The hash of a password, with a fresh salt and its parameters in it. Raises ``Busy``."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one hashed. Raises ``Busy``.

        None stands for a room that has none or is not there: it costs the same and is never right.
        """
        right = await self._run(lambda: self._matches(password_hash or self._dummy, password))
        return right and password_hash is not None

    def close(self) -> None:
        """End the threads once they are idle; what waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], _T]) -> _T:
        if not self._places.acquire(blocking=False):
            raise Busy("Too many passwords are being checked. Try again in a moment.", retry_after=1.0)
        try:
            future = self._threads.submit(work)
        except BaseException:
            self._places.release()
            raise
        # Released when the work is done, not when its caller has gone: the threads are what is scarce.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)
