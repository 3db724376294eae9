"""Passwords: hashed with argon2id, in threads of their own, with a queue that says when it is full.

Each party (an address, a tenant) has a line of its own, and the lines take turns: whoever asks for much waits
for it, and nobody else does.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rooms.errors import Busy
from rooms.limits import Guess

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
"""OWASP's figures for argon2id: 19 MiB, two passes, one lane; about 20 ms of one core."""

_T = TypeVar("_T")


class NotWorthIt(Exception):
    """A guess was not checked, because those before it used up what was left."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """What is to be worked out, and who waits for it."""

    work: Callable[[], Any]
    done: Future[Any]


class Passwords:
    """Hashes and checks in ``threads``; above ``queue`` waiting is ``Busy``. ``forms`` bounds lengths.

    ``whose`` names the party on whose account it is. In a full queue somebody with a shorter line takes the
    last place of the longest.
    """

    def __init__(self, *, threads: int = 2, queue: int = 20) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._places = threads + queue
        self._taken = 0
        self._lines: OrderedDict[str, deque[_Job]] = OrderedDict()
        self._lock = threading.Lock()
        self._dummy = self._hasher.hash(secrets.token_hex())

    async def hash(self, password: str, whose: str = "") -> str:
        """The hash of a password, with a fresh salt and its parameters in it. Raises ``Busy``."""
        return await self._run(lambda: self._hasher.hash(password), whose)

    async def verify(
        self, password_hash: str | None, password: str, whose: str = "", guess: Guess | None = None
    ) -> bool:
        """Whether the password is the one hashed. Raises ``Busy``, ``NotWorthIt``.

        None stands for a room that has none or is not there: it costs the same and is never right. A
        ``guess`` is asked when its turn has come, and told if it was wrong.
        """
        right = await self._run(lambda: self._check(password_hash or self._dummy, password, guess), whose)
        return right and password_hash is not None

    def close(self) -> None:
        """End the threads once they are idle; what waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            dropped = [job for line in self._lines.values() for job in line]
            self._lines.clear()
        for job in dropped:
            job.done.cancel()

    def _check(self, password_hash: str, password: str, guess: Guess | None) -> bool:
        if guess is not None and not guess.is_worth_it():
            raise NotWorthIt
        right = self._matches(password_hash, password)
        if guess is not None and not right:
            guess.was_wrong()
        return right

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], _T], whose: str) -> _T:
        job = _Job(work, Future())
        with self._lock:
            displaced = self._make_place(whose)
            self._lines.setdefault(whose, deque()).append(job)
            if displaced is None:
                self._taken += 1
                self._threads.submit(self._work_next)
        if displaced is not None and displaced.done.set_running_or_notify_cancel():
            displaced.done.set_exception(_busy())
        done: _T = await asyncio.wrap_future(job.done)
        return done

    def _make_place(self, whose: str) -> _Job | None:
        """Return the job that gives up its place, None where there is a free one. Raises ``Busy``."""
        if self._taken < self._places:
            return None
        longest = max(self._lines.values(), key=len, default=())
        if not longest or len(longest) <= len(self._lines.get(whose, ())) + 1:
            raise _busy()
        return longest.pop()

    def _work_next(self) -> None:
        """In a thread: do the first of the line whose turn it is; the place is free when that is done.

        Not when its caller has gone: the threads are what is scarce.
        """
        with self._lock:
            if not self._lines:
                return  # closed
            whose, line = self._lines.popitem(last=False)
            job = line.popleft()
            if line:
                self._lines[whose] = line  # at the end: the others are first
        try:
            if job.done.set_running_or_notify_cancel():
                _settle(job)
        finally:
            with self._lock:
                self._taken -= 1


def _settle(job: _Job) -> None:
    try:
        found = job.work()
    except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it, whatever it is
        job.done.set_exception(error)
    else:
        job.done.set_result(found)


def _busy() -> Busy:
    return Busy("Too many passwords are being checked. Try again in a moment.", retry_after=1.0)
